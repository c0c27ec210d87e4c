//! Reads and writes recordings, on a thread that may wait.

use std::error::Error;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use quell_audio::{Audio, AudioSpec, FileKind, Reader, WriteOptions, Writer, read_all};
use quell_core::{AlignedStream, Monitor, NoiseProfile, Settings, Treatment, learn_noise};
use rubato::audioadapter_buffers::direct::SequentialSliceOfVecs;
use rubato::{Fft, FixedSync, Resampler};

use crate::Shared;
use crate::standalone::deck::{Deck, Reel};
use crate::standalone::desk::Desk;
use crate::standalone::shelf::{Entry, Fate, N_PEAKS, OnDeck, Order, Shelf, Stream, clean_name};

/// Longest recording that is played, bytes of its samples: it lies in memory as a whole.
const MAX_BYTES: usize = 1 << 30;
/// How long the audio thread may take to let go of a reel.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// Frames that are resampled at once.
const CHUNK: usize = 4_096;

/// The thread's own.
pub struct Librarian {
    shelf: Shelf,
    deck: Arc<Deck>,
    shared: Shared,
    /// The recording that is looked at.
    audio: Option<Audio>,
    /// The stream that the reel on the deck was made for.
    made_for: Stream,
}

impl Librarian {
    /// With nothing on the shelf.
    pub fn new(desk: &Desk, shared: Shared) -> Self {
        let (shelf, deck) = (desk.shelf.clone(), Arc::clone(&desk.deck));
        Self { shelf, deck, shared, audio: None, made_for: None }
    }

    /// Does what was ordered last, and follows the stream; to be called a few times a second.
    pub fn tick(&mut self) {
        while let Some(order) = self.shelf.next_order() {
            self.follow(order);
            self.shared.feed.request_repaint();
        }
        if self.audio.is_some() && self.shelf.stream() != self.made_for {
            self.put_on_deck();
            self.shared.feed.request_repaint();
        }
    }

    fn follow(&mut self, order: Order) {
        match order {
            Order::Open(paths) => {
                let entry = |path| Entry { path, fate: Fate::Waiting };
                self.shelf.show(|shown| {
                    shown.entries = paths.into_iter().map(entry).collect();
                });
                self.choose(0);
            }
            Order::Choose(idx) => self.choose(idx),
            Order::Close => {
                self.take_off();
                self.shelf.show(|shown| *shown = Default::default());
            }
            Order::Learn(stretch) => {
                let learned = self.learn(stretch);
                self.shelf.say_learned(learned);
            }
            Order::Save(path) => {
                let current = self.shelf.look().current;
                self.save_these(&[(current, path)]);
            }
            Order::SaveAll => {
                let entries = self.shelf.look().entries;
                let beside = |(idx, entry): (usize, &Entry)| (idx, clean_name(&entry.path));
                let all: Vec<_> = entries.iter().enumerate().map(beside).collect();
                self.save_these(&all);
            }
        }
    }

    // ---- To hear -------------------------------------------------------------------------------

    fn choose(&mut self, idx: usize) {
        self.take_off();
        let Some(entry) = self.shelf.look().entries.get(idx).cloned() else { return };
        self.shelf.show(|shown| shown.current = idx);
        self.shelf.set_fate(idx, Fate::Opening);
        self.shared.feed.request_repaint();
        let fate = match open(&entry.path) {
            Ok(audio) => {
                self.audio = Some(audio);
                self.deck.go_to(0);
                self.deck.select(None);
                match entry.fate {
                    saved @ Fate::Saved(_) => saved,
                    _ => Fate::Open,
                }
            }
            Err(error) => Fate::Failed(error),
        };
        self.shelf.set_fate(idx, fate);
        if self.audio.is_some() {
            self.put_on_deck();
        }
    }

    /// Makes a reel for the stream that plays, from where the last one was.
    fn put_on_deck(&mut self) {
        let stream = self.shelf.stream();
        let at_s = self.made_for.map(|(rate_hz, _)| self.deck.at() as f64 / rate_hz);
        self.take_reel();
        self.made_for = stream;
        let Some(audio) = &self.audio else { return };
        let on_deck = OnDeck {
            seconds: audio.seconds(),
            peaks: Arc::new(peaks(audio)),
            stream_hz: stream.map_or(0.0, |(rate_hz, _)| rate_hz),
        };
        self.shelf.show(|shown| shown.on_deck = Some(on_deck));
        let Some((rate_hz, n_channels)) = stream else { return };
        match reel(audio, rate_hz, n_channels) {
            Ok(reel) => {
                self.deck.go_to((at_s.unwrap_or(0.0) * rate_hz) as usize);
                self.deck.reels.give(Box::new(reel));
            }
            Err(error) => {
                self.shelf.set_fate(self.shelf.look().current, Fate::Failed(error));
            }
        }
    }

    fn take_off(&mut self) {
        self.deck.play(false);
        self.take_reel();
        (self.audio, self.made_for) = (None, None);
        self.shelf.show(|shown| shown.on_deck = None);
    }

