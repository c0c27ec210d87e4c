//! The program's audio thread allocates nothing, whatever changes hands.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use quell::Quell;
use quell::standalone::player::{Exchange, Player};
use quell_core::{LatencyMode, StreamSpec};

struct Guard;

static N_CALLS: AtomicU32 = AtomicU32::new(0);

thread_local! {
    static IS_WATCHED: Cell<bool> = const { Cell::new(false) };
}

fn note() {
    if IS_WATCHED.get() {
        N_CALLS.fetch_add(1, Ordering::Relaxed);
    }
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Guard {
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
}

#[global_allocator]
static GUARD: Guard = Guard;

/// Calls of the allocator while something is done.
fn n_calls(action: impl FnOnce()) -> u32 {
    let before = N_CALLS.load(Ordering::Relaxed);
    IS_WATCHED.set(true);
    action();
    IS_WATCHED.set(false);
    N_CALLS.load(Ordering::Relaxed) - before
}

#[test]
fn the_audio_thread_allocates_nothing_while_streams_change_hands() {
    // The guard sees what it has to.
    assert!(n_calls(|| drop(std::hint::black_box(Box::new(1)))) >= 2);

    let exchange = Arc::new(Exchange::default());
    let mut player = Player::new(Arc::clone(&exchange));
    let mut engine = Box::<Quell>::default();
    let (mut left, mut right) = (vec![0.1; 441], vec![-0.1; 441]);
    for mode in [LatencyMode::Live, LatencyMode::Standard, LatencyMode::Studio] {
        let spec =
            StreamSpec { sample_rate_hz: 44_100.0, n_channels: 2, n_noise_channels: 0, mode };
        engine.prepare(spec).unwrap();
        exchange.give(engine);
        let mut play = |n_blocks| {
            n_calls(|| (0..n_blocks).for_each(|_| player.play(&mut [&mut left, &mut right])))
        };
        assert_eq!(play(100), 0, "{mode:?}");
        exchange.recall();
        assert_eq!(play(2), 0, "{mode:?}");
        engine = exchange.take_back().expect("it was recalled");
    }
}
