//! Window and hop for a sample rate, and the latency that follows from the mode.

use crate::config;
use crate::unet::WeightsError;

/// How much delay the engine may take; constant while a stream runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum LatencyMode {
    /// 20 ms: the same 40 ms analysis, but a short synthesis window at its end.
    Live,
    /// 40 ms: the whole window.
    #[default]
    Standard,
    /// 80 ms: Standard plus 40 ms of look-ahead for the mask.
    Studio,
}

impl LatencyMode {
    /// All modes, from the shortest latency to the longest.
    pub const ALL: [Self; 3] = [Self::Live, Self::Standard, Self::Studio];

    /// Frames by which the mask may look into the future.
    pub const fn look_ahead_frames(self) -> usize {
        match self {
            Self::Live | Self::Standard => 0,
            Self::Studio => config::STUDIO_LOOK_AHEAD_FRAMES,
        }
    }
}

/// Why a stream cannot be built.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BuildError {
    /// The sample rate is not a number or outside [`config::SAMPLE_RATE_RANGE_HZ`].
    SampleRate {
        /// What was asked for, Hz.
        actual_hz: f64,
    },
    /// A stream needs at least one channel.
    NoChannels,
    /// The weights of the network are not what the code was made for. Those that ship are checked
    /// by a test, so this is a broken build, and better told than worked around.
    Network(WeightsError),
}

impl core::fmt::Display for BuildError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::SampleRate { actual_hz } => write!(
                f,
                "sample rate {actual_hz} Hz is outside {} to {} Hz",
                config::SAMPLE_RATE_RANGE_HZ.start(),
                config::SAMPLE_RATE_RANGE_HZ.end()
            ),
            Self::NoChannels => write!(f, "a stream needs at least one channel"),
            Self::Network(error) => write!(f, "{error}"),
        }
    }
}

impl core::error::Error for BuildError {}

impl From<WeightsError> for BuildError {
    fn from(error: WeightsError) -> Self {
        Self::Network(error)
    }
}

/// Lengths of the overlap-add transform at one sample rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Geometry {
    /// Rate of the stream, Hz.
    pub sample_rate_hz: f64,
    /// Length of the analysis window, samples; a multiple of four whose prime factors are 2, 3, 5,
    /// 7.
    pub frame_len: usize,
    /// Distance of two frames, samples: a quarter of the window.
    pub hop_len: usize,
}

impl Geometry {
    /// The geometry for a rate: 40 ms, rounded to the nearest length that the FFT is fast at and
    /// that four hops fill exactly.
    pub fn for_rate(sample_rate_hz: f64) -> Result<Self, BuildError> {
        if !config::SAMPLE_RATE_RANGE_HZ.contains(&sample_rate_hz) {
            return Err(BuildError::SampleRate { actual_hz: sample_rate_hz });
        }
        let hop_exact = sample_rate_hz * config::WINDOW_S / config::HOPS_PER_WINDOW as f64;
        let hop_len = nearest_smooth(hop_exact);
        Ok(Self { sample_rate_hz, frame_len: hop_len * config::HOPS_PER_WINDOW, hop_len })
    }

    /// Bins from 0 Hz to Nyquist, both included.
    pub const fn n_bins(&self) -> usize {
        self.frame_len / 2 + 1
    }

    /// Distance of two bins, Hz: 25 wherever 40 ms is a whole number of fast samples.
    pub fn bin_hz(&self) -> f64 {
        self.sample_rate_hz / self.frame_len as f64
    }

    /// Distance of two frames, seconds.
    pub fn hop_s(&self) -> f64 {
        self.hop_len as f64 / self.sample_rate_hz
    }

    /// Delay from input to output, samples.
    pub const fn latency_samples(&self, mode: LatencyMode) -> usize {
        match mode {
            LatencyMode::Live => self.hop_len * config::LIVE_SYNTHESIS_HOPS,
            LatencyMode::Standard => self.frame_len,
            LatencyMode::Studio => self.frame_len + self.hop_len * mode.look_ahead_frames(),
        }
    }
}

/// The whole number nearest to `exact` (at least 2) whose prime factors are 2, 3, 5 and 7.
fn nearest_smooth(exact: f64) -> usize {
    let centre = exact.round().max(2.0) as usize;
    let is_fit = |n: usize| n >= 2 && is_7_smooth(n);
    (0..=centre)
        .flat_map(|distance| [centre - distance, centre + distance])
        .filter(|&n| is_fit(n))
        .take(2)
        .min_by(|&a, &b| (a as f64 - exact).abs().total_cmp(&(b as f64 - exact).abs()))
        .unwrap_or(2)
}

fn is_7_smooth(n: usize) -> bool {
    let mut rest = n;
    for prime in [2, 3, 5, 7] {
        while rest.is_multiple_of(prime) {
            rest /= prime;
        }
    }
    rest == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_rates_have_bins_exactly_25_hz_apart() {
        for (rate_hz, frame_len) in [
            (8_000.0, 320),
            (16_000.0, 640),
            (32_000.0, 1280),
            (44_100.0, 1764),
            (48_000.0, 1920),
            (88_200.0, 3528),
            (96_000.0, 3840),
            (176_400.0, 7056),
            (192_000.0, 7680),
            (384_000.0, 15_360),
            (768_000.0, 30_720),
        ] {
            let geometry = Geometry::for_rate(rate_hz).unwrap();
            assert_eq!(geometry.frame_len, frame_len, "{rate_hz} Hz");
            assert_eq!(geometry.bin_hz(), 25.0, "{rate_hz} Hz");
        }
    }

    #[test]
    fn odd_rates_take_a_near_length_that_four_hops_fill() {
        for rate_hz in [1_000.0, 11_025.0, 22_050.0, 44_056.3, 47_952.0, 123_456.7] {
            let geometry = Geometry::for_rate(rate_hz).unwrap();
            assert!(is_7_smooth(geometry.frame_len), "{rate_hz} Hz: {}", geometry.frame_len);
            assert_eq!(geometry.hop_len * 4, geometry.frame_len);
            let error = geometry.bin_hz() / 25.0 - 1.0;
            assert!(error.abs() < 0.03, "{rate_hz} Hz: bins {} Hz apart", geometry.bin_hz());
        }
    }

    #[test]
    fn impossible_rates_are_refused_by_name() {
        for rate_hz in [0.0, -48_000.0, f64::NAN, f64::INFINITY, 10.0, 1e9] {
            let error = Geometry::for_rate(rate_hz).unwrap_err();
            assert!(error.to_string().contains("sample rate"), "{error}");
        }
    }
}
