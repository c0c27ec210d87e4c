//! The plugin's parameters: permanent ids, ranges, units and text, and their way into
//! [`quell_core::Settings`].
//!
//! Ids are for ever: projects and automation name parameters by them. Choices are stored by the ids
//! of their variants, and new variants go to the end. VST3 stores automation as a share of the
//! range, which moves when a variant is added; so the one choice that grows, the engine, is not
//! automatable.

use std::sync::Arc;

use nice_plug::prelude::*;
use quell_core::curve::N_NODES;
use quell_core::{
    Engine, LatencyMode, Monitor, ProfileSource, Settings, ThresholdCurve, ThresholdNode,
};

/// Which algorithm makes the mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum EngineChoice {
    /// See [`Engine::Gate`].
    #[id = "gate"]
    #[name = "Gate"]
    Gate,
    /// See [`Engine::Classic`].
    #[id = "classic"]
    #[name = "Classic"]
    Classic,
    /// See [`Engine::Neural`].
    #[id = "neural"]
    #[name = "Neural"]
    Neural,
    /// See [`Engine::Hybrid`].
    #[id = "hybrid"]
    #[name = "Hybrid"]
    Hybrid,
}

/// How much delay the plugin may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum LatencyChoice {
    /// See [`LatencyMode::Live`].
    #[id = "live"]
    #[name = "Live (20 ms)"]
    Live,
    /// See [`LatencyMode::Standard`].
    #[id = "standard"]
    #[name = "Standard (40 ms)"]
    Standard,
    /// See [`LatencyMode::Studio`].
    #[id = "studio"]
    #[name = "Studio (80 ms)"]
    Studio,
}

/// Where the noise profile comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum SourceChoice {
    /// See [`ProfileSource::Captured`].
    #[id = "captured"]
    #[name = "Captured"]
    Captured,
    /// See [`ProfileSource::Adaptive`].
    #[id = "adaptive"]
    #[name = "Adaptive"]
    Adaptive,
    /// See [`ProfileSource::Sidechain`].
    #[id = "sidechain"]
    #[name = "Sidechain"]
    Sidechain,
}

/// What is sent to the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum MonitorChoice {
    /// See [`Monitor::Denoised`].
    #[id = "denoised"]
    #[name = "Denoised"]
    Denoised,
    /// See [`Monitor::Removed`].
    #[id = "removed"]
    #[name = "Removed"]
    Removed,
}

