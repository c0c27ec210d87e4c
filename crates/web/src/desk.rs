//! One stream, its settings and its print, and the learning of prints.

use quell_core::config::CAPTURE_S;
use quell_core::kernels::{Kernel, Level};
use quell_core::settings::TABLE;
use quell_core::{
    Choice, Denoiser, LatencyMode, NoiseLearner, NoiseProfile, QuietFinder, Settings, StreamSpec,
    accept_as_noise,
};
use quell_formats::noise_profile;
use serde_json::Value;

use crate::columns::Columns;

/// Frames that a block holds for a channel.
pub(crate) const BLOCK_LEN: usize = 8192;

/// All that an instance holds.
pub(crate) struct Desk {
    pub(crate) text: Vec<u8>,
    pub(crate) columns: Columns,
    settings: Settings,
    stream: Option<Denoiser>,
    /// A channel after the other, each [`BLOCK_LEN`] long.
    block: Vec<f32>,
    /// Set from outside; what the stream captures lies there.
    print: Option<NoiseProfile>,
    learner: Option<NoiseLearner>,
    /// Of all stretches so far.
    learned: Option<NoiseProfile>,
    /// How the last capture ended.
    said: String,
    finder: Option<QuietFinder>,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self {
            text: Vec::new(),
            columns: Columns::new(),
            settings: Settings::default(),
            stream: None,
            block: Vec::new(),
            print: None,
            learner: None,
            learned: None,
            said: String::new(),
            finder: None,
        }
    }

    pub(crate) fn open(
        &mut self,
        sample_rate_hz: f64,
        n_channels: usize,
        mode_idx: usize,
        is_scalar: bool,
    ) -> Result<String, String> {
        let mode = LatencyMode::at(mode_idx);
        let spec = StreamSpec { sample_rate_hz, n_channels, n_noise_channels: 0, mode };
        let best = Kernel::best();
        let scalar = Kernel::new(Level::Scalar).unwrap_or(best);
        let kernel = if is_scalar { scalar } else { best };
        let mut stream = Denoiser::with_kernel(spec, kernel).map_err(|error| error.to_string())?;
        stream.set_profile(self.print.as_ref());
        // As in the plugin.
        stream.end_captures_after(CAPTURE_S);
        self.stream = Some(stream);
        self.block = vec![0.0; BLOCK_LEN * n_channels];
        self.columns.clear();
        self.learner = None;
        self.learned = None;
        self.said.clear();
        self.finder = None;
        Ok(String::new())
    }

    pub(crate) fn channel(&mut self, idx: usize) -> *mut f32 {
        match self.block.chunks_exact_mut(BLOCK_LEN).nth(idx) {
            Some(channel) => channel.as_mut_ptr(),
            None => std::ptr::null_mut(),
        }
    }

    pub(crate) fn latency_samples(&self) -> usize {
        self.stream.as_ref().map_or(0, Denoiser::latency_samples)
    }

    pub(crate) fn set(&mut self, row_idx: usize, plain: f32) {
        if let Some(row) = TABLE.get(row_idx) {
            row.set_plain(&mut self.settings, plain);
        }
    }

    pub(crate) fn get(&self, row_idx: usize) -> f32 {
        TABLE.get(row_idx).map_or(0.0, |row| row.plain(&self.settings))
    }

    pub(crate) fn process(&mut self, n_frames: usize) {
        let n_frames = n_frames.min(BLOCK_LEN);
        let Some(stream) = &mut self.stream else { return };
        // The audio thread makes no memory: two slices live on the stack, more are for files.
        let mut channels = self.block.chunks_exact_mut(BLOCK_LEN).map(|c| &mut c[..n_frames]);
        match (channels.next(), channels.next(), channels.next()) {
            (Some(only), None, _) => {
                stream.process(&mut [only], None, &self.settings, &mut self.columns);
            }
            (Some(left), Some(right), None) => {
                stream.process(&mut [left, right], None, &self.settings, &mut self.columns);
            }
            (Some(a), Some(b), Some(c)) => {
                let mut io: Vec<&mut [f32]> = vec![a, b, c];
                io.extend(channels);
                stream.process(&mut io, None, &self.settings, &mut self.columns);
            }
            (None, ..) => {}
        }
    }

    /// How far a capture has come or how the last one ended, and whether one is under way. Where it
    /// ended by itself, the setting that began it falls back.
    pub(crate) fn capture(&mut self) -> (String, bool) {
        let Some(stream) = &mut self.stream else { return (String::new(), false) };
        if let Some(progress) = stream.capture_progress() {
            return (format!("capturing, {:.1} s of noise", progress.usable_s), true);
        }
        match stream.take_capture() {
            Some(Ok(captured)) if captured.is_in_force => {
                self.said = format!("captured {}", told_of(captured.print));
                self.settings.capture = false;
            }
            Some(Ok(captured)) => {
                self.said = format!("not taken: {}", captured.print.judge());
                self.settings.capture = false;
            }
            Some(Err(reason)) => {
                self.said = reason.to_string();
                self.settings.capture = false;
            }
            None => {}
        }
        (self.said.clone(), self.settings.capture)
    }

    /// The channels of a block, for what may allocate.
    fn spec(&self) -> Result<StreamSpec, String> {
        let stream = self.stream.as_ref().ok_or("there is no stream yet")?;
        Ok(*stream.spec())
    }

    pub(crate) fn learn(&mut self, n_frames: usize) -> Result<String, String> {
        let spec = self.spec()?;
        let learner = match &mut self.learner {
            Some(learner) => learner,
            none => none.insert(
                NoiseLearner::new(spec.sample_rate_hz, spec.n_channels)
                    .map_err(|error| error.to_string())?,
            ),
        };
        let n_frames = n_frames.min(BLOCK_LEN);
        let mut io: Vec<&mut [f32]> =
            self.block.chunks_exact_mut(BLOCK_LEN).map(|c| &mut c[..n_frames]).collect();
        learner.push(&mut io);
        Ok(String::new())
    }

    pub(crate) fn learn_end(&mut self) -> Result<String, String> {
        let learner = self.learner.take().ok_or("nothing was played to learn from")?;
        let part = learner.finish().map_err(|reason| reason.to_string())?;
        self.learned = Some(match self.learned.take() {
            Some(before) => before.pooled_with(&part).map_err(|error| error.to_string())?,
            None => part,
        });
        Ok(String::new())
    }

    pub(crate) fn print_learned(&mut self, is_found: bool) -> Result<String, String> {
        let learned = self.learned.take().ok_or("nothing was learned")?;
        if is_found {
            accept_as_noise(&learned).map_err(|reason| reason.to_string())?;
        }
        let said = told_of(&learned);
        self.keep(Some(learned));
        Ok(said)
    }

    pub(crate) fn find(&mut self, n_frames: usize) -> Result<String, String> {
        let spec = self.spec()?;
        let finder = match &mut self.finder {
            Some(finder) => finder,
            none => none
                .insert(QuietFinder::new(spec.sample_rate_hz).map_err(|error| error.to_string())?),
        };
        let n_frames = n_frames.min(BLOCK_LEN);
        let channels: Vec<&[f32]> =
            self.block.chunks_exact(BLOCK_LEN).map(|c| &c[..n_frames]).collect();
        finder.push(&channels);
        Ok(String::new())
    }

    pub(crate) fn find_end(&mut self) -> Result<String, String> {
        let found = self.finder.take().map(QuietFinder::finish).unwrap_or_default();
        let pairs = found.iter().map(|stretch| vec![stretch.start_s, stretch.end_s]);
        Ok(pairs.collect::<Value>().to_string())
    }

    pub(crate) fn print(&self) -> Result<String, String> {
        let captured = self.stream.as_ref().and_then(Denoiser::profile);
        // One that was set is kept whole; the stream has only what fits it.
        let print = self.print.as_ref().or(captured).ok_or("there is no print yet")?;
        Ok(noise_profile::to_json(print).to_string())
    }

    pub(crate) fn set_print(&mut self) -> Result<String, String> {
        let text = std::mem::take(&mut self.text);
        if text.is_empty() {
            self.keep(None);
            return Ok(String::new());
        }
        let value: Value =
            serde_json::from_slice(&text).map_err(|_| "it is no noise print".to_owned())?;
        let print = noise_profile::from_json(&value).map_err(|error| error.to_string())?;
        self.keep(Some(print));
        Ok(String::new())
    }

    fn keep(&mut self, print: Option<NoiseProfile>) {
        if let Some(stream) = &mut self.stream {
            stream.set_profile(print.as_ref());
        }
        self.print = print;
    }
}

