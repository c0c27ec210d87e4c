//! The noise profile: level and spread of the noise per 25 Hz, independent of sample rate, latency
//! mode and channel layout.

use crate::config;
use crate::verdict::Verdict;

/// What is known of a print besides its levels; nothing of it changes the sound.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct About {
    /// RMS level of the noise, dBFS.
    pub level_dbfs: Option<f32>,
    /// What the noise was judged to be when it was captured.
    pub verdict: Option<Verdict>,
    /// When it was made, seconds since the beginning of 1970 in UTC.
    pub made_unix_s: Option<u64>,
    /// What its owner calls it; empty where it has no name.
    pub name: String,
}

impl About {
    /// Copies `other`; allocates only where the name's capacity does not suffice.
    fn copy_from(&mut self, other: &Self) {
        self.level_dbfs = other.level_dbfs;
        self.verdict = other.verdict;
        self.made_unix_s = other.made_unix_s;
        self.name.clear();
        self.name.push_str(&other.name);
    }

    /// The same of a print without a name and a date, which are none of the stream's business.
    fn learn(&mut self, level_dbfs: Option<f32>, verdict: Option<Verdict>) {
        self.level_dbfs = level_dbfs;
        self.verdict = verdict;
        self.made_unix_s = None;
        self.name.clear();
    }
}

/// A captured noise print in its portable form.
///
/// Levels are dB re full scale per 25 Hz (see [`Transform::power`](crate::stft::Transform::power)),
/// stored channel after channel, each from 0 Hz upwards in steps of 25 Hz.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct NoiseProfile {
    n_channels: usize,
    n_bins: usize,
    mean_db: Vec<f32>,
    std_db: Vec<f32>,
    seconds: f32,
    about: About,
}

/// Why numbers do not make a profile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ProfileError {
    /// Channel or bin count is zero or beyond what the engine can hold.
    Size {
        /// Channels given.
        n_channels: usize,
        /// Bins given per channel.
        n_bins: usize,
    },
    /// An array does not hold `n_channels × n_bins` values.
    Length {
        /// Values needed.
        expected: usize,
        /// Values given.
        actual: usize,
    },
    /// A level, a standard deviation or the duration is not a number or out of range.
    Value {
        /// Which quantity.
        name: &'static str,
        /// Position in its array.
        index: usize,
        /// What stands there.
        actual: f32,
    },
}

impl core::fmt::Display for ProfileError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Size { n_channels, n_bins } => write!(
                f,
                "a noise profile of {n_channels} channels with {n_bins} bins: expected 1 to {} \
                 channels with 2 to {} bins",
                NoiseProfile::MAX_CHANNELS,
                NoiseProfile::MAX_BINS
            ),
            Self::Length { expected, actual } => {
                write!(f, "noise profile holds {actual} values, expected {expected}")
            }
            Self::Value { name, index, actual } => {
                write!(f, "noise profile: {name} number {index} is {actual}, out of range")
            }
        }
    }
}

impl core::error::Error for ProfileError {}

impl NoiseProfile {
    /// Most channels a profile may have.
    pub const MAX_CHANNELS: usize = 64;
    /// Most bins a profile may have per channel: the Nyquist frequency of the highest rate.
    pub const MAX_BINS: usize = 32_769;

    /// Checks every value, so that whatever made the numbers, the engine can trust the result.
    pub fn new(
        n_channels: usize,
        n_bins: usize,
        mean_db: Vec<f32>,
        std_db: Vec<f32>,
        seconds: f32,
    ) -> Result<Self, ProfileError> {
        if !(1..=Self::MAX_CHANNELS).contains(&n_channels)
            || !(2..=Self::MAX_BINS).contains(&n_bins)
        {
            return Err(ProfileError::Size { n_channels, n_bins });
        }
        let expected = n_channels * n_bins;
        for values in [&mean_db, &std_db] {
            if values.len() != expected {
                return Err(ProfileError::Length { expected, actual: values.len() });
            }
        }
        check("level", &mean_db, config::MIN_LEVEL_DB, config::MAX_LEVEL_DB)?;
        check("standard deviation", &std_db, 0.0, config::MAX_STD_DB)?;
        check("duration", &[seconds], 0.0, f32::MAX)?;
        let about = About::default();
        Ok(Self { n_channels, n_bins, mean_db, std_db, seconds, about })
    }

