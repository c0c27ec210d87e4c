//! What the two sides tell each other.

use quell_core::Verdict;

use super::*;

fn print(level_db: f32) -> Arc<NoiseProfile> {
    Arc::new(NoiseProfile::new(1, 4, vec![level_db; 4], vec![5.0; 4], 1.0).unwrap())
}

fn level(profile: &Print) -> Option<f32> {
    profile.as_ref().map(|p| p.mean_db()[0])
}

/// A capture ends with this print.
fn capture(audio: &mut AudioEnd, level_db: f32, is_in_force: bool) {
    assert!(audio.can_tell());
    let print = print(level_db);
    audio.tell(Ok(Captured { print: &print, is_in_force, source_before: None }));
}

#[test]
fn slots_need_no_lock() {
    assert!(AtomicCell::<Option<Box<Message>>>::is_lock_free());
}

#[test]
fn the_newest_capture_arrives_even_if_nobody_looked_at_the_others() {
    let (link, mut audio) = link();
    assert!(audio.prepare(1, 4).is_none());
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
    let (link, mut audio) = link();
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
    audio.take_order(|p| adopted = p.map(|p| p.mean_db()[0]));
    assert_eq!(adopted, Some(-15.0));
}

#[test]
fn every_capture_in_force_is_a_step_with_what_was_before_it() {
    let (link, mut audio) = link();
    audio.prepare(1, 4);
    link.set_profile(Some(print(-70.0)));
    audio.take_order(|_| {});
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
    let (link, mut audio) = link();
    audio.prepare(1, 4);
    let mut captured = (*print(-60.0)).clone();
    captured.about_mut().verdict = Some(Verdict::Varying);
    audio.tell(Ok(Captured { print: &captured, is_in_force: true, source_before: None }));
    link.name_profile("Tape");
    let print = link.profile().unwrap();
    assert_eq!(print.about().verdict, Some(Verdict::Varying));
    assert_eq!(print.about().name, "Tape");
}

#[test]
fn a_loaded_profile_is_not_overwritten_by_an_older_capture() {
    let (link, mut audio) = link();
    audio.prepare(1, 4);
    link.set_profile(Some(print(-30.0)));
    capture(&mut audio, -60.0, true);
    assert_eq!(level(&link.profile()), Some(-30.0));
    let mut adopted = None;
    audio.take_order(|p| adopted = p.map(|p| p.mean_db()[0]));
    assert_eq!(adopted, Some(-30.0));
}

#[test]
fn orders_reach_the_audio_thread_latest_first_and_only_once() {
    let (link, mut audio) = link();
    audio.prepare(1, 4);
    for _ in 0..100 {
        link.set_profile(Some(print(-40.0)));
        link.set_profile(None);
        let mut orders = Vec::new();
        audio.take_order(|p| orders.push(p.cloned()));
        audio.take_order(|p| orders.push(p.cloned()));
        assert_eq!(orders, [None]);
    }
}

#[test]
fn a_new_stream_starts_with_what_was_captured_before() {
    let (link, mut audio) = link();
    audio.prepare(1, 4);
    capture(&mut audio, -45.0, true);
    assert_eq!(level(&audio.prepare(2, 8)), Some(-45.0));
    assert_eq!(level(&link.profile()), Some(-45.0));
}
