//! The level of the noise where there is no print: followed from the sound itself.
//!
//! Two ways to know it, each where the other fails. The running minimum ([`minimum`]) waits for
//! what is left when all sound has gone, so it takes seconds to believe that noise has become
//! louder. Patches ([`patches`]) tell steady noise by its looks within a third of a second; where
//! the two differ, the minimum is raised. Silence between two clips is no noise: what was known
//! before it still holds after it.

mod minimum;
mod patches;

pub(crate) use minimum::MinimumTracker;
use patches::Patches;

use crate::config;
use crate::unet::FLOOR_POWER;

/// Keeps ratios to silence finite; a power far below anything audible.
const TINY: f32 = 1e-20;

/// Follows the noise of one channel.
pub(crate) struct NoiseFollower {
    minimum: MinimumTracker,
    patches: Patches,
    /// Hops in a row that held sound, up to a window.
    n_sounding: usize,
    /// Hops in a row that were silent, up to `forget_after`.
    n_silent: usize,
    forget_after: usize,
    /// Mean power of the noise per 25 Hz.
    power: Vec<f32>,
    /// Frames in a row in which nearly all that is heard stood far over it.
    n_overrun: usize,
    /// The last frame showed another noise than was known.
    is_news: bool,
}

impl NoiseFollower {
    pub(crate) fn new(n_bins: usize, hop_s: f64) -> Self {
        Self {
            minimum: MinimumTracker::new(n_bins),
            patches: Patches::new(n_bins),
            n_sounding: 0,
            n_silent: 0,
            forget_after: (config::FOLLOWER_FORGETS_AFTER_S / hop_s).ceil() as usize,
            power: vec![0.0; n_bins],
            n_overrun: 0,
            is_news: false,
        }
    }

    /// Forgets all sound.
    pub(crate) fn reset(&mut self) {
        self.minimum.reset();
        self.patches.reset();
        self.n_sounding = 0;
        self.n_silent = 0;
        self.power.fill(0.0);
        self.n_overrun = 0;
        self.is_news = false;
    }

    /// False while what is heard gives no reason to believe in [`Self::power`]: noise has become
    /// louder, or a word has begun where there is next to none.
    pub(crate) fn is_sure(&self) -> bool {
        self.n_overrun < config::OVERRUN_FRAMES
    }

    /// True in the frame in which another noise turned out to be there than was known.
    pub(crate) fn is_news(&self) -> bool {
        self.is_news
    }

    /// Mean power of the noise per 25 Hz, as far as it is known.
    pub(crate) fn power(&self) -> &[f32] {
        &self.power
    }

    /// Takes in the power per 25 Hz of a frame whose newest hop is digital silence or not.
    pub(crate) fn follow(&mut self, power: &[f32], is_silent: bool) {
        self.is_news = false;
        if is_silent {
            self.pause();
            return;
        }
        self.n_silent = 0;
        self.n_sounding = (self.n_sounding + 1).min(config::HOPS_PER_WINDOW);
        // A window that reaches back into silence holds less than the noise; only at the very start
        // it is better than nothing.
        if self.n_sounding < config::HOPS_PER_WINDOW && !self.minimum.is_warming_up() {
            return;
        }
        self.minimum.track(power, &mut self.power);
        if self.patches.push(power) {
            self.raise();
        }
        self.n_overrun = if self.is_overrun(power) { self.n_overrun.saturating_add(1) } else { 0 };
        self.is_news |= self.n_overrun == config::OVERRUN_FRAMES;
    }

    /// Takes noise that is louder than was known for what it is.
    fn raise(&mut self) {
        let (minimum, known) = (&mut self.minimum, &mut self.power);
        let mut n_risen = 0;
        self.patches.each_noise(|bin_idx, mean_power| {
            let rise = mean_power / (known[bin_idx] + TINY);
            if rise > config::PATCH_RAISES_FROM {
                known[bin_idx] = mean_power * config::PATCH_MARGIN;
                minimum.raise(bin_idx, known[bin_idx]);
                n_risen += usize::from(rise > config::PATCH_NEWS_FROM);
            }
        });
        self.is_news = n_risen as f32 > config::PATCH_NEWS_SHARE * known.len() as f32;
    }

    /// Whether most of the bins that hold anything hold far more than the noise.
    fn is_overrun(&self, power: &[f32]) -> bool {
        // As wide as the powers, so that several bins are counted at once.
        let (mut n_heard, mut n_over) = (0_u32, 0_u32);
        for (heard, noise) in power.iter().zip(&self.power) {
            n_heard += u32::from(*heard > FLOOR_POWER);
            n_over += u32::from(*heard > (config::OVERRUN_FROM * noise).max(FLOOR_POWER));
        }
        n_over as f32 > config::OVERRUN_SHARE * n_heard as f32
    }

    /// A hop of digital silence; one that lasts is a new recording.
    fn pause(&mut self) {
        self.n_sounding = 0;
        if self.n_silent < self.forget_after {
            self.n_silent += 1;
            if self.n_silent == self.forget_after {
                self.reset();
                self.n_silent = self.forget_after;
            }
        }
    }
}