    /// An empty profile with room for `n_channels × n_bins`, to be filled without allocating.
    pub fn with_capacity(n_channels: usize, n_bins: usize) -> Self {
        Self {
            mean_db: Vec::with_capacity(n_channels * n_bins),
            std_db: Vec::with_capacity(n_channels * n_bins),
            ..Self::default()
        }
    }

    /// Bins of the portable form that cover `0 ..= nyquist_hz`.
    pub fn bins_up_to(nyquist_hz: f64) -> usize {
        ((nyquist_hz / config::PROFILE_BIN_HZ).floor() as usize + 1).clamp(2, Self::MAX_BINS)
    }

    /// True while nothing has been written.
    pub fn is_empty(&self) -> bool {
        self.mean_db.is_empty()
    }

    /// Channels of the recording it was learned from.
    pub fn n_channels(&self) -> usize {
        self.n_channels
    }

    /// Bins per channel, 25 Hz apart.
    pub fn n_bins(&self) -> usize {
        self.n_bins
    }

    /// Length of the noise it was learned from, seconds.
    pub fn seconds(&self) -> f32 {
        self.seconds
    }

    /// Mean level of all channels, dB re full scale per 25 Hz, `[channel][bin]`.
    pub fn mean_db(&self) -> &[f32] {
        &self.mean_db
    }

    /// Standard deviation of the level of all channels, dB, `[channel][bin]`.
    pub fn std_db(&self) -> &[f32] {
        &self.std_db
    }

    /// What its spreads tell of the sound that it was made of, whatever is known of it besides;
    /// clipping shows in samples alone.
    pub fn judge(&self) -> Verdict {
        Verdict::of(self.std_db.chunks_exact(self.n_bins.max(1)), config::PROFILE_BIN_HZ)
    }

    /// Both as one capture, each with the weight of its length, judged anew.
    pub fn pooled_with(mut self, other: &Self) -> Result<Self, ProfileError> {
        if self.mean_db.len() != other.mean_db.len() || self.n_bins != other.n_bins {
            let (expected, actual) = (self.mean_db.len(), other.mean_db.len());
            return Err(ProfileError::Length { expected, actual });
        }
        let share = share_of(other.seconds, self.seconds);
        let (mean, std) = (&mut self.mean_db, &mut self.std_db);
        pool(mean, std, &other.mean_db, &other.std_db, share);
        self.seconds += other.seconds;
        let levels = self.about.level_dbfs.zip(other.about.level_dbfs);
        let level_dbfs = levels.map(|(first, second)| pooled_level(first, second, share));
        let verdict = self.judge();
        self.about.learn(level_dbfs, Some(verdict));
        Ok(self)
    }

    /// Standard deviation of a bin's level, mean of all bins, dB; steady noise has 5.6.
    pub fn spread_db(&self) -> f32 {
        self.std_db.iter().sum::<f32>() / self.std_db.len().max(1) as f32
    }

    /// What is known of it besides its levels.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// The same, to be changed.
    pub fn about_mut(&mut self) -> &mut About {
        &mut self.about
    }

    /// The same print under this description.
    pub fn described(self, about: About) -> Self {
        Self { about, ..self }
    }

    /// Copies `other` into this profile; allocates only where the capacity does not suffice.
    pub fn copy_from(&mut self, other: &Self) {
        self.mean_db.clear();
        self.mean_db.extend_from_slice(&other.mean_db);
        self.std_db.clear();
        self.std_db.extend_from_slice(&other.std_db);
        self.n_channels = other.n_channels;
        self.n_bins = other.n_bins;
        self.seconds = other.seconds;
        self.about.copy_from(&other.about);
    }

    /// Replaces the content by per-channel levels on any bin spacing, of which nothing is known
    /// besides; allocates only where the capacity does not suffice.
    pub(crate) fn fill_from(&mut self, channels: &[BinProfile], bin_hz: f64, seconds: f32) {
        let Some(first) = channels.first() else { return };
        let nyquist_hz = bin_hz * (first.mean_db.len() - 1) as f64;
        let n_bins = Self::bins_up_to(nyquist_hz);
        self.mean_db.clear();
        self.std_db.clear();
        for channel in channels {
            let position = |bin_idx: usize| bin_idx as f64 * config::PROFILE_BIN_HZ / bin_hz;
            self.mean_db.extend((0..n_bins).map(|i| lerp_at(&channel.mean_db, position(i))));
            self.std_db.extend((0..n_bins).map(|i| lerp_at(&channel.std_db, position(i))));
        }
        self.n_channels = channels.len();
        self.n_bins = n_bins;
        self.seconds = seconds;
        self.about.learn(None, None);
    }

