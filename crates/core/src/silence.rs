//! Digital silence that lasts: when to forget, so that what comes next does not depend on how long
//! the silence was or what came before it.

use crate::config;

/// Counts frames of digital silence.
pub(crate) struct SilenceWatch {
    /// In a row, up to `forget_after`.
    n_silent: usize,
    forget_after: usize,
}

impl SilenceWatch {
    pub(crate) fn new(hop_s: f64) -> Self {
        Self { n_silent: 0, forget_after: (config::FORGETS_AFTER_S / hop_s).ceil() as usize }
    }

    pub(crate) fn reset(&mut self) {
        self.n_silent = 0;
    }

    /// Goes on from where another one is.
    pub(crate) fn continue_from(&mut self, other: &Self) {
        self.n_silent = other.n_silent;
    }

    /// Takes in whether a frame is silent; true while there is nothing to do. Calls `forget` as
    /// that begins.
    pub(crate) fn is_asleep(&mut self, is_silent: bool, forget: impl FnOnce()) -> bool {
        if !is_silent {
            self.n_silent = 0;
        } else if self.n_silent < self.forget_after {
            self.n_silent += 1;
            if self.n_silent == self.forget_after {
                forget();
            }
        }
        self.n_silent == self.forget_after
    }
}
