//! What the audio thread shows the editor: spectra on a display's columns, and levels.
//!
//! Frames go through a wait-free ring that the window empties; when nobody empties it, the newest
//! are dropped. While no window is open one atomic flag is all that is read: no frame is prepared
//! and no level is measured.

mod level;
mod load;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use atomic_float::AtomicF32;
use nice_plug_egui::RepaintNotifier;
use quell_core::{FrameView, Hum, ProfileSource, StreamSpec, Tap};
use ringbuf::traits::{Consumer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

pub use level::Level;
pub use load::Watch;

use level::{Gauge, Meter};
use load::{Work, ticks};

use crate::columns::{Column, MAX_HZ, N_COLUMNS, columns};

/// Frames under way: half a second, more than any window lets pass between two looks.
const N_FRAMES: usize = 50;
/// The window is asked to look again after so many frames: 33 times a second.
const FRAMES_PER_LOOK: u32 = 3;

static IS_WATCHED_FROM_THE_START: AtomicBool = AtomicBool::new(false);

/// Instances made from now on work as if their window were open; for tests.
#[doc(hidden)]
pub fn watch_from_the_start() {
    IS_WATCHED_FROM_THE_START.store(true, Ordering::Relaxed);
}

/// One frame on the columns: powers per 25 Hz, means over the column.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Right edge of the last column, Hz.
    pub max_hz: f32,
    /// Number of the frame in its stream.
    pub number: u32,
    /// What came in.
    pub input: [f32; N_COLUMNS],
    /// Where the noise is known from in fact.
    pub source: ProfileSource,
    /// What remains, before mix and output gain.
    pub output: [f32; N_COLUMNS],
    /// What was taken away.
    pub removed: [f32; N_COLUMNS],
    /// Reference level of the noise.
    pub noise: [f32; N_COLUMNS],
    /// Level above which a bin counts as sound.
    pub threshold: [f32; N_COLUMNS],
    /// Power of all bins in.
    pub input_power: f32,
    /// Power of all bins out.
    pub output_power: f32,
    /// The same of the noise's reference level.
    pub noise_power: f32,
    /// How much of what goes is likely voice or tone, 0 to 1.
    pub at_risk: f32,
    /// The hum that is being taken away.
    pub hum: Option<Hum>,
}

impl Frame {
    pub(crate) const EMPTY: Self = Self {
        max_hz: MAX_HZ,
        number: 0,
        source: ProfileSource::Adaptive,
        input: [0.0; N_COLUMNS],
        output: [0.0; N_COLUMNS],
        removed: [0.0; N_COLUMNS],
        noise: [0.0; N_COLUMNS],
        threshold: [0.0; N_COLUMNS],
        input_power: 0.0,
        output_power: 0.0,
        noise_power: 0.0,
        at_risk: 0.0,
        hum: None,
    };
}

/// The window's side.
pub struct Feed {
    is_watched: AtomicBool,
    sample_rate_hz: AtomicF32,
    frames: Mutex<HeapCons<Frame>>,
    input: Meter,
    output: Meter,
    work: Work,
    repaint: RepaintNotifier,
}

impl Feed {
    /// Begins or ends the flow of frames. What lay in the ring from before is thrown away.
    pub fn watch(&self, is_watched: bool) {
        if is_watched {
            let mut frames = self.frames();
            frames.clear();
            self.input.look();
            self.output.look();
        }
        self.is_watched.store(is_watched, Ordering::Release);
    }

    /// True while a window is open.
    pub fn is_watched(&self) -> bool {
        self.is_watched.load(Ordering::Acquire)
    }

    /// Hands every frame that has arrived to `take`, the oldest first.
    pub fn drain(&self, mut take: impl FnMut(&Frame)) {
        let mut frames = self.frames();
        // Looked at where it lies: a frame has 5 kB.
        while let Some(frame) = frames.try_peek() {
            take(frame);
            frames.skip(1);
        }
    }

    /// Levels of input and output.
    pub fn levels(&self) -> [Level; 2] {
        [self.input.look(), self.output.look()]
    }

    /// Share of a core's time that the sound takes, as far as it is known.
    pub fn load(&self, watch: &mut Watch) -> Option<f32> {
        watch.look(&self.work, self.sample_rate_hz())
    }

