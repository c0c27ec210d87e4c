//! Between an instance and its saved state, which [`quell_formats::state`] reads and writes.
//!
//! Reading happens in two steps: `decode` checks everything and touches nothing, [`apply`] cannot
//! fail. So a damaged state leaves the running one as it is.

use nice_plug::prelude::nice_warn;
use quell_core::settings::row::Scope;
use quell_formats::state::{State, StateError, decode, model_notice as notice_of};

use crate::Shared;
use crate::bridge::CaptureOrder;
use crate::params::{CAPTURE, QuellParams, RECENT};

/// What is saved of an instance.
pub fn of(shared: &Shared) -> State {
    let values = shared.params.iter().map(crate::params::Control::saved_plain);
    let mut state = State::new(values);
    state.profiles = shared.link.profiles();
    state.model = Some(shared.session.model());
    state.window = Some(shared.session.window());
    state
}

/// Loads bytes that a host kept; where they are damaged, the running state stays.
pub fn load(bytes: &[u8], shared: &Shared) -> Result<(), StateError> {
    apply(decode(bytes)?, shared);
    shared.feed.request_repaint();
    Ok(())
}

/// Loads bytes that a host kept as a preset, whatever else they hold; where they are damaged, what
/// runs stays.
pub fn load_preset(bytes: &[u8], shared: &Shared) -> Result<(), StateError> {
    apply_preset(decode(bytes)?, shared);
    Ok(())
}

/// Puts a checked state in force. Capture comes back as it was saved, but no project starts by
/// learning.
pub fn apply(state: State, shared: &Shared) {
    if state.is_preset {
        return apply_preset(state, shared);
    }
    // Before, so that nothing begins or ends meanwhile; after, in case a block has passed.
    shared.link.order_capture(CaptureOrder::Block);
    apply_params(&state, &shared.params);
    let is_on = [CAPTURE, RECENT].iter().any(|&place| shared.params[place].is_on());
    shared.link.order_capture(if is_on { CaptureOrder::Block } else { CaptureOrder::Abandon });
    if let Some(window) = state.window {
        shared.session.set_window(window);
    }
    shared.session.set_model(state.model);
    shared.link.set_profiles(state.profiles);
    if let Some(notice) = model_notice(shared) {
        nice_warn!("{notice}");
    }
}

/// Puts a preset in force: its print where it brings one, in the slot that is chosen here, and of
/// the settings what makes the sound; the latency mode where it names one. What belongs to the
/// session stays.
pub fn apply_preset(preset: State, shared: &Shared) {
    for control in shared.params.iter() {
        let plain = preset.value(control.place());
        match control.row().scope {
            Scope::Sound => control.set_plain(plain.unwrap_or(control.row().default_plain())),
            Scope::Stream => plain.into_iter().for_each(|plain| control.set_plain(plain)),
            Scope::Session => {}
        }
    }
    let profile = preset.chosen_profile();
    if profile.is_some() {
        shared.link.set_profile(profile);
    }
    shared.feed.request_repaint();
}

/// The parameters' part of [`apply`]. One that the state does not name takes its default, as it had
/// no effect when the state was written.
pub fn apply_params(state: &State, params: &QuellParams) {
    for control in params.iter() {
        let plain = state.value(control.place());
        control.set_plain(plain.unwrap_or(control.row().default_plain()));
    }
}

/// Says so where the engine in use will not sound as it did when the project was saved.
pub fn model_notice(shared: &Shared) -> Option<String> {
    notice_of(shared.params.settings().engine, shared.session.model())
}

#[cfg(test)]
mod tests {
    use quell_core::unet::SHIPPED_IDENTITY;
    use std::sync::Arc;

    use quell_core::{Choice, Engine, NoiseProfile};
    use quell_formats::state::{Window, encode};

    use super::*;
    use crate::bridge::AudioEnd;
    use crate::params::{BYPASS, ENGINE, REDUCTION};

    fn instance() -> (Shared, AudioEnd) {
        let (shared, audio, _) = Shared::new();
        (shared, audio)
    }

    fn print() -> NoiseProfile {
        NoiseProfile::new(2, 5, vec![-60.0; 10], vec![5.5; 10], 2.25).unwrap()
    }

    #[test]
    fn an_instance_comes_back_as_it_was_and_is_written_the_same_again() {
        let (first, audio) = instance();
        audio.show_active(true);
        first.link.set_profile(Some(Arc::new(print())));
        for (place, plain) in [(REDUCTION, -62.5), (CAPTURE, 1.0), (BYPASS, 1.0)] {
            first.params[place].set_plain(plain);
        }
        first.session.set_window(Window {
            width: 1_234,
            height: 777,
            is_light: true,
            scale_percent: 125,
        });
        let bytes = encode(&of(&first));
        assert_eq!(encode(&of(&first)), bytes);

        let (other, _audio) = instance();
        load(&bytes, &other).unwrap();
        assert_eq!(other.params[REDUCTION].plain(), -62.5);
        assert!(other.params[BYPASS].is_on());
        assert!(other.params[CAPTURE].is_on(), "as hosts expect");
        assert_eq!(other.link.profile().as_deref(), Some(&print()));
        assert_eq!(other.session.window(), first.session.window());
        assert_eq!(encode(&of(&other)), bytes);
    }

    #[test]
    fn a_project_made_with_another_network_says_so_and_still_knows_it_when_saved_again() {
        let bytes = include_bytes!("../tests/fixtures/state/v1_network.json");
        let (shared, _audio) = instance();
        load(bytes, &shared).unwrap();
        let notice = model_notice(&shared).unwrap();
        assert!(notice.contains("0123456789abcdef"), "{notice}");
        assert_eq!(decode(&encode(&of(&shared))).unwrap().model, Some(0x0123_4567_89ab_cdef));
        // A gate has no network to be another one, and a state without one starts afresh.
        let choose = |engine: Engine| shared.params[ENGINE].set_plain(engine.idx() as f32);
        choose(Engine::Gate);
        assert_eq!(model_notice(&shared), None);
        load(&encode(&of(&shared)), &shared).unwrap();
        choose(Engine::Neural);
        assert_eq!(model_notice(&shared), None);
        assert_eq!(shared.session.model(), SHIPPED_IDENTITY);
    }

    #[test]
    fn a_damaged_state_leaves_the_running_one_as_it_is() {
        let (shared, _audio) = instance();
        shared.params[REDUCTION].set_plain(-30.0);
        shared.link.set_profile(Some(Arc::new(print())));
        assert!(load(b"{\"quell_state\": 1, \"params\": {\"floor\": \"x\"}}", &shared).is_err());
        assert_eq!(shared.params[REDUCTION].plain(), -30.0);
        assert_eq!(shared.link.profile().as_deref(), Some(&print()));
    }
}