/// Everything that a host can show, automate and store.
#[derive(Params)]
pub struct QuellParams {
    /// Collects noise while on.
    #[id = "capture"]
    pub capture: BoolParam,
    /// Share of the noise to take away, %.
    #[id = "reduction"]
    pub reduction: FloatParam,
    /// Deepest gain of a bin, dB.
    #[id = "floor"]
    pub floor: FloatParam,
    /// Standard deviations above the mean noise level at which a bin counts as signal.
    #[id = "sensitivity"]
    pub sensitivity: FloatParam,
    /// Where the noise profile comes from.
    #[id = "source"]
    pub source: EnumParam<SourceChoice>,
    /// What is sent to the output.
    #[id = "monitor"]
    pub monitor: EnumParam<MonitorChoice>,
    /// Share of the processed signal, %.
    #[id = "mix"]
    pub mix: FloatParam,
    /// Gain of the output, dB.
    #[id = "gain"]
    pub gain: FloatParam,
    /// Width of the transition around the threshold, dB.
    #[id = "knee"]
    pub knee: FloatParam,
    /// Half width of the mask's smoothing over frequency, Hz.
    #[id = "freq_smooth"]
    pub freq_smoothing: FloatParam,
    /// Half width of the mask's smoothing over time in Studio mode, ms.
    #[id = "time_smooth"]
    pub time_smoothing: FloatParam,
    /// Time constant with which a bin opens, ms.
    #[id = "attack"]
    pub attack: FloatParam,
    /// Time constant with which a bin closes, ms.
    #[id = "release"]
    pub release: FloatParam,
    /// Shift of the threshold at node 1, dB.
    #[id = "thr_1"]
    pub offset_1: FloatParam,
    /// Shift of the threshold at node 2, dB.
    #[id = "thr_low"]
    pub offset_2: FloatParam,
    /// Shift of the threshold at node 3, dB.
    #[id = "thr_3"]
    pub offset_3: FloatParam,
    /// Shift of the threshold at node 4, dB.
    #[id = "thr_mid"]
    pub offset_4: FloatParam,
    /// Shift of the threshold at node 5, dB.
    #[id = "thr_5"]
    pub offset_5: FloatParam,
    /// Shift of the threshold at node 6, dB.
    #[id = "thr_high"]
    pub offset_6: FloatParam,
    /// Where node 1 of the threshold stands, Hz.
    #[id = "thr_hz_1"]
    pub node_1: FloatParam,
    /// Where node 2 of the threshold stands, Hz.
    #[id = "thr_hz_2"]
    pub node_2: FloatParam,
    /// Where node 3 of the threshold stands, Hz.
    #[id = "thr_hz_3"]
    pub node_3: FloatParam,
    /// Where node 4 of the threshold stands, Hz.
    #[id = "thr_hz_4"]
    pub node_4: FloatParam,
    /// Where node 5 of the threshold stands, Hz.
    #[id = "thr_hz_5"]
    pub node_5: FloatParam,
    /// Where node 6 of the threshold stands, Hz.
    #[id = "thr_hz_6"]
    pub node_6: FloatParam,
    /// How much the residue of the noise is kept from twinkling, %.
    #[id = "artifact"]
    pub artifact_control: FloatParam,
    /// How much faster bins open where sound begins, %.
    #[id = "transient"]
    pub transient_protection: FloatParam,
    /// Takes hum of the mains out in phase.
    #[id = "hum"]
    pub remove_hum: BoolParam,
    /// One mask for both channels.
    #[id = "link"]
    pub stereo_link: BoolParam,
    /// Algorithm that makes the mask.
    #[id = "engine"]
    pub engine: EnumParam<EngineChoice>,
    /// Delay the plugin may take; changes with a restart, so no automation.
    #[id = "latency"]
    pub latency: EnumParam<LatencyChoice>,
    /// The host's bypass.
    #[id = "bypass"]
    pub bypass: BoolParam,
}

impl Default for QuellParams {
    fn default() -> Self {
        let d = Settings::default();
        Self {
            capture: switch("Capture", d.capture),
            reduction: percent("Reduction", d.reduction),
            floor: decibels("Floor", d.floor_db, -100.0, 0.0),
            sensitivity: number("Sensitivity", d.sensitivity, -3.0, 6.0, Unit::Plain),
            source: EnumParam::new("Profile Source", d.profile_source.into()),
            monitor: EnumParam::new("Output", d.monitor.into()),
            mix: percent("Mix", d.mix),
            gain: decibels("Output Gain", d.output_gain_db, -24.0, 24.0),
            knee: decibels("Knee", d.knee_db, 0.0, 24.0),
            freq_smoothing: number(
                "Frequency Smoothing",
                d.freq_smoothing_hz,
                0.0,
                1_000.0,
                Unit::Hertz,
            ),
            time_smoothing: milliseconds("Time Smoothing", d.time_smoothing_ms, 500.0),
            attack: milliseconds("Attack", d.attack_ms, 500.0),
            release: milliseconds("Release", d.release_ms, 2_000.0),
            offset_1: node_offset(1),
            offset_2: node_offset(2),
            offset_3: node_offset(3),
            offset_4: node_offset(4),
            offset_5: node_offset(5),
            offset_6: node_offset(6),
            node_1: node_hz(1),
            node_2: node_hz(2),
            node_3: node_hz(3),
            node_4: node_hz(4),
            node_5: node_hz(5),
            node_6: node_hz(6),
            artifact_control: percent("Artifact Control", d.artifact_control),
            transient_protection: percent("Transient Protection", d.transient_protection),
            remove_hum: switch("Remove Hum", d.remove_hum),
            stereo_link: switch("Stereo Link", d.stereo_link),
            engine: EnumParam::new("Engine", d.engine.into()).non_automatable(),
            latency: EnumParam::new("Latency", LatencyMode::default().into()).non_automatable(),
            bypass: switch("Bypass", d.bypass).make_bypass(),
        }
    }
}

