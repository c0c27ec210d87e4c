//! From an input to an output that call at their own times, through a ring: the input fills it, the
//! output takes from it, plays through the [`Player`] and never waits.
//!
//! The output begins once the ring holds a block of each side, so that neither side's next call can
//! find it empty or full. Where two devices run by different clocks that level drifts; what is
//! missing then is silence, what is too much is skipped, and both are counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

use crate::standalone::player::Player;

/// Frames that go through the player at once; longer blocks are cut.
const MAX_FRAMES: usize = 1_024;
/// Frames under way at most: both sides' longest blocks, with room to spare.
const RING_FRAMES: usize = 65_536;

/// What others may read of it.
#[derive(Default)]
pub struct Gauge {
    /// Frames that lay in the ring when the output came.
    pub n_waiting: AtomicUsize,
    /// Longest block of the input, frames.
    pub input_frames: AtomicUsize,
    /// Times that something was missing or skipped.
    pub n_gaps: AtomicU64,
    /// From the microphone to the end of the input's block, microseconds.
    pub input_delay_us: AtomicU32,
    /// From the output's call to the loudspeaker, microseconds.
    pub output_delay_us: AtomicU32,
}

/// Channels of both devices and of what lies between.
#[derive(Clone, Copy, Debug)]
pub struct Channels {
    /// Of the input.
    pub input: usize,
    /// Of the output.
    pub output: usize,
}

impl Channels {
    /// Those of the engine: one or two.
    pub fn inner(self) -> usize {
        self.input.min(self.output).clamp(1, 2)
    }
}

/// The input's side.
pub struct InputEnd {
    ring: HeapProd<f32>,
    channels: Channels,
    gauge: Arc<Gauge>,
}

/// The output's side.
pub struct OutputEnd {
    ring: HeapCons<f32>,
    channels: Channels,
    player: Player,
    /// One block of each channel.
    scratch: [Vec<f32>; 2],
    is_filling: bool,
    longest: usize,
    gauge: Arc<Gauge>,
}

/// Makes both sides.
pub fn duplex(player: Player, channels: Channels) -> (InputEnd, OutputEnd, Arc<Gauge>) {
    let (producer, consumer) = HeapRb::new(RING_FRAMES * channels.inner()).split();
    let gauge = Arc::<Gauge>::default();
    let input = InputEnd { ring: producer, channels, gauge: Arc::clone(&gauge) };
    let output = OutputEnd {
        ring: consumer,
        channels,
        player,
        scratch: [vec![0.0; MAX_FRAMES], vec![0.0; MAX_FRAMES]],
        is_filling: true,
        longest: 0,
        gauge: Arc::clone(&gauge),
    };
    (input, output, gauge)
}

impl InputEnd {
    /// What came in: frames of all the input's channels. What does not fit is dropped; the output
    /// counts it when it comes.
    pub fn push<T: Copy>(&mut self, frames: &[T], to_f32: impl Fn(T) -> f32) {
        let n_inner = self.channels.inner();
        let n_frames = frames.len() / self.channels.input;
        self.gauge.input_frames.fetch_max(n_frames, Ordering::Relaxed);
        for frame in frames.chunks_exact(self.channels.input) {
            if self.ring.vacant_len() < n_inner {
                return;
            }
            let pair = match *frame {
                [mono] => [to_f32(mono), 0.0],
                // Two channels that become one are heard both.
                [left, right, ..] if n_inner == 1 => [0.5 * (to_f32(left) + to_f32(right)), 0.0],
                [left, right, ..] => [to_f32(left), to_f32(right)],
                [] => [0.0; 2],
            };
            self.ring.push_slice(&pair[..n_inner]);
        }
    }
}

impl OutputEnd {
    /// Fills a block of the output.
    pub fn pull<T: Copy>(&mut self, frames: &mut [T], from_f32: impl Fn(f32) -> T) {
        let n_frames = frames.len() / self.channels.output;
        self.watch_level(n_frames);
        for block in frames.chunks_mut(MAX_FRAMES * self.channels.output) {
            let n_frames = block.len() / self.channels.output;
            self.take(n_frames);
            let [left, right] = &mut self.scratch;
            let mut io = [&mut left[..n_frames], &mut right[..n_frames]];
            let n_inner = self.channels.inner();
            self.player.play(&mut io[..n_inner]);
            let [left, right] = io;
            let right = if n_inner == 1 { &*left } else { &*right };
            for (idx, frame) in block.chunks_exact_mut(self.channels.output).enumerate() {
                frame.fill(from_f32(0.0));
                for (sample, channel) in frame.iter_mut().zip([&*left, right]) {
                    *sample = from_f32(channel[idx]);
                }
            }
        }
    }

