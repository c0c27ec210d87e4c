//! Stage 3: frames become a print while Capture is on.

use core::ops::Range;

use super::print::Print;
use crate::capture::{Capture, CaptureProgress, CaptureRefusal, FrameTraits};
use crate::quiet::INAUDIBLE_DBFS;
use crate::recent::Recent;
use crate::settings::Settings;
use crate::slot;

/// The capture under way and the end of the last one.
pub(super) struct Learning {
    capture: Capture,
    /// Capture was on in the last frame.
    was_on: bool,
    is_running: bool,
    /// What was heard last, where somebody may want to learn from it.
    recent: Option<Recent>,
    /// It was asked for in the last frame.
    was_recent: bool,
    /// It was asked for between two frames.
    is_recent_due: bool,
    /// A stretch of it that was asked for.
    stretch_due: Option<Range<u32>>,
    /// What is being learned was chosen, not found.
    is_chosen: bool,
    /// Usable noise after which a capture ends by itself, seconds.
    enough_s: f64,
    /// What nobody has taken yet: whether a print came into force, or why there is none.
    event: Option<Result<bool, CaptureRefusal>>,
}

impl Learning {
    pub(super) fn new(capture: Capture, recent: Recent) -> Self {
        Self {
            capture,
            was_on: false,
            is_running: false,
            recent: Some(recent),
            was_recent: false,
            is_recent_due: false,
            stretch_due: None,
            is_chosen: false,
            enough_s: f64::INFINITY,
            event: None,
        }
    }

    /// Drops a capture under way; the end of the one before it may still be taken, and what was
    /// heard last may still be learned: hosts reset a stream that is only stopped.
    pub(super) fn reset(&mut self) {
        self.was_on = false;
        self.is_running = false;
        if let Some(recent) = &mut self.recent {
            recent.pause();
        }
    }

    /// Keeps nothing of what is heard.
    pub(super) fn forget(&mut self) {
        self.recent = None;
    }

    /// Learns from what was heard last, from the next frame on.
    pub(super) fn learn_recent(&mut self) {
        self.is_recent_due = true;
    }

    /// Learns from the frames with these numbers, from the next frame on.
    pub(super) fn learn_stretch(&mut self, frames: Range<u32>) {
        self.stretch_due = Some(frames);
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

    /// Learns from the frame what the settings want; true in the frame in which a print comes into
    /// force.
    pub(super) fn run(
        &mut self,
        settings: &Settings,
        (number, is_usable): (u32, bool),
        traits: impl FnOnce() -> FrameTraits,
        powers: &[Vec<f32>],
        print: &mut Print,
    ) -> bool {
        if let Some(recent) = &mut self.recent {
            recent.push(number, is_usable, powers);
        }
        let is_old = self.learn_from_recent(settings, print);
        self.learn_from_frame(settings, traits, powers, print) || is_old
    }

    /// Collects the frame while Capture is on, and decides once it is off again or there is enough.
    fn learn_from_frame(
        &mut self,
        settings: &Settings,
        traits: impl FnOnce() -> FrameTraits,
        powers: &[Vec<f32>],
        print: &mut Print,
    ) -> bool {
        let is_on = settings.capture;
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
        let slot_idx = slot::nearest(settings.slot);
        let end = print.take_from(&mut self.capture, slot_idx, settings.add_to_print);
        self.event = Some(end);
        end == Ok(true)
    }

    /// Begins where it is asked for, and goes on with what was begun.
    fn learn_from_recent(&mut self, settings: &Settings, print: &mut Print) -> bool {
        let is_asked = settings.use_recent && !self.was_recent;
        self.was_recent = settings.use_recent;
        let Some(recent) = &mut self.recent else { return false };
        if let Some(frames) = self.stretch_due.take() {
            self.is_chosen = true;
            if !recent.choose(frames) {
                self.event = Some(Err(CaptureRefusal::Silent));
            }
            return false;
        }
        if is_asked || core::mem::take(&mut self.is_recent_due) {
            self.is_chosen = false;
            if !recent.look() {
                self.event = Some(Err(CaptureRefusal::NothingSteady));
            }
            return false;
        }
        let Some(capture) = recent.learn() else { return false };
        let end = match capture.level_dbfs() < INAUDIBLE_DBFS {
            true if self.is_chosen => Err(CaptureRefusal::Silent),
            true => Err(CaptureRefusal::NothingSteady),
            false => print.take_from(capture, slot::nearest(settings.slot), settings.add_to_print),
        };
        self.event = Some(end);
        end == Ok(true)
    }
}