impl QuellParams {
    /// The values as the denoiser takes them.
    pub fn settings(&self) -> Settings {
        Settings {
            engine: self.engine.value().into(),
            profile_source: self.source.value().into(),
            capture: self.capture.value(),
            reduction: self.reduction.value() / 100.0,
            floor_db: self.floor.value(),
            sensitivity: self.sensitivity.value(),
            knee_db: self.knee.value(),
            freq_smoothing_hz: self.freq_smoothing.value(),
            time_smoothing_ms: self.time_smoothing.value(),
            attack_ms: self.attack.value(),
            release_ms: self.release.value(),
            curve: self.curve(),
            artifact_control: self.artifact_control.value() / 100.0,
            transient_protection: self.transient_protection.value() / 100.0,
            remove_hum: self.remove_hum.value(),
            stereo_link: self.stereo_link.value(),
            monitor: self.monitor.value().into(),
            mix: self.mix.value() / 100.0,
            output_gain_db: self.gain.value(),
            bypass: self.bypass.value(),
        }
    }

    /// The nodes of the threshold: where each stands, and how far it shifts.
    pub fn nodes(&self) -> [(&FloatParam, &FloatParam); N_NODES] {
        [
            (&self.node_1, &self.offset_1),
            (&self.node_2, &self.offset_2),
            (&self.node_3, &self.offset_3),
            (&self.node_4, &self.offset_4),
            (&self.node_5, &self.offset_5),
            (&self.node_6, &self.offset_6),
        ]
    }

    /// The threshold's shape over frequency.
    pub fn curve(&self) -> ThresholdCurve {
        let node = |(hz, offset): (&FloatParam, &FloatParam)| ThresholdNode {
            hz: hz.value(),
            offset_db: offset.value(),
        };
        ThresholdCurve { nodes: self.nodes().map(node) }
    }

    /// The mode that the next activation takes.
    pub fn latency_mode(&self) -> LatencyMode {
        self.latency.value().into()
    }
}

/// What a number's text may carry after its digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Plain,
    Decibel,
    Hertz,
    Millisecond,
    Percent,
}

impl Unit {
    /// As it is written behind a value.
    const fn suffix(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Decibel => " dB",
            Self::Hertz => " Hz",
            Self::Millisecond => " ms",
            Self::Percent => " %",
        }
    }

    /// Digits after the point that are worth showing.
    const fn n_decimals(self) -> usize {
        match self {
            Self::Plain => 2,
            Self::Decibel | Self::Percent | Self::Millisecond => 1,
            Self::Hertz => 0,
        }
    }

    /// What a number with this suffix (lower case, trimmed) must be multiplied by; `None` where
    /// the suffix means something else.
    fn factor(self, suffix: &str) -> Option<f32> {
        match (self, suffix) {
            (_, "") => Some(1.0),
            (Self::Decibel, "db") | (Self::Hertz, "hz") => Some(1.0),
            (Self::Millisecond, "ms") | (Self::Percent, "%") => Some(1.0),
            (Self::Hertz, "k" | "khz") | (Self::Millisecond, "s") => Some(1_000.0),
            _ => None,
        }
    }

    /// Reads `-12`, `-12 dB`, `1.2 kHz`, `40ms`, `0.04 s`, `90 %`; a comma or the typographic
    /// minus is no obstacle.
    fn parse(self, text: &str) -> Option<f32> {
        let text = text.trim().replace('\u{2212}', "-").replace(',', ".").to_lowercase();
        let is_digit = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.');
        let n_digits = text.find(|c| !is_digit(c)).unwrap_or(text.len());
        let (digits, suffix) = text.split_at(n_digits);
        let value: f32 = digits.parse().ok()?;
        let value = value * self.factor(suffix.trim())?;
        value.is_finite().then_some(value)
    }
}

