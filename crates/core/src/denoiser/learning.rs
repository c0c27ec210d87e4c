//! Stage 3: frames become a print while Capture is on.

use super::print::Print;
use crate::capture::{Capture, CaptureStatus};

/// The capture under way and what became of the last one.
pub(super) struct Learning {
    capture: Capture,
    is_on: bool,
    status: CaptureStatus,
}

impl Learning {
    pub(super) fn new(capture: Capture) -> Self {
        Self { capture, is_on: false, status: CaptureStatus::Idle }
    }

    /// Drops a capture under way; how the one before it ended still holds.
    pub(super) fn reset(&mut self) {
        self.is_on = false;
    }

    pub(super) fn status(&self) -> CaptureStatus {
        self.status
    }

    /// Collects the frame while Capture is on, and decides once it is off again.
    pub(super) fn run(
        &mut self,
        is_on: bool,
        is_clean: bool,
        powers: &[Vec<f32>],
        print: &mut Print,
    ) {
        if is_on {
            if !self.is_on {
                self.capture.start();
            }
            self.capture.push(is_clean, |idx| &powers[idx]);
            self.status = CaptureStatus::Capturing { seconds: self.capture.seconds() };
        } else if self.is_on {
            self.status = print.take_from(&mut self.capture);
        }
        self.is_on = is_on;
    }
}
