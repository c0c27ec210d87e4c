//! What a listener can set, as plain values; the plugin's parameters and the CLI's flags both end
//! up here.

use crate::config;
use crate::curve::ThresholdCurve;

/// Which algorithm makes the mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Engine {
    /// Quell's own spectral gate: a Wiener filter that knows where sound is.
    #[default]
    Gate,
    /// The classic spectral gate: threshold, smoothed over frequency and time.
    Classic,
    /// The network alone, which knows voices from noise that is never the same.
    Neural,
    /// [`Self::Gate`] and [`Self::Neural`] together, joined bin by bin.
    Hybrid,
}

impl Engine {
    /// All engines, in the order of their numbers: the default first.
    pub const ALL: [Self; 4] = [Self::Gate, Self::Classic, Self::Neural, Self::Hybrid];

    /// Whether the network has a part in it, so that its sound depends on the model.
    pub const fn uses_network(self) -> bool {
        matches!(self, Self::Neural | Self::Hybrid)
    }

    /// The floor that suits the engine where nobody asked for another, dB.
    pub const fn usual_floor_db(self) -> f32 {
        if self.uses_network() { config::NETWORK_FLOOR_DB } else { config::GATE_FLOOR_DB }
    }
}

/// Where the noise profile comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum ProfileSource {
    /// The captured print; while there is none, as [`Self::Adaptive`].
    #[default]
    Captured,
    /// Followed from the signal itself.
    Adaptive,
    /// The noise input beside the signal; while it is not connected, as [`Self::Captured`].
    Sidechain,
}

/// What is sent to the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Monitor {
    /// The signal without the noise.
    #[default]
    Denoised,
    /// Only what is taken away.
    Removed,
}

/// All that can change while a stream runs.
///
/// Mask settings take effect at the next frame (every 10 ms); `monitor`, `mix`, `output_gain_db`
/// and `bypass` glide per sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Algorithm that makes the mask.
    pub engine: Engine,
    /// Where the noise profile comes from.
    pub profile_source: ProfileSource,
    /// While true, frames are collected; when it falls, they become the captured profile.
    pub capture: bool,
    /// Share of the noise to take away, 0 to 1.
    pub reduction: f32,
    /// No bin is ever turned down further than this, dB (negative).
    pub floor_db: f32,
    /// Standard deviations of the noise above its mean at which a bin counts as signal. For the
    /// network, each more than the default's is 5.6 dB more noise for its mask to meet.
    pub sensitivity: f32,
    /// Classic engine: width of the transition from noise to signal around the threshold, dB; 0 is
    /// a hard gate.
    pub knee_db: f32,
    /// Full width of the neighbourhood that a bin is judged with, Hz. Classic: the triangle that
    /// smooths the mask (counted as noisereduce counts it). Gate: where sound is searched for.
    /// Neural: nothing, as it sees all frequencies at once; Hybrid: its gate.
    pub freq_smoothing_hz: f32,
    /// How long a bin looks back and ahead, ms: the half width of a triangle over time in Studio
    /// mode. Elsewhere there is nothing to look ahead at: Classic uses it as a release time, the
    /// others not at all.
    pub time_smoothing_ms: f32,
    /// Time constant with which a bin opens, ms; 0 is at once.
    pub attack_ms: f32,
    /// Time constant with which a bin closes, ms; 0 is at once.
    pub release_ms: f32,
    /// Shift of the threshold over frequency.
    pub curve: ThresholdCurve,
    /// Gate, and the gate of Hybrid: how much the gain of bins that hold only noise is averaged over
    /// their neighbourhood, so that none of them twinkles, 0 to 1.
    pub artifact_control: f32,
    /// Gate, and the gate of Hybrid: how much faster bins open where sound is, 0 to 1.
    pub transient_protection: f32,
    /// Takes hum of the mains out of the sound in phase, before any engine: as far as `reduction` and
    /// `floor_db` let noise be taken away, and only where there is some.
    pub remove_hum: bool,
    /// One mask for all channels, so that the stereo image does not move.
    pub stereo_link: bool,
    /// What is sent to the output.
    pub monitor: Monitor,
    /// Share of the processed signal in the output, 0 (dry) to 1 (wet).
    pub mix: f32,
    /// Gain of the output, dB; bypass ignores it.
    pub output_gain_db: f32,
    /// Sends the delayed input to the output, untouched.
    pub bypass: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            engine: Engine::Gate,
            profile_source: ProfileSource::Captured,
            capture: false,
            reduction: 1.0,
            floor_db: Engine::Gate.usual_floor_db(),
            sensitivity: config::DEFAULT_SENSITIVITY,
            knee_db: 6.0,
            freq_smoothing_hz: 600.0,
            time_smoothing_ms: 20.0,
            attack_ms: 0.0,
            release_ms: 0.0,
            curve: ThresholdCurve::default(),
            artifact_control: 1.0,
            transient_protection: 1.0,
            remove_hum: true,
            stereo_link: true,
            monitor: Monitor::Denoised,
            mix: 1.0,
            output_gain_db: 0.0,
            bypass: false,
        }
    }
}

impl Settings {
    /// Chooses an engine. A floor that stands where it usually does for the old one moves to where
    /// it usually does for the new one; any other was somebody's wish and stays.
    pub fn choose_engine(&mut self, engine: Engine) {
        // A host may have rounded it.
        if (self.floor_db - self.engine.usual_floor_db()).abs() < 0.05 {
            self.floor_db = engine.usual_floor_db();
        }
        self.engine = engine;
    }

    /// The settings with every number finite and inside its range; what the engine works with, so
    /// that no caller can make it misbehave.
    pub fn sanitised(&self) -> Self {
        let or = |value: f32, low: f32, high: f32, fallback: f32| {
            if value.is_finite() { value.clamp(low, high) } else { fallback }
        };
        let d = Self::default();
        Self {
            reduction: or(self.reduction, 0.0, 1.0, d.reduction),
            floor_db: or(self.floor_db, -200.0, 0.0, d.floor_db),
            sensitivity: or(self.sensitivity, -20.0, 20.0, d.sensitivity),
            knee_db: or(self.knee_db, 0.0, 60.0, d.knee_db),
            freq_smoothing_hz: or(self.freq_smoothing_hz, 0.0, 2_000.0, d.freq_smoothing_hz),
            time_smoothing_ms: or(self.time_smoothing_ms, 0.0, 1_000.0, d.time_smoothing_ms),
            attack_ms: or(self.attack_ms, 0.0, 10_000.0, d.attack_ms),
            release_ms: or(self.release_ms, 0.0, 10_000.0, d.release_ms),
            curve: self.curve.sanitised(),
            artifact_control: or(self.artifact_control, 0.0, 1.0, d.artifact_control),
            transient_protection: or(self.transient_protection, 0.0, 1.0, d.transient_protection),
            mix: or(self.mix, 0.0, 1.0, d.mix),
            output_gain_db: or(self.output_gain_db, -120.0, 60.0, 0.0),
            ..*self
        }
    }
}