    /// Rate of the running stream, Hz; 0 before the first.
    pub fn sample_rate_hz(&self) -> f32 {
        self.sample_rate_hz.load(Ordering::Relaxed)
    }

    /// Wakes the window, from any thread.
    pub fn request_repaint(&self) {
        self.repaint.request_repaint();
    }

    /// What wakes the window.
    pub fn repaint(&self) -> &RepaintNotifier {
        &self.repaint
    }

    fn frames(&self) -> MutexGuard<'_, HeapCons<Frame>> {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The audio thread's side.
pub struct FeedEnd {
    feed: Arc<Feed>,
    frames: HeapProd<Frame>,
    columns: Vec<Column>,
    sample_rate_hz: f32,
    max_hz: f32,
    n_since_look: u32,
    gauges: [Gauge; 2],
    /// The processor's counter when the block began.
    begun: Option<u64>,
    is_looking: bool,
}

/// Makes both ends.
pub fn feed() -> (Arc<Feed>, FeedEnd) {
    let (producer, consumer) = HeapRb::new(N_FRAMES).split();
    let feed = Arc::new(Feed {
        is_watched: AtomicBool::new(IS_WATCHED_FROM_THE_START.load(Ordering::Relaxed)),
        sample_rate_hz: AtomicF32::new(0.0),
        frames: Mutex::new(consumer),
        input: Meter::default(),
        output: Meter::default(),
        work: Work::default(),
        repaint: RepaintNotifier::default(),
    });
    let end = FeedEnd {
        feed: Arc::clone(&feed),
        frames: producer,
        columns: Vec::with_capacity(N_COLUMNS),
        sample_rate_hz: 0.0,
        max_hz: MAX_HZ,
        n_since_look: 0,
        gauges: Default::default(),
        begun: None,
        is_looking: false,
    };
    (feed, end)
}

impl FeedEnd {
    /// Makes ready for a stream. Allocates; not while audio runs.
    pub fn prepare(&mut self, spec: &StreamSpec, bin_hz: f64, n_bins: usize) {
        self.sample_rate_hz = spec.sample_rate_hz as f32;
        self.feed.sample_rate_hz.store(self.sample_rate_hz, Ordering::Relaxed);
        self.max_hz = MAX_HZ.min(self.sample_rate_hz / 2.0);
        self.columns.clear();
        self.columns.extend(columns(self.max_hz, bin_hz as f32, n_bins));
        self.gauges = [0; 2].map(|_| Gauge::new(self.sample_rate_hz, spec.n_channels));
    }

    /// Asks once a block whether a window is open.
    pub fn look(&mut self) -> bool {
        self.is_looking = self.feed.is_watched() && !self.columns.is_empty();
        self.is_looking
    }

    /// Measures a block that came in.
    pub fn input(&mut self, block: &[&mut [f32]]) {
        self.begun = ticks();
        self.gauges[0].measure(block, &self.feed.input);
    }

    /// Measures a block that goes out, and what it took.
    pub fn output(&mut self, block: &[&mut [f32]]) {
        self.gauges[1].measure(block, &self.feed.output);
        let n_samples = block.first().map_or(0, |channel| channel.len());
        self.feed.work.note(self.begun.take(), n_samples);
    }
}

impl Tap for FeedEnd {
    fn is_looking(&self) -> bool {
        self.is_looking
    }

    fn frame(&mut self, view: &FrameView) {
        self.n_since_look += 1;
        if self.n_since_look >= FRAMES_PER_LOOK {
            self.n_since_look = 0;
            self.feed.request_repaint();
        }
        let mut frame = Frame {
            max_hz: self.max_hz,
            number: view.number,
            source: view.source,
            hum: view.hum,
            ..Frame::EMPTY
        };
        let last = view.power.len() - 1;
        let output = |bin: usize| view.power[bin] * view.gain[bin] * view.gain[bin];
        let removed = |bin: usize| view.power[bin] * (1.0 - view.gain[bin]).powi(2);
        for (idx, column) in self.columns.iter().enumerate() {
            frame.input[idx] = column.mean(|bin| view.power[bin]);
            frame.output[idx] = column.mean(output);
            frame.removed[idx] = column.mean(removed);
            frame.noise[idx] = column.mean(|bin| view.noise[bin]);
            frame.threshold[idx] = column.mean(|bin| view.noise[bin] * view.threshold[bin]);
        }
        frame.input_power = view.power.iter().sum();
        frame.output_power = (0..=last).map(output).sum();
        frame.noise_power = view.noise.iter().sum();
        frame.at_risk = view.at_risk();
        // Nobody empties the ring fast enough: this frame is not seen.
        drop(self.frames.try_push(frame));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(sample_rate_hz: f64) -> StreamSpec {
        let mode = quell_core::LatencyMode::Standard;
        StreamSpec { sample_rate_hz, n_channels: 1, n_noise_channels: 0, mode }
    }

    fn view<'a>(power: &'a [f32], gain: &'a [f32], ones: &'a [f32]) -> FrameView<'a> {
        let source = ProfileSource::Adaptive;
        FrameView {
            bin_hz: 25.0,
            source,
            power,
            noise: ones,
            threshold: ones,
            gain,
            number: 0,
            hum: None,
        }
    }