fn number(name: &str, default: f32, min: f32, max: f32, unit: Unit) -> FloatParam {
    with_text(FloatParam::new(name, default, FloatRange::Linear { min, max }), unit)
}

fn with_text(param: FloatParam, unit: Unit) -> FloatParam {
    param
        .with_unit(unit.suffix())
        .with_value_to_string(Arc::new(move |value| {
            let text = format!("{value:.*}", unit.n_decimals());
            // A value that rounds to nothing has no sign.
            if text.trim_start_matches(['-', '0', '.']).is_empty() {
                text.trim_start_matches('-').to_owned()
            } else {
                text
            }
        }))
        .with_string_to_value(Arc::new(move |text| unit.parse(text)))
}

/// On or off. The framework reads any text as one of the two; ours must be one of these.
fn switch(name: &str, default: bool) -> BoolParam {
    BoolParam::new(name, default)
        .with_value_to_string(Arc::new(|is_on| if is_on { "On" } else { "Off" }.to_owned()))
        .with_string_to_value(Arc::new(|text| match text.trim().to_lowercase().as_str() {
            "on" | "yes" | "true" | "1" => Some(true),
            "off" | "no" | "false" | "0" => Some(false),
            _ => None,
        }))
}

fn percent(name: &str, default_share: f32) -> FloatParam {
    number(name, default_share * 100.0, 0.0, 100.0, Unit::Percent)
}

fn decibels(name: &str, default: f32, min: f32, max: f32) -> FloatParam {
    number(name, default, min, max, Unit::Decibel)
}

fn node_offset(number: usize) -> FloatParam {
    decibels(&format!("Threshold {number}"), 0.0, -24.0, 24.0)
}

/// Skewed so that half of the way is the middle between the ends as one hears it.
fn node_hz(number: usize) -> FloatParam {
    let (min, max) = (20.0f32, 20_000.0f32);
    let middle = ((min * max).sqrt() - min) / (max - min);
    let range = FloatRange::Skewed { min, max, factor: 0.5f32.log(middle) };
    let default_hz = quell_core::config::NODE_HZ[number - 1];
    let param = FloatParam::new(format!("Threshold {number} Frequency"), default_hz, range);
    with_text(param, Unit::Hertz)
}

/// Times are skewed: half of the way is a tenth of the range, as short times differ most.
fn milliseconds(name: &str, default: f32, max: f32) -> FloatParam {
    let range = FloatRange::Skewed { min: 0.0, max, factor: 0.1f32.log(0.5).recip() };
    with_text(FloatParam::new(name, default, range), Unit::Millisecond)
}

impl From<LatencyChoice> for LatencyMode {
    fn from(choice: LatencyChoice) -> Self {
        match choice {
            LatencyChoice::Live => Self::Live,
            LatencyChoice::Standard => Self::Standard,
            LatencyChoice::Studio => Self::Studio,
        }
    }
}

impl From<LatencyMode> for LatencyChoice {
    fn from(mode: LatencyMode) -> Self {
        match mode {
            LatencyMode::Live => Self::Live,
            LatencyMode::Standard => Self::Standard,
            LatencyMode::Studio => Self::Studio,
        }
    }
}

impl From<EngineChoice> for Engine {
    fn from(choice: EngineChoice) -> Self {
        match choice {
            EngineChoice::Gate => Self::Gate,
            EngineChoice::Classic => Self::Classic,
            EngineChoice::Neural => Self::Neural,
            EngineChoice::Hybrid => Self::Hybrid,
        }
    }
}

impl From<Engine> for EngineChoice {
    fn from(engine: Engine) -> Self {
        match engine {
            Engine::Gate => Self::Gate,
            Engine::Classic => Self::Classic,
            Engine::Neural => Self::Neural,
            Engine::Hybrid => Self::Hybrid,
        }
    }
}

