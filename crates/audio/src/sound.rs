//! A sound and how it is stored.

/// How samples are stored in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleFormat {
    /// Whole numbers of so many bits.
    Int {
        /// Bits of a sample, 8 to 32.
        bits: u32,
    },
    /// 32-bit floating point.
    Float,
}

impl SampleFormat {
    /// Whether samples lose bits on the way to another format, which dither hides.
    pub fn loses_in(self, to: Self) -> bool {
        match (self, to) {
            (Self::Float, Self::Int { .. }) => true,
            (Self::Int { bits: from }, Self::Int { bits: to }) => to < from,
            _ => false,
        }
    }
}

impl std::fmt::Display for SampleFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Int { bits } => write!(f, "{bits} bit"),
            Self::Float => write!(f, "32 bit float"),
        }
    }
}

/// What a file holds, its samples aside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AudioSpec {
    /// Samples per second.
    pub sample_rate_hz: u32,
    /// Channels.
    pub n_channels: usize,
    /// Speaker positions as a WAV channel mask; 0 where unknown.
    pub channel_mask: u32,
    /// How samples are stored.
    pub format: SampleFormat,
}

impl AudioSpec {
    /// 32-bit float without speaker positions.
    pub fn float(sample_rate_hz: u32, n_channels: usize) -> Self {
        Self { sample_rate_hz, n_channels, channel_mask: 0, format: SampleFormat::Float }
    }
}

/// A whole recording in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Audio {
    /// What the file held.
    pub spec: AudioSpec,
    /// Samples, `[channel][frame]`, full scale at ±1.
    pub channels: Vec<Vec<f32>>,
}

impl Audio {
    /// Samples per channel.
    pub fn n_frames(&self) -> usize {
        self.channels.first().map_or(0, Vec::len)
    }

    /// Duration, seconds.
    pub fn seconds(&self) -> f64 {
        self.n_frames() as f64 / f64::from(self.spec.sample_rate_hz)
    }

    /// Mean of all channels.
    pub fn mono(&self) -> Vec<f32> {
        let share = 1.0 / self.channels.len().max(1) as f32;
        let mut sum = vec![0.0; self.n_frames()];
        for channel in &self.channels {
            for (sum, sample) in sum.iter_mut().zip(channel) {
                *sum += sample * share;
            }
        }
        sum
    }
}