    /// Takes the reel back, where the audio thread has one.
    fn take_reel(&mut self) {
        if self.made_for.take().is_none() {
            return;
        }
        self.deck.reels.recall();
        let end = Instant::now() + LONGEST_WAIT;
        while self.deck.reels.take_back().is_none() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    // ---- To learn ------------------------------------------------------------------------------

    fn learn(&self, stretch: Range<f64>) -> Result<NoiseProfile, String> {
        let audio = self.audio.as_ref().ok_or("no recording is open")?;
        let rate_hz = f64::from(audio.spec.sample_rate_hz);
        let frame = |seconds: f64| ((seconds * rate_hz) as usize).min(audio.n_frames());
        let frames = frame(stretch.start)..frame(stretch.end);
        let channels: Vec<_> =
            audio.channels.iter().map(|channel| channel[frames.clone()].to_vec()).collect();
        learn_noise(&channels, rate_hz)
            .map_err(|error| format!("Nothing was learned: {error}. Drag over another stretch"))
    }

    // ---- To keep -------------------------------------------------------------------------------

    fn save_these(&self, files: &[(usize, PathBuf)]) {
        self.shelf.take_stop();
        self.shelf.show(|shown| shown.is_saving = true);
        for (idx, to) in files {
            let Some(entry) = self.shelf.look().entries.get(*idx).cloned() else { continue };
            match self.save(*idx, &entry.path, to) {
                Ok(true) => self.shelf.set_fate(*idx, Fate::Saved(to.clone())),
                Ok(false) => {
                    self.shelf.set_fate(*idx, entry.fate);
                    break;
                }
                Err(error) => self.shelf.set_fate(*idx, Fate::Failed(error)),
            }
        }
        self.shelf.show(|shown| shown.is_saving = false);
    }

    /// Writes one clean file, with the settings and the print of now; `false` where it was stopped.
    fn save(&self, idx: usize, from: &Path, to: &Path) -> Result<bool, String> {
        let settings = Settings {
            bypass: false,
            monitor: Monitor::Denoised,
            capture: false,
            use_recent: false,
            ..self.shared.params.settings()
        };
        let print = self.shared.link.in_force();
        let treatment =
            Treatment { settings: &settings, mode: settings.latency, profile: print.as_deref() };
        let failed = |error: &dyn std::fmt::Display| error.to_string();
        let mut reader = Reader::open(from).map_err(|e| failed(&e))?;
        let spec = reader.spec();
        let rate_hz = f64::from(spec.sample_rate_hz);
        let mut stream =
            AlignedStream::new(rate_hz, spec.n_channels, &treatment).map_err(|e| failed(&e))?;
        let format = FileKind::of_path(to).map_err(|e| failed(&e))?.nearest_format(spec.format);
        let options = WriteOptions {
            spec: AudioSpec { format, ..spec },
            tags: reader.tags().clone(),
            is_dithered: spec.format.loses_in(format),
        };
        let mut writer = Writer::create(to, &options).map_err(|e| failed(&e))?;
        let n_frames = reader.n_frames().unwrap_or(u64::MAX).max(1) as f64;
        let mut n_done = 0;
        while let Some(block) = reader.next_block().map_err(|e| failed(&e))? {
            n_done += block.first().map_or(0, Vec::len);
            stream.process(block, &mut (), |out| writer.write(out)).map_err(|e| failed(&e))?;
            self.shelf.set_fate(idx, Fate::Saving((n_done as f64 / n_frames) as f32));
            self.shared.feed.request_repaint();
            if self.shelf.take_stop() {
                return Ok(false);
            }
        }
        stream.finish(&mut (), |out| writer.write(out)).map_err(|e| failed(&e))?;
        writer.finish().map_err(|e| failed(&e))?;
        Ok(true)
    }
}

fn open(path: &Path) -> Result<Audio, String> {
    let reader = Reader::open(path).map_err(|error| error.to_string())?;
    let n_channels = reader.spec().n_channels;
    let n_frames = reader.n_frames().unwrap_or(0) as usize;
    if n_frames.saturating_mul(n_channels * size_of::<f32>()) > MAX_BYTES {
        return Err(format!(
            "'{}' is too long to be played in one piece: save it without listening, or cut it",
            path.display()
        ));
    }
    let audio = read_all(path).map_err(|error| error.to_string())?;
    if audio.n_frames() == 0 {
        return Err(format!("'{}' holds no sound: choose another file", path.display()));
    }
    Ok(audio)
}

/// The recording at another rate, in so many channels: one for all, or all for one.
fn reel(audio: &Audio, rate_hz: f64, n_channels: usize) -> Result<Reel, String> {
    let channels = match (audio.channels.as_slice(), n_channels) {
        ([_], 1) => audio.channels.clone(),
        (_, 1) => vec![audio.mono()],
        ([mono], n) => vec![mono.clone(); n],
        (many, n) => many[..n.min(many.len())].to_vec(),
    };
    let from_hz = audio.spec.sample_rate_hz as usize;
    let channels = resampled(channels, from_hz, rate_hz as usize)
        .map_err(|error| format!("{from_hz} Hz cannot be played at {rate_hz} Hz: {error}"))?;
    Ok(Reel { channels, rate_hz })
}

/// Unchanged where the rates are one.
fn resampled(
    channels: Vec<Vec<f32>>,
    from_hz: usize,
    to_hz: usize,
) -> Result<Vec<Vec<f32>>, Box<dyn Error>> {
    if from_hz == to_hz {
        return Ok(channels);
    }
    let one = |channel: &Vec<f32>| -> Result<Vec<f32>, Box<dyn Error>> {
        let mut fft = Fft::<f32>::new(from_hz, to_hz, CHUNK, 1, FixedSync::Input)?;
        let input = SequentialSliceOfVecs::new(std::slice::from_ref(channel), 1, channel.len())?;
        Ok(fft.process_all(&input, channel.len(), None)?.take_data())
    };
    channels.iter().map(one).collect()
}

fn peaks(audio: &Audio) -> Vec<[f32; 2]> {
    let n_frames = audio.n_frames();
    let column = |idx: usize| {
        let range = idx * n_frames / N_PEAKS..((idx + 1) * n_frames / N_PEAKS).max(1);
        let samples = audio.channels.iter().flat_map(|channel| &channel[range.clone()]);
        samples.fold([0.0f32; 2], |[low, high], &s| [low.min(s), high.max(s)])
    };
    (0..N_PEAKS).map(column).collect()
}
