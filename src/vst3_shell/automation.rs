//! The parameter changes of a block, each at its sample.

use nice_plug::wrapper::vst3::vst3::ComRef;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::*;
use nice_plug::wrapper::vst3::vst3::Steinberg::*;

/// Most parameters that may change in one block; there are fewer.
const MAX_QUEUES: usize = 64;

/// The changes of one block, in the order of time, without a copy of them.
pub(super) struct Automation<'a> {
    changes: ComRef<'a, IParameterChanges>,
    n_queues: usize,
    /// Points of each queue that were applied.
    n_applied: [int32; MAX_QUEUES],
}

impl<'a> Automation<'a> {
    pub(super) fn new(changes: ComRef<'a, IParameterChanges>) -> Self {
        // SAFETY: the object is valid while the block is.
        let n_queues = unsafe { changes.getParameterCount() };
        let n_queues = usize::try_from(n_queues).unwrap_or(0).min(MAX_QUEUES);
        Self { changes, n_queues, n_applied: [0; MAX_QUEUES] }
    }

    /// Hands all points up to and including sample `due` to `set`; returns where the next one lies.
    pub(super) fn apply(&mut self, due: int32, set: impl Fn(ParamID, ParamValue)) -> Option<int32> {
        let mut next = None::<int32>;
        for queue_idx in 0..self.n_queues {
            // SAFETY: the index is below the host's count; the host's objects outlive the block.
            let Some(queue) =
                (unsafe { ComRef::from_raw(self.changes.getParameterData(queue_idx as int32)) })
            else {
                continue;
            };
            // SAFETY: as above.
            let (id, n_points) = unsafe { (queue.getParameterId(), queue.getPointCount()) };
            while self.n_applied[queue_idx] < n_points {
                let (mut offset, mut value) = (0, 0.0);
                // SAFETY: as above.
                let result = unsafe {
                    queue.getPoint(self.n_applied[queue_idx], &raw mut offset, &raw mut value)
                };
                if result == kResultOk && offset > due {
                    next = Some(next.map_or(offset, |next| next.min(offset)));
                    break;
                }
                if result == kResultOk {
                    set(id, value);
                }
                self.n_applied[queue_idx] += 1;
            }
        }
        next
    }
}
