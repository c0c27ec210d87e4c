//! Where no screen reader reaches the window, the host's own list of parameters has to do: what can
//! be pressed or set here is one of them, with text, or it is said where else it is to be had.

use std::collections::BTreeSet;

use egui::accesskit::Action;
use egui_kittest::kittest::{AccessKitNode, By};

use super::*;
use crate::params::Control;

/// Controls that set a parameter of another name.
const SETS: &[(&str, &str)] = &[
    ("Capture noise", "Capture"),
    ("Original", "Bypass"),
    ("Clean", "Hear"),
    ("Removed", "Hear"),
    ("Print A", "Print"),
    ("Print B", "Print"),
    ("Print C", "Print"),
    ("Print D", "Print"),
    ("Threshold node 1", "Threshold 1"),
    ("Threshold node 2", "Threshold 2"),
    ("Threshold node 3", "Threshold 3"),
    ("Threshold node 4", "Threshold 4"),
    ("Threshold node 5", "Threshold 5"),
    ("Threshold node 6", "Threshold 6"),
];

/// What sets no parameter of its own, and where a host or the command line has it.
const ELSEWHERE: &[(&str, &str)] = &[
    ("A", HOST),
    ("B", HOST),
    ("Copy A\u{203a}B", HOST),
    ("History", HOST),
    ("Anything", PRESETS),
    ("Voice", PRESETS),
    ("Music", PRESETS),
    ("Hum", PRESETS),
    ("Preset: Presets", PRESETS),
    ("\u{2039}", PRESETS),
    ("\u{203a}", PRESETS),
    ("Clear", FILES),
    ("Copy", FILES),
    ("Paste", FILES),
    ("Load", FILES),
    ("Save", FILES),
    ("40 ms late", "the host's own figure of the delay"),
    ("Last ten seconds", "\"Use last seconds\""),
    ("Same loudness", "for ears that compare: nothing of it is kept or rendered"),
    ("Expert", PICTURE),
    ("Look", PICTURE),
    ("Freeze", PICTURE),
    ("Peak hold", PICTURE),
    ("Range of levels", PICTURE),
    ("Spectrogram", PICTURE),
    ("Spectrum", PICTURE),
    ("Show denoised", PICTURE),
    ("Show gain", PICTURE),
    ("Show input", PICTURE),
    ("Show noise print", PICTURE),
    ("Show removed", PICTURE),
    ("Show threshold", PICTURE),
];
const HOST: &str = "the host's own undo and comparison";
const PRESETS: &str = "the host's browser of presets";
const FILES: &str = "`quell profile`, and the host's projects";
const PICTURE: &str = "a picture or the way to controls, nothing to hear";

/// Names of all that can be pressed or set.
fn controls(bench: &Bench) -> BTreeSet<String> {
    const ACTIONS: [Action; 3] = [Action::Click, Action::SetValue, Action::Increment];
    let acts = |node: &AccessKitNode<'_>| {
        ACTIONS.iter().any(|&action| node.data().supports_action(action))
    };
    let all = bench.harness.query_all(By::new().predicate(acts));
    all.filter_map(|node| node.accesskit_node().label()).collect()
}

#[test]
fn what_a_screen_reader_may_not_reach_is_a_parameter_with_text() {
    let mut names = BTreeSet::new();
    for engine in Engine::ALL {
        let mut bench = bench();
        bench.shared.link.set_profile(Some(Arc::new(print(-80.0))));
        bench.p()[ENGINE].set_plain(engine.idx() as f32);
        for drawer in ["Print", "Expert"] {
            bench.click(drawer);
            names.append(&mut controls(&bench));
        }
    }
    let params = QuellParams::default();
    let parameters: Vec<&Control> = params.iter().collect();
    let set = |name: &str| {
        let other = SETS.iter().find(|(control, _)| *control == name).map(|(_, id)| *id);
        let wanted = other.unwrap_or(name);
        parameters.iter().find(|control| control.row().name == wanted)
    };
    let is_elsewhere = |name: &str| ELSEWHERE.iter().any(|(control, _)| *control == name);
    let lost: Vec<_> =
        names.iter().filter(|name| set(name).is_none() && !is_elsewhere(name)).collect();
    assert!(lost.is_empty(), "in the window alone: {lost:?}");
    let gone = |(name, _): &&(&str, &str)| !names.contains(*name);
    let stale: Vec<_> = SETS.iter().chain(ELSEWHERE).filter(gone).collect();
    assert!(stale.is_empty(), "no longer in the window: {stale:?}");
    for control in parameters {
        // A choice or a switch has few places, a dial many: each end and one between.
        for share in [0.0, 0.5, 1.0] {
            let text = control.text(share);
            let back = control.parse(&text).map(|share| control.text(share));
            assert_eq!(back.as_ref().ok(), Some(&text), "{}: {text:?}", control.row().name);
        }
    }
}
