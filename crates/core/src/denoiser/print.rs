//! What stage 3 leaves: the captured profiles, as they travel and on the bins of this stream.

use super::StreamSpec;
use crate::capture::{Capture, CaptureRefusal, Finding};
use crate::config;
use crate::geometry::Geometry;
use crate::profile::{BinProfile, NoiseProfile, add_weighted, pooled_level, share_of};
use crate::slot::{self, Slots};
use crate::verdict::Verdict;

/// The captured profiles, a slot each, and what of them is in force.
pub(super) struct Print {
    slots: Slots<Slot>,
    /// What was captured last, in force or not.
    captured: NoiseProfile,
    /// The slot that it is for.
    captured_slot: usize,
    /// How much each slot counts in what is in force; nothing where no print is.
    weights: Option<Slots<f32>>,
    /// The weights are on their way.
    is_gliding: bool,
    /// What is in force was changed since it was last put together.
    is_stale: bool,
    /// How far a weight goes in a frame.
    step: f32,
    /// How often what is in force was another.
    n_changes: u32,
    /// What is in force.
    channels: Vec<PrintChannel>,
    /// A new one on its way in.
    incoming: Vec<BinProfile>,
    bin_hz: f64,
}

/// A place for a print.
struct Slot {
    /// In its portable form.
    profile: NoiseProfile,
    is_filled: bool,
    channels: Vec<PrintChannel>,
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

    /// Takes the levels of a print.
    fn take(&mut self, new: &BinProfile, spread_bins: usize) {
        self.levels.mean_db.copy_from_slice(&new.mean_db);
        self.levels.std_db.copy_from_slice(&new.std_db);
        average_spread(&new.std_db, spread_bins, &mut self.spread_db);
    }

    fn scale(&mut self, weight: f32) {
        self.levels.scale(weight);
        self.spread_db.iter_mut().for_each(|spread| *spread *= weight);
    }

    fn add(&mut self, other: &Self, weight: f32) {
        self.levels.add(&other.levels, weight);
        add_weighted(&mut self.spread_db, &other.spread_db, weight);
    }
}

impl Print {
    pub(super) fn new(spec: &StreamSpec, geometry: &Geometry) -> Self {
        let n_bins = geometry.n_bins();
        let n_profile_bins = NoiseProfile::bins_up_to(spec.sample_rate_hz / 2.0);
        let profile = || NoiseProfile::with_capacity(spec.n_channels, n_profile_bins);
        let channels = || (0..spec.n_channels).map(|_| PrintChannel::new(n_bins)).collect();
        let slot = || Slot { profile: profile(), is_filled: false, channels: channels() };
        Self {
            slots: std::array::from_fn(|_| slot()),
            captured: profile(),
            captured_slot: 0,
            weights: None,
            is_gliding: false,
            is_stale: false,
            step: (geometry.hop_s() / config::SLOT_GLIDE_S) as f32,
            n_changes: 0,
            channels: channels(),
            incoming: vec![BinProfile::new(n_bins); spec.n_channels],
            bin_hz: geometry.bin_hz(),
        }
    }

    /// The next frame starts where the settings are, without a glide.
    pub(super) fn reset(&mut self) {
        self.weights = None;
        self.is_gliding = false;
    }

    /// What a slot holds.
    pub(super) fn profile(&self, slot_idx: usize) -> Option<&NoiseProfile> {
        let slot = self.slots.get(slot_idx)?;
        slot.is_filled.then_some(&slot.profile)
    }

    /// A print is in force.
    pub(super) fn is_in_force(&self) -> bool {
        self.weights.is_some()
    }

    /// What is in force is becoming another.
    pub(super) fn is_gliding(&self) -> bool {
        self.is_gliding
    }

    /// Levels of what is in force.
    pub(super) fn channels(&self) -> &[PrintChannel] {
        &self.channels
    }

    /// Tells what is in force from what was before.
    pub(super) fn n_changes(&self) -> u32 {
        self.n_changes
    }

    /// Replaces or removes what a slot holds.
    pub(super) fn set(&mut self, slot_idx: usize, profile: Option<&NoiseProfile>) {
        if let Some(profile) = profile.filter(|profile| !profile.is_empty()) {
            let n_channels = self.channels.len();
            for (idx, out) in self.incoming.iter_mut().enumerate() {
                profile.resolve(idx, n_channels, self.bin_hz, out);
            }
            self.adopt(slot_idx, profile.seconds());
        } else if let Some(slot) = self.slots.get_mut(slot_idx) {
            slot.is_filled = false;
        }
    }