impl From<SourceChoice> for ProfileSource {
    fn from(choice: SourceChoice) -> Self {
        match choice {
            SourceChoice::Captured => Self::Captured,
            SourceChoice::Adaptive => Self::Adaptive,
            SourceChoice::Sidechain => Self::Sidechain,
        }
    }
}

impl From<ProfileSource> for SourceChoice {
    fn from(source: ProfileSource) -> Self {
        match source {
            ProfileSource::Captured => Self::Captured,
            ProfileSource::Adaptive => Self::Adaptive,
            ProfileSource::Sidechain => Self::Sidechain,
        }
    }
}

impl From<MonitorChoice> for Monitor {
    fn from(choice: MonitorChoice) -> Self {
        match choice {
            MonitorChoice::Denoised => Self::Denoised,
            MonitorChoice::Removed => Self::Removed,
        }
    }
}

impl From<Monitor> for MonitorChoice {
    fn from(monitor: Monitor) -> Self {
        match monitor {
            Monitor::Denoised => Self::Denoised,
            Monitor::Removed => Self::Removed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_parameters_are_the_cores_default_settings() {
        let (ours, cores) = (QuellParams::default().settings(), Settings::default());
        // Per cent and back may cost the last bit.
        let shares =
            |s: &Settings| [s.reduction, s.mix, s.artifact_control, s.transient_protection];
        for (our, core) in shares(&ours).into_iter().zip(shares(&cores)) {
            assert!((our - core).abs() < 1e-6);
        }
        let rest = Settings {
            reduction: cores.reduction,
            mix: cores.mix,
            artifact_control: cores.artifact_control,
            transient_protection: cores.transient_protection,
            ..ours
        };
        assert_eq!(rest, cores);
    }

    #[test]
    fn every_default_lies_inside_its_range() {
        for (id, param, _) in QuellParams::default().param_map() {
            // SAFETY: the parameters live until the end of this statement's loop.
            let normalized = unsafe { param.default_normalized_value() };
            assert!((0.0..=1.0).contains(&normalized), "{id}: {normalized}");
        }
    }

    #[test]
    fn text_is_read_with_and_without_units() {
        let p = QuellParams::default();
        let plain = |param: &FloatParam, text: &str| {
            param.string_to_normalized_value(text).map(|n| param.preview_plain(n))
        };
        let near = |value: Option<f32>, expected: f32| {
            let value = value.unwrap_or(f32::NAN);
            assert!((value - expected).abs() < 1e-3, "{value} instead of {expected}");
        };
        near(plain(&p.floor, "-12"), -12.0);
        near(plain(&p.floor, "-12 dB"), -12.0);
        near(plain(&p.floor, "\u{2212}12dB"), -12.0);
        near(plain(&p.freq_smoothing, "0.5 kHz"), 500.0);
        near(plain(&p.freq_smoothing, "120 Hz"), 120.0);
        near(plain(&p.attack, "40 ms"), 40.0);
        near(plain(&p.attack, "0.04 s"), 40.0);
        near(plain(&p.reduction, "90 %"), 90.0);
        near(plain(&p.reduction, "87,5%"), 87.5);
        near(plain(&p.sensitivity, "2.25"), 2.25);
        for junk in ["", "dB", "loud", "12 ms", "1e9e9", "NaN", "--3", "inf"] {
            assert_eq!(plain(&p.floor, junk), None, "{junk:?}");
        }
    }

    #[test]
    fn shown_text_is_read_back_as_the_same_text() {
        let p = QuellParams::default();
        let params =
            [&p.reduction, &p.floor, &p.sensitivity, &p.freq_smoothing, &p.release, &p.node_3];
        for param in params {
            for step in 0..=200 {
                let shown = param.normalized_value_to_string(step as f32 / 200.0, true);
                let read = param.string_to_normalized_value(&shown).expect("own text is readable");
                assert_eq!(param.normalized_value_to_string(read, true), shown);
            }
        }
    }
}
