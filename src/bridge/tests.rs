//! What the two sides tell each other.

use quell_core::{CaptureRefusal, Captured, Verdict};

use super::*;

fn print(level_db: f32) -> Arc<NoiseProfile> {
    Arc::new(NoiseProfile::new(1, 4, vec![level_db; 4], vec![5.0; 4], 1.0).unwrap())
}

fn level(profile: &Print) -> Option<f32> {
    profile.as_ref().map(|p| p.mean_db()[0])
}

/// A capture ends with this print.
fn capture(audio: &mut AudioEnd, level_db: f32, is_in_force: bool) {
    capture_into(audio, 0, level_db, is_in_force);
}

fn capture_into(audio: &mut AudioEnd, slot: usize, level_db: f32, is_in_force: bool) {
    assert!(audio.can_tell());
    let print = print(level_db);
    audio.tell(Ok(Captured { print: &print, is_in_force, slot, source_before: None }));
}

fn levels(prints: &Prints) -> Slots<Option<f32>> {
    prints.each_ref().map(level)
}

#[test]
fn slots_need_no_lock() {
    assert!(AtomicCell::<Option<Box<Message>>>::is_lock_free());
}

#[test]
fn the_newest_capture_arrives_even_if_nobody_looked_at_the_others() {
    let (link, mut audio) = link(Arc::default());
    assert_eq!(audio.prepare(1, 4), Prints::default());
    for level_db in -50..-20 {
        capture(&mut audio, level_db as f32, true);
    }
    assert!(link.is_dirty());
    assert_eq!(level(&link.profile()), Some(-21.0));
    for level_db in -20..0 {
        capture(&mut audio, level_db as f32, true);
        assert_eq!(level(&link.profile()), Some(level_db as f32));
    }
    assert_eq!(link.n_ends(), 50);
}

#[test]
fn what_is_offered_leaves_the_print_and_is_forgotten_with_the_next() {
    let (link, mut audio) = link(Arc::default());
    audio.prepare(1, 4);
    capture(&mut audio, -60.0, true);
    capture(&mut audio, -20.0, false);
    assert_eq!(level(&link.profile()), Some(-60.0), "nobody looked in between");
    let Some(News::Offered(offered)) = link.news() else { panic!("{:?}", link.news()) };
    assert_eq!(offered.mean_db()[0], -20.0);
    assert!(link.profile().unwrap().about().made_unix_s > Some(1_700_000_000));
    capture(&mut audio, -10.0, false);
    capture(&mut audio, -50.0, true);
    assert_eq!((level(&link.profile()), link.news()), (Some(-50.0), None));
    audio.tell(Err(CaptureRefusal::Silent));
    assert_eq!(link.news(), Some(News::Refused(CaptureRefusal::Silent)));
    link.forget_news();
    assert_eq!(link.news(), None, "an old word is not said twice");
    // Somebody takes what is offered.
    capture(&mut audio, -15.0, false);
    let Some(News::Offered(offered)) = link.news() else { panic!() };
    link.edit_profile(Some(offered));
    assert_eq!((level(&link.profile()), link.news()), (Some(-15.0), None));
    let mut adopted = None;
    audio.take_orders(|_, p| adopted = p.map(|p| p.mean_db()[0]));
    assert_eq!(adopted, Some(-15.0));
}

#[test]
fn every_capture_in_force_is_a_step_with_what_was_before_it() {
    let (link, mut audio) = link(Arc::default());
    audio.prepare(1, 4);
    link.set_profile(Some(print(-70.0)));
    audio.take_orders(|_, _| {});
    capture(&mut audio, -60.0, true);
    drop(link.profile());
    capture(&mut audio, -20.0, false);
    capture(&mut audio, -50.0, true);
    let steps = link.take_steps();
    let levels: Vec<_> =
        steps.iter().map(|step| (level(&step.before), step.after.mean_db()[0])).collect();
    assert_eq!(levels, [(Some(-70.0), -60.0), (Some(-60.0), -50.0)]);
    assert!(link.take_steps().is_empty());
}

#[test]
fn a_print_keeps_its_verdict_and_its_name() {
    let (link, mut audio) = link(Arc::default());
    audio.prepare(1, 4);
    let mut captured = (*print(-60.0)).clone();
    captured.about_mut().verdict = Some(Verdict::Varying);
    audio.tell(Ok(Captured { print: &captured, is_in_force: true, slot: 0, source_before: None }));
    link.name_profile("Tape");
    let print = link.profile().unwrap();
    assert_eq!(print.about().verdict, Some(Verdict::Varying));
    assert_eq!(print.about().name, "Tape");
}

