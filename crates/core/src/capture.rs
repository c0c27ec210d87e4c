//! Learning a noise profile from the frames that pass while Capture is on.

use crate::config;
use crate::geometry::Geometry;
use crate::level::Mean;
use crate::profile::{BinProfile, NoiseProfile};

/// What became of the last capture; a plain value for editors and command lines to show.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub enum CaptureStatus {
    /// Nothing was captured since the stream began.
    #[default]
    Idle,
    /// Frames are being collected.
    Capturing {
        /// Length so far.
        seconds: f32,
    },
    /// The frames became the profile.
    Captured {
        /// Length of the noise.
        seconds: f32,
        /// RMS level of the noise, dBFS.
        level_dbfs: f32,
        /// Standard deviation of a bin's level, mean of all bins, dB; steady noise has 5.6.
        spread_db: f32,
        /// What that spread says about the sound.
        verdict: Verdict,
    },
    /// The frames were thrown away and the profile before them kept.
    Refused(CaptureRefusal),
}

/// What the captured sound was, as far as its levels tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Steady noise, which is what a print is for.
    Steady,
    /// Noise that swells or clicks: the print is usable, and a calmer stretch is better.
    Varying,
    /// Levels in the voice range come and go as in speech or music.
    Speech,
}

impl Verdict {
    /// What a print tells of the sound that it was made of.
    pub fn of_print(print: &NoiseProfile) -> Self {
        let channels = print.std_db().chunks_exact(print.n_bins());
        let (voice, other) = spreads(channels, config::PROFILE_BIN_HZ);
        Self::of(voice.value(), other.value())
    }

    /// Judges by the mean spread of the bins in and outside the voice range, dB.
    fn of(voice_spread_db: f64, other_spread_db: f64) -> Self {
        if voice_spread_db > config::SPEECH_SPREAD_DB.max(other_spread_db) {
            Self::Speech
        } else if voice_spread_db.max(other_spread_db) > config::STEADY_SPREAD_DB {
            Self::Varying
        } else {
            Self::Steady
        }
    }
}

impl core::fmt::Display for Verdict {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Steady => "steady",
            Self::Varying => "not steady: a calmer stretch gives a better print",
            Self::Speech => "speech or music in it: capture noise alone",
        })
    }
}

/// Why a capture was thrown away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CaptureRefusal {
    /// Shorter than [`config::MIN_CAPTURE_S`].
    TooShort {
        /// Length of the capture.
        seconds: f32,
    },
    /// Most frames were not louder than [`config::SILENCE_DBFS`].
    Silent,
    /// Most frames held NaN or infinity.
    NotNumbers,
}

impl core::fmt::Display for CaptureStatus {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Idle => write!(f, "no capture yet"),
            Self::Capturing { seconds } => write!(f, "capturing, {seconds:.1} s"),
            Self::Captured { seconds, level_dbfs, verdict, .. } => {
                write!(f, "captured {seconds:.1} s of noise at {level_dbfs:.0} dBFS, {verdict}")
            }
            Self::Refused(refusal) => write!(f, "{refusal}; the profile before it was kept"),
        }
    }
}

impl core::fmt::Display for CaptureRefusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::TooShort { seconds } => write!(
                f,
                "capture of {seconds:.2} s is too short: give it {:.1} s or more of noise alone",
                config::MIN_CAPTURE_S
            ),
            Self::Silent => write!(
                f,
                "capture is silent (below {:.0} dBFS): play the noise while capturing",
                config::SILENCE_DBFS
            ),
            Self::NotNumbers => {
                write!(f, "capture holds NaN or infinity instead of sound: check what comes before")
            }
        }
    }
}

/// Running sums of the level of every bin.
pub(crate) struct Capture {
    hop_s: f64,
    bin_hz: f64,
    /// Frames to wait after the start until a window holds nothing from before it.
    n_warm_up: usize,
    channels: Vec<LevelSums>,
    n_hops: usize,
    n_frames: usize,
    n_silent: usize,
    n_unclean: usize,
    /// Sum over the frames that count of the variance of the signal.
    variance_sum: f64,
}

struct LevelSums {
    /// Σ level and Σ level², dB, per bin.
    sum_db: Vec<f64>,
    sum_db2: Vec<f64>,
}

