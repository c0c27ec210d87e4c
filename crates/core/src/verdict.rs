//! What a captured sound was, as far as it tells.

use crate::config;
use crate::level::Mean;

/// What a captured sound was, as far as it tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Steady noise, which is what a print is for.
    Steady,
    /// Noise that swells or clicks, as a fan or a train: usable.
    Varying,
    /// Levels in the voice range come and go as in speech or music.
    Speech,
    /// A test tone or a pure hum: hardly any noise in it.
    Tone,
    /// Louder than the converter could take: what was cut off is in the print, too.
    Clipped,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Steady, Self::Varying, Self::Speech, Self::Tone, Self::Clipped];

    /// Judges by the spreads of the bins of all channels, `bin_hz` apart.
    pub(crate) fn of<'a>(channels: impl Iterator<Item = &'a [f32]>, bin_hz: f64) -> Self {
        let (voice, other) = spreads(channels, bin_hz);
        let (voice_db, other_db) = (voice.value(), other.value());
        if voice.with(&other).value() < config::TONE_SPREAD_DB {
            Self::Tone
        } else if voice_db > config::SPEECH_SPREAD_DB.max(other_db) {
            Self::Speech
        } else if voice_db.max(other_db) > config::STEADY_SPREAD_DB {
            Self::Varying
        } else {
            Self::Steady
        }
    }

    /// Whether it was noise: a print that may take the place of another without a question.
    pub fn is_noise(self) -> bool {
        matches!(self, Self::Steady | Self::Varying)
    }

    /// The name that files know it by.
    pub fn id(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::Varying => "varying",
            Self::Speech => "speech",
            Self::Tone => "tone",
            Self::Clipped => "clipped",
        }
    }

    /// The one that files know by this name.
    pub fn of_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.id() == id)
    }
}

impl core::fmt::Display for Verdict {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Steady => "steady",
            Self::Varying => "pulsing, as a fan or a train: an engine with a network handles it",
            Self::Speech => "speech or music in it: capture noise alone",
            Self::Tone => "a tone rather than noise: Hum takes tones of the mains away",
            Self::Clipped => "clipped: turn the input down and capture again",
        })
    }
}

/// Mean spread of the bins in the voice range and of the others, dB.
fn spreads<'a>(channels: impl Iterator<Item = &'a [f32]>, bin_hz: f64) -> (Mean, Mean) {
    let (mut in_voice, mut elsewhere) = (Mean::default(), Mean::default());
    for (bin_idx, std_db) in channels.flat_map(|std_db| std_db.iter().enumerate()) {
        if config::VOICE_RANGE_HZ.contains(&(bin_idx as f64 * bin_hz)) {
            in_voice.add(f64::from(*std_db));
        } else {
            elsewhere.add(f64::from(*std_db));
        }
    }
    (in_voice, elsewhere)
}
