//! What stage 3 leaves: the captured profile, as it travels and on the bins of this stream.

use super::StreamSpec;
use crate::capture::{Capture, CaptureRefusal, Finding};
use crate::config;
use crate::geometry::Geometry;
use crate::profile::{BinProfile, NoiseProfile, pooled_level, share_of};
use crate::verdict::Verdict;

/// The captured profile.
pub(super) struct Print {
    /// In its portable form.
    profile: NoiseProfile,
    /// What was captured last, in force or not.
    captured: NoiseProfile,
    is_there: bool,
    /// Profiles set, captured or removed so far.
    n_changes: u32,
    channels: Vec<PrintChannel>,
    /// A new one on its way in.
    incoming: Vec<BinProfile>,
    bin_hz: f64,
}

/// What a channel of the stream sees of it.
pub(super) struct PrintChannel {
    pub(super) levels: BinProfile,
    /// Standard deviation, smoothed over frequency, dB.
    pub(super) spread_db: Vec<f32>,
}

impl PrintChannel {
    pub(super) fn new(n_bins: usize) -> Self {
        Self { levels: BinProfile::new(n_bins), spread_db: vec![0.0; n_bins] }
    }
}

impl Print {
    pub(super) fn new(spec: &StreamSpec, geometry: &Geometry) -> Self {
        let n_bins = geometry.n_bins();
        let n_profile_bins = NoiseProfile::bins_up_to(spec.sample_rate_hz / 2.0);
        let profile = || NoiseProfile::with_capacity(spec.n_channels, n_profile_bins);
        Self {
            profile: profile(),
            captured: profile(),
            is_there: false,
            n_changes: 0,
            channels: (0..spec.n_channels).map(|_| PrintChannel::new(n_bins)).collect(),
            incoming: vec![BinProfile::new(n_bins); spec.n_channels],
            bin_hz: geometry.bin_hz(),
        }
    }

    pub(super) fn profile(&self) -> Option<&NoiseProfile> {
        self.is_there.then_some(&self.profile)
    }

    pub(super) fn channels(&self) -> &[PrintChannel] {
        &self.channels
    }

    /// Tells one profile from the next.
    pub(super) fn n_changes(&self) -> u32 {
        self.n_changes
    }

    /// Replaces or removes it.
    pub(super) fn set(&mut self, profile: Option<&NoiseProfile>) {
        if let Some(profile) = profile.filter(|profile| !profile.is_empty()) {
            let n_channels = self.channels.len();
            for (idx, out) in self.incoming.iter_mut().enumerate() {
                profile.resolve(idx, n_channels, self.bin_hz, out);
            }
            self.adopt(profile.seconds());
        } else {
            self.is_there = false;
            self.n_changes = self.n_changes.wrapping_add(1);
        }
    }

    /// What was captured last, in force or not.
    pub(super) fn captured(&self) -> &NoiseProfile {
        &self.captured
    }

    /// Takes what was captured, if it is any good; says whether it came into force. What was no
    /// noise does not by itself.
    pub(super) fn take_from(
        &mut self,
        capture: &mut Capture,
        is_added: bool,
    ) -> Result<bool, CaptureRefusal> {
        let mut found = capture.finish(&mut self.incoming)?;
        // What was no noise is offered as it is.
        let is_noise = found.verdict.is_noise();
        if is_added && self.is_there && is_noise {
            self.pool(&mut found);
        }
        self.captured.fill_from(&self.incoming, self.bin_hz, found.seconds);
        self.captured.describe(Some(found.level_dbfs), Some(found.verdict));
        if is_noise {
            self.adopt(found.seconds);
            self.profile.copy_from(&self.captured);
        }
        Ok(is_noise)
    }

    /// Makes the incoming levels those of the print and the capture together, by their lengths.
    fn pool(&mut self, found: &mut Finding) {
        let share = share_of(self.profile.seconds(), found.seconds);
        for (incoming, channel) in self.incoming.iter_mut().zip(&self.channels) {
            incoming.pool(&channel.levels, share);
        }
        let old_level = self.profile.about().level_dbfs.unwrap_or(found.level_dbfs);
        found.level_dbfs = pooled_level(found.level_dbfs, old_level, share);
        found.seconds += self.profile.seconds();
        let spreads = self.incoming.iter().map(|levels| &*levels.std_db);
        found.verdict = Verdict::of(spreads, self.bin_hz);
    }

    fn adopt(&mut self, seconds: f32) {
        let spread_bins = (config::SPREAD_SMOOTHING_HZ / self.bin_hz).round() as usize;
        for (channel, new) in self.channels.iter_mut().zip(&self.incoming) {
            channel.levels.mean_db.copy_from_slice(&new.mean_db);
            channel.levels.std_db.copy_from_slice(&new.std_db);
            average_spread(&new.std_db, spread_bins, &mut channel.spread_db);
        }
        self.profile.fill_from(&self.incoming, self.bin_hz, seconds);
        self.is_there = true;
        self.n_changes = self.n_changes.wrapping_add(1);
    }
}

/// Smooths over frequency with a triangle of `half_width` bins to each side; the ends repeat.
fn average_spread(values: &[f32], half_width: usize, out: &mut [f32]) {
    let last = values.len() - 1;
    let total = ((half_width + 1) * (half_width + 1)) as f32;
    for (bin_idx, out) in out.iter_mut().enumerate() {
        *out = (0..=2 * half_width)
            .map(|tap| {
                let weight = (half_width + 1 - tap.abs_diff(half_width)) as f32;
                weight * values[(bin_idx + tap).saturating_sub(half_width).min(last)]
            })
            .sum::<f32>()
            / total;
    }
}