    /// One frame further towards what the settings want; a print takes the place of none at once.
    pub(super) fn glide(&mut self, position: f32) {
        let aim = slot::weights(position, self.slots.each_ref().map(|slot| slot.is_filled));
        let next = match (self.weights, aim) {
            (Some(now), Some(aim)) => Some(nearer(now, aim, self.step)),
            (None, aim) | (_, aim @ None) => aim,
        };
        self.is_gliding = next != aim;
        if next == self.weights && !self.is_stale {
            return;
        }
        self.weights = next;
        self.is_stale = false;
        self.n_changes = self.n_changes.wrapping_add(1);
        if let Some(weights) = next {
            self.put_together(weights);
        }
    }

    /// What was captured last, in force or not, and the slot that it is for.
    pub(super) fn captured(&self) -> (&NoiseProfile, usize) {
        (&self.captured, self.captured_slot)
    }

    /// Takes what was captured, if it is any good; says whether it came into force. What was no
    /// noise does not by itself.
    pub(super) fn take_from(
        &mut self,
        capture: &mut Capture,
        slot_idx: usize,
        is_added: bool,
    ) -> Result<bool, CaptureRefusal> {
        let mut found = capture.finish(&mut self.incoming)?;
        // What was no noise is offered as it is.
        let is_noise = found.verdict.is_noise();
        if is_added && is_noise {
            self.pool(slot_idx, &mut found);
        }
        self.captured.fill_from(&self.incoming, self.bin_hz, found.seconds);
        self.captured.describe(Some(found.level_dbfs), Some(found.verdict));
        self.captured_slot = slot_idx;
        if is_noise {
            self.adopt(slot_idx, found.seconds);
            self.slots[slot_idx].profile.copy_from(&self.captured);
        }
        Ok(is_noise)
    }

    /// Makes the incoming levels those of a slot's print and the capture together, by their
    /// lengths.
    fn pool(&mut self, slot_idx: usize, found: &mut Finding) {
        let slot = &self.slots[slot_idx];
        if !slot.is_filled {
            return;
        }
        let share = share_of(slot.profile.seconds(), found.seconds);
        for (incoming, channel) in self.incoming.iter_mut().zip(&slot.channels) {
            incoming.pool(&channel.levels, share);
        }
        let old_level = slot.profile.about().level_dbfs.unwrap_or(found.level_dbfs);
        found.level_dbfs = pooled_level(found.level_dbfs, old_level, share);
        found.seconds += slot.profile.seconds();
        let spreads = self.incoming.iter().map(|levels| &*levels.std_db);
        found.verdict = Verdict::of(spreads, self.bin_hz);
    }

    /// Puts the incoming levels into a slot.
    fn adopt(&mut self, slot_idx: usize, seconds: f32) {
        let spread_bins = (config::SPREAD_SMOOTHING_HZ / self.bin_hz).round() as usize;
        let Some(slot) = self.slots.get_mut(slot_idx) else { return };
        for (channel, new) in slot.channels.iter_mut().zip(&self.incoming) {
            channel.take(new, spread_bins);
        }
        slot.profile.fill_from(&self.incoming, self.bin_hz, seconds);
        slot.is_filled = true;
        self.is_stale |= self.weights.is_some_and(|weights| weights[slot_idx] > 0.0);
    }

    /// Makes what is in force of the slots that count. One alone stays as it is, bit for bit.
    fn put_together(&mut self, weights: Slots<f32>) {
        self.channels.iter_mut().for_each(|channel| channel.scale(0.0));
        for (slot, weight) in self.slots.iter().zip(weights) {
            if weight > 0.0 {
                for (channel, part) in self.channels.iter_mut().zip(&slot.channels) {
                    channel.add(part, weight);
                }
            }
        }
    }
}

/// Weights on the straight way to others, none of which goes further than `step`: what lies between
/// two slots is not passed through, and the sum stays 1.
fn nearer(now: Slots<f32>, aim: Slots<f32>, step: f32) -> Slots<f32> {
    let way = |idx: usize| aim[idx] - now[idx];
    let furthest = (0..aim.len()).map(|idx| way(idx).abs()).fold(0.0, f32::max);
    if furthest <= step {
        return aim;
    }
    std::array::from_fn(|idx| now[idx] + way(idx) * step / furthest)
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
