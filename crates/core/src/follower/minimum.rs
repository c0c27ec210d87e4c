//! Noise level without a capture: the running minimum of the smoothed power of every bin.
//!
//! Speech and music leave every bin now and then; what remains in it then is noise. The minimum of
//! a smoothed periodogram over some seconds lies below the mean of the noise by a known
//! factor (Martin, 2001), which is put back.

use crate::config;

/// Running minimum of one channel.
pub(crate) struct MinimumTracker {
    /// Smoothed power per bin.
    smoothed: Vec<f32>,
    /// Minimum within each finished stretch, `[stretch][bin]`, as a ring.
    stretches: Vec<Vec<f32>>,
    /// Minimum within the stretch under way.
    current: Vec<f32>,
    /// Minimum over all finished stretches.
    finished: Vec<f32>,
    stretch_idx: usize,
    frame_in_stretch: usize,
    /// Frames since the reset, up to the warm-up.
    n_warm: usize,
}

impl MinimumTracker {
    pub(crate) fn new(n_bins: usize) -> Self {
        let mut tracker = Self {
            smoothed: vec![0.0; n_bins],
            stretches: vec![vec![0.0; n_bins]; config::TRACKER_STRETCHES],
            current: vec![0.0; n_bins],
            finished: vec![0.0; n_bins],
            stretch_idx: 0,
            frame_in_stretch: 0,
            n_warm: 0,
        };
        tracker.reset();
        tracker
    }

    /// Forgets all frames.
    pub(crate) fn reset(&mut self) {
        self.smoothed.fill(0.0);
        for stretch in &mut self.stretches {
            stretch.fill(f32::MAX);
        }
        self.current.fill(f32::MAX);
        self.finished.fill(f32::MAX);
        self.stretch_idx = 0;
        self.frame_in_stretch = 0;
        self.n_warm = 0;
    }

    /// Takes in the power per 25 Hz of a frame and writes the mean power of the noise.
    pub(crate) fn track(&mut self, power: &[f32], noise_power: &mut [f32]) {
        self.smooth(power);
        if self.n_warm < config::TRACKER_WARM_UP_FRAMES {
            // The minimum of so few frames would be their luck; their mean is what is known.
            self.n_warm += 1;
            noise_power.copy_from_slice(&self.smoothed);
            return;
        }
        let minima = self.current.iter_mut().zip(&self.finished).zip(&self.smoothed);
        for (((current, finished), smoothed), out) in minima.zip(noise_power) {
            *current = current.min(*smoothed);
            *out = current.min(*finished) * config::TRACKER_BIAS;
        }
        self.frame_in_stretch += 1;
        if self.frame_in_stretch == config::TRACKER_STRETCH_FRAMES {
            self.finish_stretch();
        }
    }

    /// Takes `mean_power` for the noise of a bin from now on: what was lower is long over.
    pub(crate) fn raise(&mut self, bin_idx: usize, mean_power: f32) {
        let minimum = mean_power / config::TRACKER_BIAS;
        self.current[bin_idx] = minimum;
        self.finished[bin_idx] = minimum;
        for stretch in &mut self.stretches {
            stretch[bin_idx] = minimum;
        }
    }

    /// True until there are enough frames to search for a minimum.
    pub(crate) fn is_warming_up(&self) -> bool {
        self.n_warm < config::TRACKER_WARM_UP_FRAMES
    }

    /// Recursive average; a plain mean while that is the shorter memory.
    fn smooth(&mut self, power: &[f32]) {
        let n_before = self.n_warm as f32;
        let keep = config::TRACKER_SMOOTHING.min(n_before / (n_before + 1.0));
        for (smoothed, power) in self.smoothed.iter_mut().zip(power) {
            *smoothed = *smoothed * keep + *power * (1.0 - keep);
        }
    }

    fn finish_stretch(&mut self) {
        self.stretches[self.stretch_idx].copy_from_slice(&self.current);
        self.stretch_idx = (self.stretch_idx + 1) % self.stretches.len();
        self.frame_in_stretch = 0;
        self.current.copy_from_slice(&self.smoothed);
        self.finished.fill(f32::MAX);
        for stretch in &self.stretches {
            for (finished, minimum) in self.finished.iter_mut().zip(stretch) {
                *finished = finished.min(*minimum);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Powers of frames of white noise of power 1 that overlap as those of the engine do: the mean
    /// of four exponential variables drawn a hop apart has about their correlation.
    fn white_frames(rng: &mut fastrand::Rng, n_frames: usize, n_bins: usize) -> Vec<Vec<f32>> {
        let hann = [0.15f32, 0.5, 0.85, 0.5];
        let norm: f32 = hann.iter().map(|w| w * w).sum();
        let normal = |rng: &mut fastrand::Rng| (0..12).map(|_| rng.f32()).sum::<f32>() - 6.0;
        let draws: Vec<Vec<[f32; 2]>> = (0..n_frames + 4)
            .map(|_| (0..n_bins).map(|_| [normal(rng), normal(rng)]).collect())
            .collect();
        (0..n_frames)
            .map(|t| {
                (0..n_bins)
                    .map(|bin_idx| {
                        let part = |axis: usize| -> f32 {
                            (0..4).map(|i| hann[i] * draws[t + i][bin_idx][axis]).sum()
                        };
                        (part(0).powi(2) + part(1).powi(2)) / (2.0 * norm)
                    })
                    .collect()
            })
            .collect()
    }

    #[test]
    fn white_noise_reads_its_own_level() {
        let mut rng = fastrand::Rng::with_seed(0x68);
        let n_bins = 400;
        let mut tracker = MinimumTracker::new(n_bins);
        let mut noise_power = vec![0.0; n_bins];
        let mut level_db = |frames: &[Vec<f32>]| {
            let mut sum = 0.0;
            for power in frames {
                tracker.track(power, &mut noise_power);
                sum += noise_power.iter().sum::<f32>() / n_bins as f32;
            }
            10.0 * (sum / frames.len() as f32).log10()
        };
        let frames = white_frames(&mut rng, 600, n_bins);
        let start_db = level_db(&frames[..50]);
        let settled_db = {
            level_db(&frames[50..200]);
            level_db(&frames[200..])
        };
        assert!(start_db.abs() < 2.5, "first half second: {start_db:.2} dB");
        assert!(settled_db.abs() < 0.7, "settled: {settled_db:.2} dB");
    }

    #[test]
    fn sound_that_comes_and_goes_does_not_count() {
        let mut rng = fastrand::Rng::with_seed(0x69);
        let n_bins = 200;
        let mut tracker = MinimumTracker::new(n_bins);
        let mut noise_power = vec![0.0; n_bins];
        let mut frames = white_frames(&mut rng, 600, n_bins);
        for (idx, frame) in frames.iter_mut().enumerate() {
            // A syllable of 0.4 s, 20 dB up, in every second.
            if idx % 100 > 60 {
                frame.iter_mut().for_each(|power| *power *= 100.0);
            }
        }
        for power in &frames {
            tracker.track(power, &mut noise_power);
        }
        let mean = noise_power.iter().sum::<f32>() / n_bins as f32;
        assert!(10.0 * mean.log10() < 3.0, "{:.2} dB", 10.0 * mean.log10());
    }
}
