//! How one engine takes over from another.

use crate::config;
use crate::settings::Engine;

/// How much of the mask is whose: 1 in sum, and all of one engine except for a while after a
/// switch.
#[derive(Clone, Copy)]
pub(crate) struct EngineShares {
    /// In the order of [`Engine::ALL`].
    shares: [f32; Engine::ALL.len()],
    /// What a share may change in a frame.
    step: f32,
}

impl EngineShares {
    pub(crate) fn new(hop_s: f64) -> Self {
        let step = (hop_s / config::ENGINE_FADE_S).min(1.0) as f32;
        Self { shares: [0.0; Engine::ALL.len()], step }
    }

    /// The next engine will have it all at once.
    pub(crate) fn reset(&mut self) {
        self.shares.fill(0.0);
    }

    pub(crate) fn of(&self, engine: Engine) -> f32 {
        self.shares[engine as usize]
    }

    /// True while one of these engines has a part in the mask.
    pub(crate) fn any(&self, is_one: impl Fn(Engine) -> bool) -> bool {
        Engine::ALL.into_iter().any(|engine| is_one(engine) && self.of(engine) > 0.0)
    }

    /// Takes what the wanted engine gains from the others, each in proportion to what it has.
    pub(crate) fn glide_to(&mut self, wanted: Engine) {
        let own = self.of(wanted);
        if own == 1.0 {
            return;
        }
        let is_first = self.shares.iter().all(|share| *share == 0.0);
        let new = if is_first { 1.0 } else { own + self.step };
        // The rest of a step would be inaudible and only keep the old engine busy.
        if new > 1.0 - 0.5 * self.step {
            self.shares.fill(0.0);
            self.shares[wanted as usize] = 1.0;
            return;
        }
        let keep = (1.0 - new) / (1.0 - own);
        for share in &mut self.shares {
            *share *= keep;
        }
        self.shares[wanted as usize] = new;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_and_glide_however_often_the_mind_is_changed() {
        let mut random = fastrand::Rng::with_seed(0x91);
        for _ in 0..50 {
            let mut shares = EngineShares::new(0.01);
            shares.glide_to(Engine::Hybrid);
            assert_eq!(shares.of(Engine::Hybrid), 1.0, "the first one has it all");
            let mut wanted = Engine::Hybrid;
            for _ in 0..200 {
                if random.u8(..10) == 0 {
                    wanted = Engine::ALL[random.usize(..4)];
                }
                let before = shares.shares;
                shares.glide_to(wanted);
                assert!((shares.shares.iter().sum::<f32>() - 1.0).abs() < 1e-5);
                for (now, before) in shares.shares.iter().zip(before) {
                    assert!((now - before).abs() <= 1.5 * shares.step + 1e-6);
                }
            }
            (0..25).for_each(|_| shares.glide_to(wanted));
            assert_eq!(shares.of(wanted), 1.0);
            assert_eq!(shares.shares.iter().filter(|share| **share > 0.0).count(), 1);
        }
    }
}
