//! Makes what is heard as loud as what came in, so that loudness does not decide which one likes.

use std::ops::Range;

/// Time constant of the levels that are compared, seconds.
const LEVEL_S: f64 = 2.0;
/// Time constant of the gain, seconds.
const GAIN_S: f64 = 0.05;
/// What is heard is turned up and down by at most this.
const LOUDER: Range<f64> = 0.25..32.0;
/// Power below which nothing is heard, and nothing learnt about levels.
const SILENT_POWER: f64 = 1e-9;

/// One stream's.
pub(super) struct Loudness {
    rate_hz: f64,
    before: f64,
    after: f64,
    gain: f32,
}

impl Loudness {
    /// For sound of this rate.
    pub(super) fn new(rate_hz: f64) -> Self {
        Self { rate_hz, before: 0.0, after: 0.0, gain: 1.0 }
    }

    /// Takes note of a block that came in.
    pub(super) fn hear(&mut self, io: &[&mut [f32]], is_wanted: bool) {
        match is_wanted {
            true => self.before = self.averaged(self.before, io),
            false => (self.before, self.after) = (0.0, 0.0),
        }
    }

    /// Makes what became of it as loud, or stops doing so; a block that was never touched stays as
    /// it is, bit for bit.
    pub(super) fn even_out(&mut self, io: &mut [&mut [f32]], is_wanted: bool) {
        if !is_wanted && self.gain == 1.0 {
            return;
        }
        self.after = self.averaged(self.after, io);
        let is_heard = self.before > SILENT_POWER && self.after > SILENT_POWER;
        let wanted = match is_wanted {
            true if is_heard => (self.before / self.after).sqrt().clamp(LOUDER.start, LOUDER.end),
            true => f64::from(self.gain),
            false => 1.0,
        } as f32;
        let n_frames = io.first().map_or(0, |channel| channel.len());
        let mut end = self.gain + (wanted - self.gain) * self.share_of(n_frames, GAIN_S) as f32;
        if !is_wanted && (end - 1.0).abs() < 1e-3 {
            end = 1.0;
        }
        let step = (end - self.gain) / n_frames.max(1) as f32;
        for channel in io.iter_mut() {
            let mut gain = self.gain;
            for sample in channel.iter_mut() {
                gain += step;
                *sample *= gain;
            }
        }
        self.gain = end;
    }

    /// The first block that is heard is the level until more is known.
    fn averaged(&self, level: f64, io: &[&mut [f32]]) -> f64 {
        let n_frames = io.first().map_or(0, |channel| channel.len());
        let now = power(io);
        if level <= SILENT_POWER {
            now
        } else {
            level + (now - level) * self.share_of(n_frames, LEVEL_S)
        }
    }

    /// Weight of so many frames in a mean over so long.
    fn share_of(&self, n_frames: usize, seconds: f64) -> f64 {
        1.0 - (-(n_frames as f64) / (self.rate_hz * seconds)).exp()
    }
}

fn power(io: &[&mut [f32]]) -> f64 {
    let sum: f64 = io.iter().flat_map(|channel| channel.iter()).map(|s| f64::from(s * s)).sum();
    let n: usize = io.iter().map(|channel| channel.len()).sum();
    sum / n.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_made_as_loud_as_what_came_and_left_alone_afterwards() {
        let mut loudness = Loudness::new(48_000.0);
        let sound: Vec<f32> = (0..480).map(|at| (at as f32 * 0.7).sin() * 0.1).collect();
        // A denoiser that leaves a fifth of it.
        let mut heard = |n_blocks: usize, is_wanted: bool| {
            let mut last = Vec::new();
            for _ in 0..n_blocks {
                last.clone_from(&sound);
                loudness.hear(&[&mut last], is_wanted);
                last.iter_mut().for_each(|sample| *sample *= 0.2);
                loudness.even_out(&mut [&mut last], is_wanted);
            }
            last
        };
        let level_db = |block: &mut Vec<f32>| 10.0 * (power(&[block]) / 0.005).log10();
        let plain = heard(10, false);
        assert!((level_db(&mut plain.clone()) + 13.98).abs() < 0.1, "as it is");
        assert!(level_db(&mut heard(40, true)).abs() < 0.2, "within half a second");
        let first = heard(1, false);
        assert!(level_db(&mut first.clone()) > -6.0, "it glides back: {first:?}");
        assert_eq!(heard(100, false), plain, "and is out of the way then");
    }

    #[test]
    fn silence_changes_no_gain() {
        let mut loudness = Loudness::new(48_000.0);
        for _ in 0..50 {
            let mut block = vec![0.0f32; 480];
            loudness.hear(&[&mut block], true);
            loudness.even_out(&mut [&mut block], true);
        }
        assert_eq!(loudness.gain, 1.0);
    }
}