#[test]
fn a_loaded_profile_is_not_overwritten_by_an_older_capture() {
    let (link, mut audio) = link(Arc::default());
    audio.prepare(1, 4);
    link.set_profile(Some(print(-30.0)));
    capture(&mut audio, -60.0, true);
    assert_eq!(level(&link.profile()), Some(-30.0));
    let mut adopted = None;
    audio.take_orders(|_, p| adopted = p.map(|p| p.mean_db()[0]));
    assert_eq!(adopted, Some(-30.0));
}

#[test]
fn orders_reach_the_audio_thread_latest_first_and_only_once() {
    let (link, mut audio) = link(Arc::default());
    audio.prepare(1, 4);
    for _ in 0..100 {
        link.set_profile(Some(print(-40.0)));
        link.set_profile(None);
        let mut orders = Vec::new();
        audio.take_orders(|_, p| orders.push(p.cloned()));
        audio.take_orders(|_, p| orders.push(p.cloned()));
        assert_eq!(orders, [None]);
    }
}

#[test]
fn a_new_stream_starts_with_what_was_captured_before() {
    let (link, mut audio) = link(Arc::default());
    audio.prepare(1, 4);
    capture(&mut audio, -45.0, true);
    assert_eq!(level(&audio.prepare(2, 8)[0]), Some(-45.0));
    assert_eq!(level(&link.profile()), Some(-45.0));
}

#[test]
fn captures_into_several_slots_arrive_though_nobody_looked_in_between() {
    let (link, mut audio) = link(Arc::default());
    audio.prepare(1, 4);
    for round in 1..=5 {
        for slot in 0..N_SLOTS {
            capture_into(&mut audio, slot, -10.0 * round as f32 - slot as f32, true);
            capture_into(&mut audio, slot, -1.0, false);
        }
        if round == 3 {
            drop(link.profile());
        }
    }
    let expected = [0, 1, 2, 3].map(|slot| Some(-50.0 - slot as f32));
    assert_eq!(levels(&link.profiles()), expected);
    let steps: Vec<_> =
        link.take_steps().iter().map(|step| (step.slot, level(&step.before))).collect();
    let second = |slot: usize| (slot, Some(-30.0 - slot as f32));
    assert_eq!(steps[4..], [second(0), second(1), second(2), second(3)]);
}

#[test]
fn an_order_for_one_slot_says_nothing_of_the_others() {
    let params = Arc::<QuellParams>::default();
    let (link, mut audio) = link(Arc::clone(&params));
    audio.prepare(1, 4);
    // Before the audio thread looks, two slots are ordered; a capture into a third is no older.
    link.set_profile(Some(print(-30.0)));
    params[SLOT].set_plain(2.0);
    link.set_profile(Some(print(-32.0)));
    capture_into(&mut audio, 1, -61.0, true);
    capture_into(&mut audio, 2, -62.0, true);
    assert_eq!(levels(&link.profiles()), [Some(-30.0), Some(-61.0), Some(-32.0), None]);
    let mut orders = Vec::new();
    audio.take_orders(|slot, print| orders.push((slot, print.map(|print| print.mean_db()[0]))));
    assert_eq!(orders, [(0, Some(-30.0)), (2, Some(-32.0))]);
    // Another project replaces all.
    capture_into(&mut audio, 1, -41.0, true);
    link.set_profiles([None, None, None, Some(print(-33.0))]);
    capture_into(&mut audio, 1, -51.0, true);
    assert_eq!(levels(&link.profiles()), [None, None, None, Some(-33.0)]);
    orders = Vec::new();
    audio.take_orders(|slot, print| orders.push((slot, print.map(|print| print.mean_db()[0]))));
    assert_eq!(orders, [(0, None), (1, None), (2, None), (3, Some(-33.0))]);
}

#[test]
fn what_is_in_force_lies_between_the_prints_beside_it() {
    let params = Arc::<QuellParams>::default();
    let (link, _audio) = link(Arc::clone(&params));
    link.set_profiles([Some(print(-30.0)), Some(print(-50.0)), None, None]);
    for (position, chosen, in_force) in [
        (0.0, Some(-30.0), Some(-30.0)),
        (0.25, Some(-30.0), Some(-35.0)),
        (0.75, Some(-50.0), Some(-45.0)),
        (1.8, None, Some(-50.0)),
        (2.0, None, None),
    ] {
        params[SLOT].set_plain(position);
        assert_eq!(
            (level(&link.profile()), level(&link.in_force())),
            (chosen, in_force),
            "{position}"
        );
    }
    params[SLOT].set_plain(0.5);
    let mix = link.in_force().unwrap();
    assert!(Arc::ptr_eq(&mix, &link.in_force().unwrap()), "it is put together once");
    link.edit_profile_in(0, Some(print(-10.0)));
    assert_eq!(level(&link.in_force()), Some(-30.0));
    link.name_profile("Tape");
    assert_eq!(link.profiles()[1].as_ref().unwrap().about().name, "Tape", "the nearer one's");
}
