//! The system's allocator, which tells how often it was called. A test makes it its own with
//! `#[global_allocator]`.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The allocator.
pub struct Counting;

thread_local! {
    /// Calls on this thread while it is watched.
    static N_CALLS: Cell<Option<u32>> = const { Cell::new(None) };
}

fn note() {
    N_CALLS.set(N_CALLS.get().map(|n| n + 1));
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note();
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        note();
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        note();
        // SAFETY: the caller's promise.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}

/// Calls of the allocator by this thread during `action`. Always 0 where [`Counting`] is not the
/// allocator, so a test plants a call first.
pub fn n_calls(action: impl FnOnce()) -> u32 {
    N_CALLS.set(Some(0));
    action();
    N_CALLS.take().expect("set above")
}