impl Capture {
    pub(crate) fn new(geometry: &Geometry, n_channels: usize) -> Self {
        let n_bins = geometry.n_bins();
        let sums = || LevelSums { sum_db: vec![0.0; n_bins], sum_db2: vec![0.0; n_bins] };
        Self {
            hop_s: geometry.hop_s(),
            bin_hz: geometry.bin_hz(),
            n_warm_up: config::HOPS_PER_WINDOW,
            channels: (0..n_channels).map(|_| sums()).collect(),
            n_hops: 0,
            n_frames: 0,
            n_silent: 0,
            n_unclean: 0,
            variance_sum: 0.0,
        }
    }

    /// Forgets all frames.
    pub(crate) fn start(&mut self) {
        for channel in &mut self.channels {
            channel.sum_db.fill(0.0);
            channel.sum_db2.fill(0.0);
        }
        self.n_hops = 0;
        self.n_frames = 0;
        self.n_silent = 0;
        self.n_unclean = 0;
        self.variance_sum = 0.0;
    }

    /// Length of the capture so far.
    pub(crate) fn seconds(&self) -> f32 {
        (self.n_hops as f64 * self.hop_s) as f32
    }

    /// Adds the frame that ends with the newest hop; `power_of` gives the power per 25 Hz of a
    /// channel's bins, `is_clean` says that no sample of the frame had to be replaced.
    pub(crate) fn push<'a>(&mut self, is_clean: bool, power_of: impl Fn(usize) -> &'a [f32]) {
        self.n_hops += 1;
        if self.n_hops < self.n_warm_up {
            return;
        }
        if !is_clean {
            self.n_unclean += 1;
            return;
        }
        let variance = self.variance(&power_of);
        if variance < 10f64.powf(f64::from(config::SILENCE_DBFS) / 10.0) {
            self.n_silent += 1;
            return;
        }
        self.n_frames += 1;
        self.variance_sum += variance;
        for (channel_idx, sums) in self.channels.iter_mut().enumerate() {
            sums.add(power_of(channel_idx));
        }
    }

    /// Variance of the signal in the frame, mean of the channels.
    fn variance<'a>(&self, power_of: impl Fn(usize) -> &'a [f32]) -> f64 {
        let n_channels = self.channels.len();
        let one_sided: f64 = (0..n_channels).flat_map(power_of).map(|&p| f64::from(p)).sum();
        2.0 * one_sided * self.bin_hz / config::PROFILE_BIN_HZ / n_channels as f64
    }

    /// Writes mean and standard deviation into `out`, or says why there are none and leaves `out`
    /// as it is.
    pub(crate) fn finish(&mut self, out: &mut [BinProfile]) -> CaptureStatus {
        let seconds = self.seconds();
        if f64::from(seconds) < config::MIN_CAPTURE_S - 1e-6 {
            return CaptureStatus::Refused(CaptureRefusal::TooShort { seconds });
        }
        // The frames that count must be the larger part, or they are not what was meant.
        if self.n_unclean > self.n_frames {
            return CaptureStatus::Refused(CaptureRefusal::NotNumbers);
        }
        if self.n_frames == 0 || self.n_silent > self.n_frames {
            return CaptureStatus::Refused(CaptureRefusal::Silent);
        }
        let n = self.n_frames as f64;
        for (sums, out) in self.channels.iter().zip(&mut *out) {
            let stats = sums.sum_db.iter().zip(&sums.sum_db2);
            let targets = out.mean_db.iter_mut().zip(&mut out.std_db);
            for ((sum, sum2), (mean_out, std_out)) in stats.zip(targets) {
                let mean = sum / n;
                let std = (sum2 / n - mean * mean).max(0.0).sqrt();
                *mean_out = (mean as f32).clamp(config::MIN_LEVEL_DB, config::MAX_LEVEL_DB);
                *std_out = (std as f32).clamp(0.0, config::MAX_STD_DB);
            }
        }
        let (in_voice, elsewhere) = spreads(out.iter().map(|out| &*out.std_db), self.bin_hz);
        CaptureStatus::Captured {
            seconds,
            level_dbfs: (10.0 * (self.variance_sum / n).log10()) as f32,
            spread_db: in_voice.with(&elsewhere).value() as f32,
            verdict: Verdict::of(in_voice.value(), elsewhere.value()),
        }
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

impl LevelSums {
    fn add(&mut self, power: &[f32]) {
        let least = 10f32.powf(config::MIN_LEVEL_DB / 10.0);
        let sums = self.sum_db.iter_mut().zip(&mut self.sum_db2);
        for (&power, (sum, sum2)) in power.iter().zip(sums) {
            let level_db = 10.0 * f64::from(power.max(least).log10());
            *sum += level_db;
            *sum2 += level_db * level_db;
        }
    }
}