    /// Whether there is enough to take, and not too much.
    fn watch_level(&mut self, n_frames: usize) {
        let n_inner = self.channels.inner();
        self.longest = self.longest.max(n_frames);
        let wanted = self.longest + self.gauge.input_frames.load(Ordering::Relaxed);
        let level = self.ring.occupied_len() / n_inner;
        self.gauge.n_waiting.store(level, Ordering::Relaxed);
        if self.is_filling {
            self.is_filling = level < wanted || level == 0;
            // What gathered while nobody took it is old.
            self.ring.skip(level.saturating_sub(wanted) * n_inner);
        } else if level < n_frames {
            self.is_filling = true;
            self.gauge.n_gaps.fetch_add(1, Ordering::Relaxed);
        } else if level > 2 * wanted {
            self.ring.skip((level - wanted) * n_inner);
            self.gauge.n_gaps.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The next frames, or silence, into the scratch.
    fn take(&mut self, n_frames: usize) {
        let [left, right] = &mut self.scratch;
        left[..n_frames].fill(0.0);
        right[..n_frames].fill(0.0);
        if self.is_filling {
            return;
        }
        let n_inner = self.channels.inner();
        for (left, right) in left.iter_mut().zip(right).take(n_frames) {
            let mut pair = [0.0; 2];
            if self.ring.pop_slice(&mut pair[..n_inner]) < n_inner {
                return;
            }
            (*left, *right) = (pair[0], pair[1]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Quell;
    use crate::params::BYPASS;
    use crate::standalone::player::Exchange;
    use quell_core::{LatencyMode, StreamSpec};

    fn ends(channels: Channels) -> (InputEnd, OutputEnd, Arc<Gauge>) {
        let exchange = Arc::<Exchange>::default();
        let mut engine = Box::<Quell>::default();
        engine.shared().params[BYPASS].set_plain(1.0);
        let mode = LatencyMode::Live;
        let n_channels = channels.inner();
        let rate = 48_000.0;
        let spec = StreamSpec { sample_rate_hz: rate, n_channels, n_noise_channels: 0, mode };
        engine.prepare(spec).unwrap();
        exchange.give(engine);
        duplex(Player::new(exchange, Arc::default()), channels)
    }

    /// A ramp through it, in blocks of these sizes; what came out on the left, without the silence
    /// before.
    fn through(input: usize, output: usize, channels: Channels) -> (Vec<f32>, u64) {
        let (mut from, mut to, gauge) = ends(channels);
        let (mut n_in, mut n_out, mut heard) = (0usize, 0usize, Vec::new());
        while n_out < 48_000 {
            if n_in <= n_out {
                let ramp = (n_in..n_in + input).map(|at| (at + 1) as f32);
                let frames: Vec<_> =
                    ramp.flat_map(|at| vec![at * 2f32.powi(-17); channels.input]).collect();
                from.push(&frames, |sample| sample);
                n_in += input;
            } else {
                let mut frames = vec![9.0f32; output * channels.output];
                to.pull(&mut frames, |sample| sample);
                heard.extend(frames.chunks(channels.output).map(|frame| frame[0]));
                assert!(channels.output < 2 || frames[0] == frames[1]);
                assert!(channels.output < 3 || frames[2] == 0.0);
                n_out += output;
            }
        }
        let begin = heard.iter().position(|sample| *sample > 0.0).unwrap();
        (heard.split_off(begin), gauge.n_gaps.load(Ordering::Relaxed))
    }

    #[test]
    fn sound_comes_through_whole_whatever_the_blocks_and_channels() {
        for (input, output) in [(64, 64), (256, 64), (64, 256), (441, 480), (1_500, 37)] {
            for channels in [
                Channels { input: 2, output: 2 },
                Channels { input: 1, output: 2 },
                Channels { input: 2, output: 1 },
                Channels { input: 4, output: 6 },
            ] {
                let (heard, n_gaps) = through(input, output, channels);
                assert_eq!(n_gaps, 0, "{input} {output} {channels:?}");
                assert!(heard.len() > 40_000, "{input} {output} {channels:?}");
                for pair in heard.windows(2) {
                    assert_eq!(pair[1] - pair[0], 2f32.powi(-17), "{input} {output} {channels:?}");
                }
            }
        }
    }

    #[test]
    fn an_input_that_stops_is_counted_and_a_lazy_output_skips_what_is_old() {
        let (mut from, mut to, gauge) = ends(Channels { input: 1, output: 1 });
        let mut block = [0.0f32; 64];
        for _ in 0..4 {
            from.push(&[0.25f32; 64], |sample| sample);
            to.pull(&mut block, |sample| sample);
        }
        for _ in 0..3 {
            to.pull(&mut block, |sample| sample);
        }
        assert_eq!(gauge.n_gaps.load(Ordering::Relaxed), 1);
        for _ in 0..3 {
            from.push(&[0.25f32; 64], |sample| sample);
        }
        to.pull(&mut block, |sample| sample);
        for _ in 0..20 {
            from.push(&[0.25f32; 64], |sample| sample);
        }
        to.pull(&mut block, |sample| sample);
        assert_eq!(gauge.n_gaps.load(Ordering::Relaxed), 2);
        to.pull(&mut block, |sample| sample);
        assert_eq!(gauge.n_waiting.load(Ordering::Relaxed), 64);
        // More than the ring holds is dropped, not waited for.
        (0..2_000).for_each(|_| from.push(&[0.25f32; 64], |sample| sample));
    }
}