    /// Keeps what a capture found out.
    pub(crate) fn describe(&mut self, level_dbfs: Option<f32>, verdict: Option<Verdict>) {
        self.about.learn(level_dbfs, verdict);
    }

    /// Writes the profile as one channel of a stream sees it.
    ///
    /// One profile channel serves all; one stream channel gets the mean of all; else they go pair
    /// by pair. Bins above the recorded range get the mean level of the recorded top octave.
    pub(crate) fn resolve(
        &self,
        channel_idx: usize,
        n_stream_channels: usize,
        bin_hz: f64,
        out: &mut BinProfile,
    ) {
        let sources = match (self.n_channels, n_stream_channels) {
            (n, 1) => 0..n,
            (n, _) => {
                let one = channel_idx.min(n - 1);
                one..one + 1
            }
        };
        let share = 1.0 / sources.len() as f32;
        out.mean_db.fill(0.0);
        out.std_db.fill(0.0);
        for source in sources {
            let range = source * self.n_bins..(source + 1) * self.n_bins;
            add_resampled(&self.mean_db[range.clone()], bin_hz, share, &mut out.mean_db);
            add_resampled(&self.std_db[range], bin_hz, share, &mut out.std_db);
        }
    }
}

/// Weight of what lasted `seconds` beside the rest.
pub(crate) fn share_of(seconds: f32, rest_s: f32) -> f32 {
    seconds / (seconds + rest_s).max(f32::MIN_POSITIVE)
}

/// Mean and standard deviation over all frames of two captures, the second with this share.
fn pool(
    mean_db: &mut [f32],
    std_db: &mut [f32],
    other_mean: &[f32],
    other_std: &[f32],
    share: f32,
) {
    let share = f64::from(share);
    let others = other_mean.iter().zip(other_std);
    for ((mean, std), (other_mean, other_std)) in mean_db.iter_mut().zip(std_db).zip(others) {
        let [m, s, other_m, other_s] = [*mean, *std, *other_mean, *other_std].map(f64::from);
        let pooled = m + share * (other_m - m);
        let square =
            (1.0 - share) * (s * s + m * m) + share * (other_s * other_s + other_m * other_m);
        *mean = pooled as f32;
        *std = ((square - pooled * pooled).max(0.0).sqrt() as f32).min(config::MAX_STD_DB);
    }
}

/// Level of both together, dBFS; `share` is the weight of the second.
pub(crate) fn pooled_level(first_dbfs: f32, second_dbfs: f32, share: f32) -> f32 {
    let power = |level_dbfs: f32| 10f64.powf(f64::from(level_dbfs) / 10.0);
    let share = f64::from(share);
    let pooled = (1.0 - share) * power(first_dbfs) + share * power(second_dbfs);
    10.0 * pooled.log10() as f32
}

fn check(name: &'static str, values: &[f32], low: f32, high: f32) -> Result<(), ProfileError> {
    match values.iter().position(|v| !(low..=high).contains(v)) {
        Some(index) => Err(ProfileError::Value { name, index, actual: values[index] }),
        None => Ok(()),
    }
}

pub(crate) fn add_weighted(sum: &mut [f32], values: &[f32], weight: f32) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += value * weight;
    }
}

fn lerp_at(values: &[f32], position: f64) -> f32 {
    let below = (position.floor() as usize).min(values.len() - 1);
    let above = (below + 1).min(values.len() - 1);
    let share = (position - below as f64).clamp(0.0, 1.0) as f32;
    values[below] + (values[above] - values[below]) * share
}

fn add_resampled(values: &[f32], bin_hz: f64, share: f32, out: &mut [f32]) {
    let top_octave = &values[values.len() / 2..];
    let beyond = top_octave.iter().sum::<f32>() / top_octave.len() as f32;
    for (bin_idx, out) in out.iter_mut().enumerate() {
        let position = bin_idx as f64 * bin_hz / config::PROFILE_BIN_HZ;
        let is_covered = position <= (values.len() - 1) as f64 + 0.5;
        *out += share * if is_covered { lerp_at(values, position) } else { beyond };
    }
}