/// What is said of a print.
fn told_of(print: &NoiseProfile) -> String {
    let level = print.about().level_dbfs.map(|level| format!(" at {level:.0} dBFS"));
    format!("{:.1} s of noise{}, {}", print.seconds(), level.unwrap_or_default(), print.judge())
}

#[cfg(test)]
mod tests {
    use quell_core::settings::table::place_of;
    use quell_core::{Engine, Treatment, denoise};

    use super::*;

    const RATE_HZ: f64 = 48_000.0;

    /// Three seconds of noise, then a tone over it.
    fn sound(seed: u64) -> Vec<f32> {
        let mut random = fastrand::Rng::with_seed(seed);
        let tone = |i: usize| if i < 144_000 { 0.0 } else { 0.2 * (i as f32 * 0.03).sin() };
        (0..240_000).map(|i| 0.02 * (random.f32() - 0.5) + tone(i)).collect()
    }

    fn blocks(desk: &mut Desk, sound: &[Vec<f32>], mut each: impl FnMut(&mut Desk, usize)) {
        for start in (0..sound[0].len()).step_by(BLOCK_LEN) {
            let end = sound[0].len().min(start + BLOCK_LEN);
            for (idx, channel) in sound.iter().enumerate() {
                desk.block[idx * BLOCK_LEN..][..end - start].copy_from_slice(&channel[start..end]);
            }
            each(desk, end - start);
        }
    }

