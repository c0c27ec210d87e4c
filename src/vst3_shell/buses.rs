//! The host's channels as the framework takes them, with silence for those that a host leaves out.

use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicPtr, Ordering};
use std::sync::{Mutex, PoisonError};

use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::*;
use nice_plug::wrapper::vst3::vst3::Steinberg::*;

/// Channels a bus of ours can have.
const MAX_CHANNELS: usize = 2;

/// The host's bus of this index, if there is one.
///
/// # Safety
/// `buses` must be null or hold `n_buses`.
pub(super) unsafe fn bus<'a>(
    buses: *const AudioBusBuffers,
    n_buses: int32,
    idx: usize,
) -> Option<&'a AudioBusBuffers> {
    let exists = usize::try_from(n_buses).is_ok_and(|n| idx < n) && !buses.is_null();
    // SAFETY: the caller's promise.
    exists.then(|| unsafe { &*buses.add(idx) })
}

/// A bus with the channels of the layout, beginning somewhere in the block.
pub(super) struct Bus {
    channels: [*mut f32; MAX_CHANNELS],
    n_channels: usize,
}

impl Bus {
    pub(super) fn empty() -> Self {
        Self { channels: [ptr::null_mut(); MAX_CHANNELS], n_channels: 0 }
    }

    /// Takes the host's channels from sample `start` on, and `silence` for those it left out.
    ///
    /// # Safety
    /// The host's channels must be valid for `start` samples.
    pub(super) unsafe fn describe(
        &mut self,
        bus: Option<&AudioBusBuffers>,
        n_channels: usize,
        start: int32,
        silence: Option<*mut f32>,
    ) {
        self.n_channels = n_channels.min(MAX_CHANNELS);
        let n_given = bus.map_or(0, |bus| usize::try_from(bus.numChannels).unwrap_or(0));
        for (idx, channel) in self.channels.iter_mut().enumerate().take(self.n_channels) {
            // SAFETY: the host's list has as many channels as it says.
            let given = bus.filter(|_| idx < n_given).and_then(|bus| unsafe {
                let list = bus.__field0.channelBuffers32;
                (!list.is_null()).then(|| *list.add(idx)).filter(|channel| !channel.is_null())
            });
            *channel = match given {
                // SAFETY: the caller's promise.
                Some(given) => unsafe { given.add(start as usize) },
                None => silence.unwrap_or(ptr::null_mut()),
            };
        }
    }

    pub(super) fn is_complete(&self) -> bool {
        self.channels[..self.n_channels].iter().all(|channel| !channel.is_null())
    }

    /// As the framework takes it; a bus with a channel missing has none.
    pub(super) fn raw(&mut self) -> AudioBusBuffers {
        // SAFETY: numbers and null pointers.
        let mut raw: AudioBusBuffers = unsafe { std::mem::zeroed() };
        if self.is_complete() {
            raw.numChannels = self.n_channels as int32;
            raw.__field0.channelBuffers32 = self.channels.as_mut_ptr();
        }
        raw
    }
}

/// Silence for channels that a host leaves out; nobody writes to it.
pub(super) struct Silence {
    /// Replaced while no audio runs; only ever read through `start`.
    memory: Mutex<Vec<f32>>,
    start: AtomicPtr<f32>,
    len: AtomicI32,
}

impl Silence {
    pub(super) fn new() -> Self {
        Self {
            memory: Mutex::new(Vec::new()),
            start: AtomicPtr::new(ptr::null_mut()),
            len: AtomicI32::new(0),
        }
    }

    /// Makes room for blocks of this length. Allocates.
    pub(super) fn prepare(&self, len: int32) {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        *memory = vec![0.0; usize::try_from(len).unwrap_or(0)];
        self.start.store(memory.as_mut_ptr(), Ordering::Release);
        self.len.store(len, Ordering::Release);
    }

    /// So many samples of it; nothing where a host exceeds what it announced.
    pub(super) fn of(&self, len: int32) -> Option<*mut f32> {
        let is_enough = len <= self.len.load(Ordering::Acquire);
        is_enough.then(|| self.start.load(Ordering::Acquire))
    }
}