/// Level and spread of the noise on the bins of one stream, one channel.
#[derive(Clone, Debug)]
pub(crate) struct BinProfile {
    /// Mean level, dB re full scale per 25 Hz.
    pub(crate) mean_db: Vec<f32>,
    /// Standard deviation of the level, dB.
    pub(crate) std_db: Vec<f32>,
}

impl BinProfile {
    pub(crate) fn new(n_bins: usize) -> Self {
        Self { mean_db: vec![config::MIN_LEVEL_DB; n_bins], std_db: vec![0.0; n_bins] }
    }

    /// Makes this a part of a sum.
    pub(crate) fn scale(&mut self, weight: f32) {
        self.mean_db.iter_mut().chain(&mut self.std_db).for_each(|value| *value *= weight);
    }

    /// Adds a part of another to it.
    pub(crate) fn add(&mut self, other: &Self, weight: f32) {
        add_weighted(&mut self.mean_db, &other.mean_db, weight);
        add_weighted(&mut self.std_db, &other.std_db, weight);
    }

    /// Makes this both as one capture; `share` is the weight of the other.
    pub(crate) fn pool(&mut self, other: &Self, share: f32) {
        pool(&mut self.mean_db, &mut self.std_db, &other.mean_db, &other.std_db, share);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(n_channels: usize, n_bins: usize) -> NoiseProfile {
        let mean = (0..n_channels * n_bins).map(|i| -100.0 + i as f32 * 0.01).collect();
        NoiseProfile::new(n_channels, n_bins, mean, vec![5.0; n_channels * n_bins], 1.0).unwrap()
    }

    #[test]
    fn same_spacing_round_trips_bit_for_bit() {
        let original = ramp(2, 961);
        let mut channels = vec![BinProfile::new(961), BinProfile::new(961)];
        for (idx, channel) in channels.iter_mut().enumerate() {
            original.resolve(idx, 2, 25.0, channel);
        }
        let mut copy = NoiseProfile::with_capacity(2, 961);
        copy.fill_from(&channels, 25.0, 1.0);
        assert_eq!(copy, original);
    }

    #[test]
    fn bins_beyond_the_recording_take_the_top_octave() {
        let profile =
            NoiseProfile::new(1, 4, vec![0.0, 0.0, -20.0, -30.0], vec![1.0; 4], 1.0).unwrap();
        let mut out = BinProfile::new(8);
        profile.resolve(0, 1, 25.0, &mut out);
        assert_eq!(out.mean_db[..4], [0.0, 0.0, -20.0, -30.0]);
        assert_eq!(out.mean_db[4..], [-25.0; 4]);
    }

    #[test]
    fn a_stereo_print_serves_mono_and_a_mono_print_serves_stereo() {
        let stereo =
            NoiseProfile::new(2, 2, vec![-40.0, -40.0, -60.0, -60.0], vec![0.0; 4], 1.0).unwrap();
        let mut mono = BinProfile::new(2);
        stereo.resolve(0, 1, 25.0, &mut mono);
        assert_eq!(mono.mean_db, [-50.0, -50.0]);
        let mut right = BinProfile::new(2);
        stereo.resolve(1, 2, 25.0, &mut right);
        assert_eq!(right.mean_db, [-60.0, -60.0]);
        stereo.resolve(5, 6, 25.0, &mut right);
        assert_eq!(right.mean_db, [-60.0, -60.0]);
    }

    #[test]
    fn bad_numbers_are_refused_by_name_and_place() {
        let nan = NoiseProfile::new(1, 2, vec![-50.0, f32::NAN], vec![0.0; 2], 1.0).unwrap_err();
        assert!(matches!(nan, ProfileError::Value { name: "level", index: 1, .. }), "{nan}");
        let spread = NoiseProfile::new(1, 2, vec![-50.0; 2], vec![0.0, -1.0], 1.0).unwrap_err();
        assert!(spread.to_string().contains("standard deviation"), "{spread}");
        let short = NoiseProfile::new(2, 2, vec![-50.0; 3], vec![0.0; 4], 1.0).unwrap_err();
        assert_eq!(short, ProfileError::Length { expected: 4, actual: 3 });
        assert!(NoiseProfile::new(0, 2, vec![], vec![], 1.0).is_err());
        assert!(NoiseProfile::new(1, usize::MAX / 2, vec![], vec![], 1.0).is_err());
    }
}
