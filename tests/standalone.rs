//! The program's audio thread allocates nothing, whatever changes hands.

use std::sync::Arc;

use quell::Quell;
use quell::standalone::deck::{Deck, Reel};
use quell::standalone::player::{Exchange, Player};
use quell_core::{LatencyMode, StreamSpec};
use quell_testkit::allocator::{Counting, n_calls};

#[global_allocator]
static COUNTING: Counting = Counting;

#[test]
fn the_audio_thread_allocates_nothing_while_streams_and_reels_change_hands() {
    // The allocator sees what it has to.
    assert!(n_calls(|| drop(std::hint::black_box(Box::new(1)))) >= 2);

    let exchange = Arc::new(Exchange::default());
    let deck = Arc::<Deck>::default();
    deck.play(true);
    let mut player = Player::new(Arc::clone(&exchange), Arc::clone(&deck));
    let mut engine = Box::<Quell>::default();
    let shared = engine.shared().clone();
    shared.feed.watch(true);
    shared.ears.make_even(true);
    let (mut left, mut right) = (vec![0.1; 441], vec![-0.1; 441]);
    for mode in [LatencyMode::Live, LatencyMode::Standard, LatencyMode::Studio] {
        let spec =
            StreamSpec { sample_rate_hz: 44_100.0, n_channels: 2, n_noise_channels: 0, mode };
        engine.prepare(spec).unwrap();
        exchange.give(engine);
        deck.reels.give(Box::new(Reel { channels: vec![vec![0.1; 9_000]; 2], rate_hz: 44_100.0 }));
        let mut play = |n_blocks| {
            n_calls(|| (0..n_blocks).for_each(|_| player.play(&mut [&mut left, &mut right])))
        };
        assert_eq!(play(100), 0, "{mode:?}");
        // A band, another one, and all of it again.
        for band_hz in [Some(500.0..2_000.0), Some(600.0..2_500.0), None] {
            shared.ears.hear_only(band_hz);
            assert_eq!(play(20), 0, "{mode:?}");
        }
        exchange.recall();
        deck.reels.recall();
        assert_eq!(play(2), 0, "{mode:?}");
        engine = exchange.take_back().expect("it was recalled");
        assert!(deck.reels.take_back().is_some(), "so was the reel");
    }
}
