//! Stage 3: frames become a print while Capture is on.

use super::print::Print;
use crate::capture::{Capture, CaptureProgress, CaptureRefusal, FrameTraits};

/// The capture under way and the end of the last one.
pub(super) struct Learning {
    capture: Capture,
    /// Capture was on in the last frame.
    was_on: bool,
    is_running: bool,
    /// Usable noise after which a capture ends by itself, seconds.
    enough_s: f64,
    /// What nobody has taken yet: whether a print came into force, or why there is none.
    event: Option<Result<bool, CaptureRefusal>>,
}

impl Learning {
    pub(super) fn new(capture: Capture) -> Self {
        Self { capture, was_on: false, is_running: false, enough_s: f64::INFINITY, event: None }
    }

    /// Drops a capture under way; the end of the one before it may still be taken.
    pub(super) fn reset(&mut self) {
        self.was_on = false;
        self.is_running = false;
    }

    /// Drops a capture under way; the next begins once Capture has been off.
    pub(super) fn abandon(&mut self) {
        self.is_running = false;
    }

    /// Takes Capture for off until the next frame.
    pub(super) fn rearm(&mut self) {
        self.was_on &= self.is_running;
    }

    /// Sets after how much usable noise a capture ends by itself.
    pub(super) fn end_after(&mut self, seconds: f64) {
        self.enough_s = seconds;
    }

    /// How far a capture under way has come.
    pub(super) fn progress(&self) -> Option<CaptureProgress> {
        self.is_running.then(|| self.capture.progress())
    }

    /// The end of the last capture, once.
    pub(super) fn take_event(&mut self) -> Option<Result<bool, CaptureRefusal>> {
        self.event.take()
    }

    /// Collects the frame while Capture is on, and decides once it is off again or there is enough;
    /// true in the frame in which a print comes into force.
    pub(super) fn run(
        &mut self,
        is_on: bool,
        traits: impl FnOnce() -> FrameTraits,
        powers: &[Vec<f32>],
        print: &mut Print,
    ) -> bool {
        if is_on && !self.was_on {
            self.capture.start();
            self.is_running = true;
        }
        self.was_on = is_on;
        if !self.is_running {
            return false;
        }
        if is_on {
            self.capture.push(traits(), |idx| &powers[idx]);
        }
        let is_enough = f64::from(self.capture.progress().usable_s) > self.enough_s - 1e-6;
        if is_on && !is_enough {
            return false;
        }
        self.is_running = false;
        let end = print.take_from(&mut self.capture);
        self.event = Some(end);
        end == Ok(true)
    }
}