    #[test]
    fn a_tone_shows_in_its_column_and_nowhere_else() {
        let (feed, mut end) = feed();
        end.prepare(&spec(48_000.0), 25.0, 961);
        feed.watch(true);
        assert!(end.look());
        let mut power = vec![1e-9; 961];
        power[400] = 1.0;
        end.frame(&view(&power, &vec![0.5; 961], &vec![1.0; 961]));
        let mut n_frames = 0;
        feed.drain(|frame| {
            n_frames += 1;
            let (idx, _) =
                frame.input.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap();
            let hz = crate::columns::MIN_HZ
                * (frame.max_hz / crate::columns::MIN_HZ).powf((idx as f32 + 0.5) / 256.0);
            assert!((hz / 10_000.0 - 1.0).abs() < 0.02, "{hz} Hz");
            assert_eq!(frame.output[idx], frame.input[idx] * 0.25);
            assert_eq!(frame.removed[idx], frame.input[idx] * 0.25);
            assert!(frame.input[idx - 3] < 1e-8 && frame.input[idx + 3] < 1e-8);
            assert!((frame.output_power / frame.input_power - 0.25).abs() < 1e-3);
        });
        assert_eq!(n_frames, 1);
    }

    #[test]
    fn every_column_has_bins_at_every_rate() {
        for (rate_hz, n_bins) in [(8_000.0, 161), (44_100.0, 883), (192_000.0, 3_841)] {
            let (feed, mut end) = feed();
            end.prepare(&spec(rate_hz), 25.0, n_bins);
            feed.watch(true);
            end.look();
            let ones = vec![1.0; n_bins];
            end.frame(&view(&ones, &ones, &ones));
            feed.drain(|frame| {
                assert!(frame.input.iter().all(|&p| (p - 1.0).abs() < 1e-5), "{rate_hz}");
                assert!(frame.removed.iter().all(|&p| p == 0.0));
            });
        }
    }

    #[test]
    fn nobody_looking_costs_nothing_and_a_full_ring_drops_the_newest() {
        let (feed, mut end) = feed();
        assert!(!end.look(), "no window");
        end.prepare(&spec(48_000.0), 25.0, 961);
        assert!(!end.look() && !end.is_looking());
        feed.watch(true);
        assert!(end.look());
        let ones = vec![1.0; 961];
        for _ in 0..3 * N_FRAMES {
            end.frame(&view(&ones, &ones, &ones));
        }
        let mut n_frames = 0;
        feed.drain(|_| n_frames += 1);
        assert_eq!(n_frames, N_FRAMES);
    }

    #[test]
    fn meters_hold_the_peak_until_they_are_looked_at() {
        let (feed, mut end) = feed();
        end.prepare(&spec(48_000.0), 25.0, 961);
        let mut loud = vec![0.0f32; 480];
        loud[7] = -0.75;
        loud[8] = f32::NAN;
        end.input(&[&mut loud]);
        end.input(&[&mut [0.1; 480]]);
        end.output(&[&mut [0.5; 48_000]]);
        let [input, output] = feed.levels();
        assert_eq!(input.peak, 0.75);
        assert_eq!(output.peak, 0.5);
        assert!((output.mean_square - 0.25).abs() < 0.01, "{output:?}");
        assert_eq!(feed.levels()[0].peak, 0.0);
    }
}
