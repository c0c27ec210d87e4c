//! What brings sound, as the rest of the program sees it: tests bring their own.

use std::fmt;

use crate::standalone::player::Player;

/// Devices and settings that somebody wants; what is not named is the system's choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// The name of the input, or a part of it.
    pub input: Option<String>,
    /// The name of the output, or a part of it.
    pub output: Option<String>,
    /// Sampling rate, Hz.
    pub rate_hz: Option<u32>,
    /// Frames that are fetched at once.
    pub buffer_frames: Option<u32>,
}

impl Wish {
    /// This one where it says something, and else the other.
    pub fn or(self, other: Self) -> Self {
        Self {
            input: self.input.or(other.input),
            output: self.output.or(other.output),
            rate_hz: self.rate_hz.or(other.rate_hz),
            buffer_frames: self.buffer_frames.or(other.buffer_frames),
        }
    }
}

/// What there is to choose from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Devices {
    /// Names of what can be heard.
    pub inputs: Vec<String>,
    /// Names of what can be played on.
    pub outputs: Vec<String>,
}

/// A stream as it runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Format {
    /// Name of the input.
    pub input: String,
    /// Name of the output.
    pub output: String,
    /// Rate of both, Hz.
    pub rate_hz: u32,
    /// Channels of each.
    pub n_channels: usize,
    /// Frames that are fetched at once, where the backend knows.
    pub buffer_frames: Option<u32>,
    /// Whether input and output may be microphone and loudspeaker of one room, and howl.
    pub may_feed_back: bool,
}

/// Why there is no sound, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoSound(pub String);

impl fmt::Display for NoSound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no sound: {}", self.0)
    }
}

/// What brings sound.
pub trait Backend {
    /// What there is to choose from now.
    fn devices(&mut self) -> Result<Devices, NoSound>;

    /// Opens what was wished for and has `player` called for every block, until [`Self::stop`].
    fn start(&mut self, wish: &Wish, player: Player) -> Result<Format, NoSound>;

    /// Ends the sound and drops the player. Nothing happens where there is none.
    fn stop(&mut self);

    /// What has ended the sound since the last call.
    fn trouble(&mut self) -> Option<NoSound>;

    /// Delay from input to output without the engine's, seconds, as far as it is known.
    fn delay_s(&self) -> f64;

    /// What the engine adds to that, frames, for those who line other paths up with it.
    fn tell_engine_delay(&mut self, _frames: u32) {}

    /// Blocks that came too late since the start.
    fn n_gaps(&self) -> u64;
}
