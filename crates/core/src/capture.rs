//! Learning a noise profile from the frames that pass while Capture is on.

use crate::config;
use crate::geometry::Geometry;
use crate::profile::{BinProfile, NoiseProfile};
use crate::settings::ProfileSource;
use crate::verdict::Verdict;

/// A capture that came to an end and gave a print.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Captured<'a> {
    /// The print, with what is known of it.
    pub print: &'a NoiseProfile,
    /// False where it was judged to be no noise: the print before it, or none, is in force still.
    pub is_in_force: bool,
    /// The slot that was chosen when it ended, which holds the print where it is in force.
    pub slot: usize,
    /// Where the settings had the noise known from, where that was elsewhere. A print in force is
    /// used at once: until the settings choose another source, the stream takes it for theirs.
    pub source_before: Option<ProfileSource>,
}

/// How far a capture has come.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct CaptureProgress {
    /// Time since it began, seconds.
    pub seconds: f32,
    /// How much of it can be learned from, seconds: not silent, no faults.
    pub usable_s: f32,
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
    /// What was heard last holds no half second of steady noise that can be heard.
    NothingSteady,
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
            Self::NothingSteady => write!(
                f,
                "the last {:.0} s hold no half second of steady noise: play some, or capture it",
                config::RECENT_S
            ),
        }
    }
}

impl core::error::Error for CaptureRefusal {}

/// What a finished capture says besides its levels.
#[derive(Clone, Copy)]
pub(crate) struct Finding {
    pub(crate) seconds: f32,
    pub(crate) level_dbfs: f32,
    pub(crate) verdict: Verdict,
}

/// A frame of a capture, as far as its samples tell.
#[derive(Clone, Copy)]
pub(crate) struct FrameTraits {
    /// No sample of it had to be replaced.
    pub(crate) is_clean: bool,
    /// Its newest hop was cut off by a converter.
    pub(crate) is_clipped: bool,
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
    n_clipped: usize,
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
            n_clipped: 0,
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
        self.n_clipped = 0;
        self.variance_sum = 0.0;
    }

    /// How far it has come; the frames of the first window count once it is whole.
    pub(crate) fn progress(&self) -> CaptureProgress {
        let n_usable = if self.n_frames == 0 { 0 } else { self.n_frames + self.n_warm_up - 1 };
        CaptureProgress {
            seconds: self.seconds_of(self.n_hops),
            usable_s: self.seconds_of(n_usable),
        }
    }

    fn seconds_of(&self, n_hops: usize) -> f32 {
        (n_hops as f64 * self.hop_s) as f32
    }

    /// Adds the frame that ends with the newest hop; `power_of` gives the power per 25 Hz of a
    /// channel's bins.
    pub(crate) fn push<'a>(&mut self, traits: FrameTraits, power_of: impl Fn(usize) -> &'a [f32]) {
        self.n_hops += 1;
        self.n_clipped += usize::from(traits.is_clipped);
        if self.n_hops < self.n_warm_up {
            return;
        }
        if !traits.is_clean {
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

    /// RMS level of the frames that count, dBFS.
    pub(crate) fn level_dbfs(&self) -> f32 {
        (10.0 * (self.variance_sum / self.n_frames.max(1) as f64).log10()) as f32
    }

    /// Variance of the signal in the frame, mean of the channels.
    fn variance<'a>(&self, power_of: impl Fn(usize) -> &'a [f32]) -> f64 {
        let n_channels = self.channels.len();
        let one_sided: f64 = (0..n_channels).flat_map(power_of).map(|&p| f64::from(p)).sum();
        2.0 * one_sided * self.bin_hz / config::PROFILE_BIN_HZ / n_channels as f64
    }

    /// Writes mean and standard deviation into `out`, or says why there are none and leaves `out`
    /// as it is.
    pub(crate) fn finish(&mut self, out: &mut [BinProfile]) -> Result<Finding, CaptureRefusal> {
        let seconds = self.seconds_of(self.n_hops);
        if f64::from(seconds) < config::MIN_CAPTURE_S - 1e-6 {
            return Err(CaptureRefusal::TooShort { seconds });
        }
        // The frames that count must be the larger part, or they are not what was meant.
        if self.n_unclean > self.n_frames {
            return Err(CaptureRefusal::NotNumbers);
        }
        if self.n_frames == 0 || self.n_silent > self.n_frames {
            return Err(CaptureRefusal::Silent);
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
        Ok(Finding { seconds, level_dbfs: self.level_dbfs(), verdict: self.judge(out) })
    }

    fn judge(&self, levels: &[BinProfile]) -> Verdict {
        if self.n_clipped as f64 > config::CLIPPED_SHARE * self.n_hops as f64 {
            return Verdict::Clipped;
        }
        Verdict::of(levels.iter().map(|levels| &*levels.std_db), self.bin_hz)
    }
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
