//! What the network sees: five numbers a band, all with a spread near 1.
//!
//! `training/quell_training/features.py` computes the same for whole recordings.

use super::bands::{BandTable, N_BANDS};

/// Numbers that the network sees of a band.
pub(super) const N_INPUTS: usize = 5;
/// Level of a silent or absent band, dB per 25 Hz.
const FLOOR_DB: f32 = -120.0;
/// Power of that level, per 25 Hz: the network cannot tell what lies below from nothing.
pub const FLOOR_POWER: f32 = 1e-12;
/// Weight of the past in the power that the minimum is taken of, per frame.
const MINIMUM_SMOOTHING: f32 = 0.85;
/// Frames in one stretch of the minimum search.
const STRETCH_FRAMES: usize = 20;
/// Finished stretches that the minimum is searched in: 1.6 s.
const N_STRETCHES: usize = 8;
/// Mean power of steady noise over its minimum is `1 + 0.9 / sqrt(bins of the band)`.
const MINIMUM_BIAS: f32 = 0.9;
/// Weight of the last frame in the a priori SNR (Ephraim and Malah, 1984).
const WIENER_MEMORY: f32 = 0.96;
/// Least a priori SNR: a gain of −50 dB.
const LEAST_A_PRIORI_SNR: f32 = 0.003;
/// Power beyond which a band can only hold a fault.
const LARGEST_POWER: f32 = 1e9;
/// SNR beyond which a band counts no more.
const LARGEST_SNR: f32 = 1e4;

/// Where the level of the noise comes from, in the number that the network was trained with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Source {
    Captured,
    /// The caller's, which to the network is as good as its own minimum.
    Followed,
    Minimum,
    Absent,
}

impl Source {
    const fn flag(self) -> f32 {
        match self {
            Self::Captured => 1.0,
            Self::Followed | Self::Minimum => 0.0,
            Self::Absent => -1.0,
        }
    }
}

/// Memory of the inputs: the running minimum and the classical gain. It owns no heap memory, so
/// that copying it allocates nothing.
#[derive(Clone)]
pub(super) struct Features {
    minimum: RunningMinimum,
    /// `gain² · snr` of the last frame.
    remembered: [f32; N_BANDS],
}

impl Features {
    pub(super) fn new(table: &BandTable) -> Self {
        Self { minimum: RunningMinimum::new(table), remembered: [0.0; N_BANDS] }
    }

    pub(super) fn reset(&mut self) {
        self.minimum.reset();
        self.remembered.fill(0.0);
    }

    /// Takes in the power of a frame and, if `source` says so, of its noise (`captured`); writes
    /// the network's input, band after band.
    pub(super) fn compute(
        &mut self,
        power: &[f32; N_BANDS],
        captured: &[f32; N_BANDS],
        source: Source,
        inputs: &mut [f32],
    ) {
        let power = &power.map(sane);
        let minimum = self.minimum.track(power);
        let noise = match source {
            Source::Captured | Source::Followed => &captured.map(sane),
            Source::Minimum => minimum,
            Source::Absent => &[0.0; N_BANDS],
        };
        let bands = inputs.chunks_exact_mut(N_INPUTS).zip(&mut self.remembered);
        for ((inputs, remembered), (power, noise)) in bands.zip(power.iter().zip(noise)) {
            let (level_db, noise_db) = (to_db(*power), to_db(*noise));
            let gain = wiener_gain(*power, *noise, remembered);
            inputs[0] = (level_db + 75.0) / 25.0;
            inputs[1] = (noise_db + 85.0) / 25.0;
            inputs[2] = ((level_db - noise_db) / 15.0).clamp(-3.0, 4.0);
            inputs[3] = if source == Source::Absent { 1.0 } else { 2.0 * gain - 1.0 };
            inputs[4] = source.flag();
        }
    }
}

/// Keeps NaN (which `max` turns into zero) and infinity out of everything that remembers.
fn sane(power: f32) -> f32 {
    let not_nan = power.max(0.0);
    not_nan.min(LARGEST_POWER)
}

fn to_db(power: f32) -> f32 {
    (10.0 * power.max(FLOOR_POWER).log10()).max(FLOOR_DB)
}

fn wiener_gain(power: f32, noise: f32, remembered: &mut f32) -> f32 {
    let snr = (power / noise.max(FLOOR_POWER)).min(LARGEST_SNR);
    let excess = (snr - 1.0).max(0.0) * (1.0 - WIENER_MEMORY);
    let prior = (excess + WIENER_MEMORY * *remembered).max(LEAST_A_PRIORI_SNR);
    let gain = prior / (prior + 1.0);
    *remembered = gain * gain * snr;
    gain
}

/// Minimum of the smoothed power over the stretch under way and the last eight finished ones
/// (Martin, 2001), with its bias put back.
#[derive(Clone)]
pub(super) struct RunningMinimum {
    smoothed: [f32; N_BANDS],
    current: [f32; N_BANDS],
    stretches: [[f32; N_BANDS]; N_STRETCHES],
    finished: [f32; N_BANDS],
    bias: [f32; N_BANDS],
    noise: [f32; N_BANDS],
    stretch_idx: usize,
    frame_in_stretch: usize,
    is_first: bool,
}