    #[test]
    fn what_the_page_does_is_what_the_library_does() {
        let sound = vec![sound(1), sound(2)];
        let mut desk = Desk::new();
        desk.open(RATE_HZ, 2, LatencyMode::Studio.idx(), false).unwrap();
        blocks(&mut desk, &sound, |desk, n| drop(desk.find(n).unwrap()));
        let found: Vec<[f64; 2]> = serde_json::from_str(&desk.find_end().unwrap()).unwrap();
        assert!(!found.is_empty() && found.iter().all(|range| range[1] < 3.1), "{found:?}");
        for range in &found {
            let cut = |c: &Vec<f32>| {
                c[(range[0] * RATE_HZ) as usize..(range[1] * RATE_HZ) as usize].to_vec()
            };
            let stretch: Vec<_> = sound.iter().map(cut).collect();
            blocks(&mut desk, &stretch, |desk, n| drop(desk.learn(n).unwrap()));
            desk.learn_end().unwrap();
        }
        assert!(desk.print_learned(true).unwrap().contains("steady"));
        desk.set(place_of("engine"), Engine::Hybrid.idx() as f32);
        let mut out = vec![Vec::new(); 2];
        blocks(&mut desk, &sound, |desk, n| {
            desk.process(n);
            for (idx, out) in out.iter_mut().enumerate() {
                out.extend_from_slice(&desk.block[idx * BLOCK_LEN..][..n]);
            }
        });
        let settings = Settings { engine: Engine::Hybrid, ..Settings::default() };
        let print = desk.print.clone();
        let treatment =
            Treatment { settings: &settings, mode: LatencyMode::Studio, profile: print.as_ref() };
        let expected = denoise(&sound, RATE_HZ, &treatment).unwrap();
        let latency = desk.latency_samples();
        for (out, expected) in out.iter().zip(&expected) {
            assert_eq!(out[latency..], expected[..out.len() - latency]);
        }
    }

    #[test]
    fn a_print_goes_out_and_comes_back_and_damage_is_refused() {
        let mut desk = Desk::new();
        desk.open(RATE_HZ, 1, 0, false).unwrap();
        assert!(desk.print().is_err());
        blocks(&mut desk, &[sound(3)[..96_000].to_vec()], |desk, n| drop(desk.learn(n)));
        desk.learn_end().unwrap();
        desk.print_learned(false).unwrap();
        let json = desk.print().unwrap();
        desk.text = json.replace("25", "24").into_bytes();
        assert!(desk.set_print().is_err());
        assert_eq!(desk.print().unwrap(), json, "the good one is kept");
        desk.text = Vec::new();
        desk.set_print().unwrap();
        assert!(desk.print().is_err(), "it was removed");
        desk.text = json.clone().into_bytes();
        desk.set_print().unwrap();
        assert_eq!(desk.print().unwrap(), json);
    }

    #[test]
    fn a_capture_ends_by_itself_and_says_what_it_got() {
        let mut desk = Desk::new();
        desk.open(RATE_HZ, 1, 0, false).unwrap();
        desk.set(place_of("capture"), 1.0);
        let mut heard = Vec::new();
        blocks(&mut desk, &[sound(5)[..140_000].to_vec()], |desk, n| {
            desk.process(n);
            heard.push(desk.capture());
        });
        assert!(heard[2].0.starts_with("capturing") && heard[2].1, "{heard:?}");
        let (said, is_on) = heard.last().unwrap();
        assert!(said.starts_with("captured 2.0 s of noise at -") && !is_on, "{heard:?}");
        assert!(desk.print().is_ok());
    }

    #[test]
    fn what_cannot_be_done_is_said() {
        let mut desk = Desk::new();
        assert!(desk.learn(1).is_err() && desk.learn_end().is_err() && desk.find(1).is_err());
        desk.process(BLOCK_LEN);
        assert!(desk.open(f64::NAN, 1, 0, false).is_err());
        assert!(desk.open(RATE_HZ, 0, 0, false).is_err());
        desk.open(RATE_HZ, 1, 99, false).unwrap();
        assert!(desk.channel(1).is_null());
        desk.set(9_999, 1.0);
        blocks(&mut desk, &[vec![0.0; 48_000]], |desk, n| drop(desk.learn(n)));
        let refusal = desk.learn_end().unwrap_err();
        assert!(refusal.contains("silent"), "{refusal}");
    }
}
