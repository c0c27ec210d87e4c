//! The last seconds of a stream, as levels per bin: noise that has just been heard can be learned
//! without playing it again.

use core::ops::Range;

use crate::capture::{Capture, FrameTraits};
use crate::config;
use crate::geometry::Geometry;
use crate::quiet::{Bands, Levels, N_BANDS, STEP_S, STRETCH_STEPS, Search};

/// What was heard, and a search in it that may be under way.
pub(crate) struct Recent {
    /// Powers per 25 Hz, the upper half of their bits, which is exact to 0.02 dB; a ring of
    /// `[frame][channel][bin]`.
    powers: Vec<u16>,
    /// Number that the stream gave each frame; a ring of the same frames.
    numbers: Vec<u32>,
    n_channels: usize,
    n_bins: usize,
    /// Frames that fit in.
    n_frames: usize,
    /// Frames that came so far.
    n_pushed: usize,
    /// Hops in a row that held sound, up to a window.
    n_sounding: usize,
    bands: Bands,
    /// Levels of every step, a ring.
    steps: Vec<Levels>,
    frames_per_step: usize,
    search: Search,
    job: Option<Job>,
    capture: Capture,
    /// A frame on its way from the ring into the capture.
    row: Vec<Vec<f32>>,
}

/// Stretches on their way into a capture.
#[derive(Clone, Copy)]
struct Job {
    /// The first frame of each, as counted in `n_pushed`.
    starts: [usize; MAX_STRETCHES],
    n_stretches: usize,
    /// Frames of each.
    n_of_stretch: usize,
    /// Frames that are in.
    n_done: usize,
}

/// No more stretches than this are looked for.
const MAX_STRETCHES: usize = 8;

impl Recent {
    pub(crate) fn new(geometry: &Geometry, n_channels: usize) -> Self {
        let (n_bins, hop_s) = (geometry.n_bins(), geometry.hop_s());
        let frames_per_step = ((STEP_S / hop_s).round() as usize).max(1);
        let most = config::RECENT_BYTES / (2 * n_channels * n_bins);
        let n_steps = ((config::RECENT_S / hop_s) as usize).min(most) / frames_per_step;
        let n_frames = n_steps * frames_per_step;
        Self {
            // Written to, or the system would hand it out page by page while sound runs.
            powers: vec![1; n_frames * n_channels * n_bins],
            numbers: vec![1; n_frames],
            n_channels,
            n_bins,
            n_frames,
            n_pushed: 0,
            n_sounding: 0,
            bands: Bands::new(geometry.bin_hz(), n_bins),
            steps: vec![[0.0; N_BANDS]; n_steps],
            frames_per_step,
            search: Search::with_capacity(n_steps),
            job: None,
            capture: Capture::new(geometry, n_channels),
            row: vec![vec![0.0; n_bins]; n_channels],
        }
    }

    /// What comes next does not go on from what came before.
    pub(crate) fn pause(&mut self) {
        self.n_sounding = 0;
    }

    /// Remembers a frame by its number. Silence and faults are passed over: after a pause, what was
    /// heard before it is still there.
    pub(crate) fn push(&mut self, number: u32, is_usable: bool, powers: &[Vec<f32>]) {
        if !is_usable || self.n_frames == 0 {
            self.n_sounding = 0;
            return;
        }
        self.n_sounding = (self.n_sounding + 1).min(config::HOPS_PER_WINDOW);
        if self.n_sounding < config::HOPS_PER_WINDOW {
            return;
        }
        let row_len = self.n_channels * self.n_bins;
        let row_idx = self.n_pushed % self.n_frames;
        self.numbers[row_idx] = number;
        let row = &mut self.powers[row_idx * row_len..][..row_len];
        for (kept, power) in row.chunks_exact_mut(self.n_bins).zip(powers) {
            for (kept, power) in kept.iter_mut().zip(power) {
                *kept = shortened(*power);
            }
        }
        if self.n_pushed.is_multiple_of(self.frames_per_step) {
            let share = 1.0 / self.n_channels as f32;
            let mean = |bin: usize| powers.iter().map(|power| power[bin]).sum::<f32>() * share;
            self.steps[row_idx / self.frames_per_step] = self.bands.levels(mean);
        }
        self.n_pushed += 1;
    }