impl RunningMinimum {
    pub(super) fn new(table: &BandTable) -> Self {
        let bias = core::array::from_fn(|band| {
            let n_bins = table.edges()[band + 1] - table.edges()[band];
            1.0 + MINIMUM_BIAS / (n_bins.max(1) as f32).sqrt()
        });
        Self {
            smoothed: [0.0; N_BANDS],
            current: [f32::MAX; N_BANDS],
            stretches: [[f32::MAX; N_BANDS]; N_STRETCHES],
            finished: [f32::MAX; N_BANDS],
            bias,
            noise: [0.0; N_BANDS],
            stretch_idx: 0,
            frame_in_stretch: 0,
            is_first: true,
        }
    }

    fn reset(&mut self) {
        self.current.fill(f32::MAX);
        self.stretches = [[f32::MAX; N_BANDS]; N_STRETCHES];
        self.finished.fill(f32::MAX);
        self.stretch_idx = 0;
        self.frame_in_stretch = 0;
        self.is_first = true;
    }

    pub(super) fn track(&mut self, power: &[f32; N_BANDS]) -> &[f32; N_BANDS] {
        let keep = if self.is_first { 0.0 } else { MINIMUM_SMOOTHING };
        self.is_first = false;
        for (smoothed, power) in self.smoothed.iter_mut().zip(power) {
            *smoothed = *smoothed * keep + power * (1.0 - keep);
        }
        for (current, smoothed) in self.current.iter_mut().zip(&self.smoothed) {
            *current = current.min(*smoothed);
        }
        let minima = self.current.iter().zip(&self.finished).zip(&self.bias);
        for (noise, ((current, finished), bias)) in self.noise.iter_mut().zip(minima) {
            *noise = current.min(*finished) * bias;
        }
        self.frame_in_stretch += 1;
        if self.frame_in_stretch == STRETCH_FRAMES {
            self.finish_stretch();
        }
        &self.noise
    }

    fn finish_stretch(&mut self) {
        self.stretches[self.stretch_idx] = self.current;
        self.stretch_idx = (self.stretch_idx + 1) % N_STRETCHES;
        self.frame_in_stretch = 0;
        self.current.fill(f32::MAX);
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

    #[test]
    fn the_minimum_of_white_noise_reads_its_own_level() {
        let table = BandTable::new(961, 25.0);
        let mut minimum = RunningMinimum::new(&table);
        let mut random = fastrand::Rng::with_seed(3);
        let (mut sum, mut n_frames) = ([0.0_f64; N_BANDS], 0);
        for frame in 0..2_000 {
            // Power of a Gaussian bin is exponential; frames three quarters overlapped are alike,
            // which four-fold averaging of the smoothing stands for.
            let bins: Vec<f32> = (0..961).map(|_| -(1.0 - random.f32()).ln()).collect();
            let mut power = [0.0; N_BANDS];
            table.mean_power(&bins, &mut power);
            let noise = minimum.track(&power);
            if frame >= 200 {
                n_frames += 1;
                for (sum, noise) in sum.iter_mut().zip(noise) {
                    *sum += f64::from(*noise);
                }
            }
        }
        for (band, sum) in sum.into_iter().enumerate() {
            let error_db = 10.0 * (sum / f64::from(n_frames)).log10();
            assert!(error_db.abs() < 2.5, "band {band}: {error_db:.1} dB off");
        }
    }

    #[test]
    fn a_followed_level_is_to_the_network_what_its_own_minimum_is() {
        let table = BandTable::new(961, 25.0);
        let (mut own, mut followed) = (Features::new(&table), Features::new(&table));
        let mut minimum = RunningMinimum::new(&table);
        let [mut expected, mut actual] = [0; 2].map(|_| vec![0.0; N_BANDS * N_INPUTS]);
        let mut random = fastrand::Rng::with_seed(4);
        for _ in 0..100 {
            let power: [f32; N_BANDS] = core::array::from_fn(|_| 1e-6 * random.f32());
            own.compute(&power, &[0.0; N_BANDS], Source::Minimum, &mut expected);
            let level = *minimum.track(&power);
            followed.compute(&power, &level, Source::Followed, &mut actual);
            assert_eq!(actual, expected);
        }
        let louder = [1.0; N_BANDS];
        followed.compute(&[1e-6; N_BANDS], &louder, Source::Followed, &mut actual);
        own.compute(&[1e-6; N_BANDS], &louder, Source::Minimum, &mut expected);
        assert_ne!(actual, expected, "the caller's level counts");
    }

    #[test]
    fn broken_numbers_never_reach_the_network() {
        let table = BandTable::new(961, 25.0);
        let mut features = Features::new(&table);
        let mut inputs = vec![f32::NAN; N_BANDS * N_INPUTS];
        for power in [f32::NAN, f32::INFINITY, 0.0, f32::MAX, 1e-30] {
            for source in [Source::Captured, Source::Followed, Source::Minimum, Source::Absent] {
                for noise in [f32::NAN, f32::INFINITY, 0.0, f32::MAX] {
                    features.compute(&[power; N_BANDS], &[noise; N_BANDS], source, &mut inputs);
                    assert!(inputs.iter().all(|v| v.is_finite()), "{power} {noise} {source:?}");
                }
            }
        }
    }
}