    /// Looks for the quietest steady stretches; false where there are none. What they hold is then
    /// learned, a few frames at a time.
    pub(crate) fn look(&mut self) -> bool {
        let n_kept = self.n_kept();
        // Of the oldest step, the first frame may be gone already.
        let n_whole = self.n_pushed / self.frames_per_step;
        let first = (self.n_pushed - n_kept).div_ceil(self.frames_per_step);
        let steps = &self.steps;
        let levels_at = |step: usize| &steps[(first + step) % steps.len()];
        let found = self.search.run(n_whole - first.min(n_whole), levels_at);
        let n_of_stretch = STRETCH_STEPS * self.frames_per_step;
        let mut job = Job { starts: [0; MAX_STRETCHES], n_stretches: 0, n_of_stretch, n_done: 0 };
        for (start, found) in job.starts.iter_mut().zip(found) {
            *start = (first + found) * self.frames_per_step;
            job.n_stretches += 1;
        }
        self.capture.start();
        self.job = Some(job).filter(|job| job.n_stretches > 0);
        self.job.is_some()
    }

    /// Takes a stretch that somebody chose, by the numbers of its frames; false where nothing of it
    /// is kept.
    pub(crate) fn choose(&mut self, numbers: Range<u32>) -> bool {
        let (first, end) = (self.kept_from(numbers.start), self.kept_from(numbers.end));
        let n_of_stretch = end.saturating_sub(first);
        let mut job = Job { starts: [0; MAX_STRETCHES], n_stretches: 1, n_of_stretch, n_done: 0 };
        job.starts[0] = first;
        self.capture.start();
        self.job = Some(job).filter(|job| job.n_of_stretch > 0);
        self.job.is_some()
    }

    fn n_kept(&self) -> usize {
        self.n_pushed.min(self.n_frames)
    }

    /// The first kept frame with this number or a later one, as counted in `n_pushed`.
    fn kept_from(&self, number: u32) -> usize {
        let (mut low, mut high) = (self.n_pushed - self.n_kept(), self.n_pushed);
        while low < high {
            let middle = (low + high) / 2;
            if self.numbers[middle % self.n_frames] < number {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Takes the next few frames of what was found into a capture; the capture once all are in.
    pub(crate) fn learn(&mut self) -> Option<&mut Capture> {
        let mut job = self.job?;
        let n_of_stretch = job.n_of_stretch;
        let n_all = job.n_stretches * n_of_stretch;
        for idx in job.n_done..n_all.min(job.n_done + config::RECENT_FRAMES_AT_ONCE) {
            let frame = job.starts[idx / n_of_stretch] + idx % n_of_stretch;
            self.load(frame);
            let row = &self.row;
            let traits = FrameTraits { is_clean: true, is_clipped: false };
            self.capture.push(traits, |channel_idx| &row[channel_idx]);
            job.n_done = idx + 1;
        }
        let is_done = job.n_done == n_all;
        self.job = Some(job).filter(|_| !is_done);
        is_done.then_some(&mut self.capture)
    }

    /// Brings a frame back from the ring.
    fn load(&mut self, frame: usize) {
        let row_len = self.n_channels * self.n_bins;
        let kept = &self.powers[frame % self.n_frames * row_len..][..row_len];
        for (row, kept) in self.row.iter_mut().zip(kept.chunks_exact(self.n_bins)) {
            for (power, kept) in row.iter_mut().zip(kept) {
                *power = lengthened(*kept);
            }
        }
    }
}

/// The upper half of a number's bits, rounded.
fn shortened(power: f32) -> u16 {
    (power.to_bits().saturating_add(0x8000) >> 16) as u16
}

fn lengthened(kept: u16) -> f32 {
    f32::from_bits(u32::from(kept) << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_the_bits_of_a_power_are_enough() {
        let mut random = fastrand::Rng::with_seed(0x20);
        for _ in 0..10_000 {
            let power = 10f32.powf(random.f32() * 25.0 - 20.0);
            let error_db = 10.0 * (lengthened(shortened(power)) / power).log10();
            assert!(error_db.abs() < 0.02, "{power}: {error_db} dB");
        }
        assert_eq!(lengthened(shortened(0.0)), 0.0);
    }
}
