use quell_core::{About, LatencyMode, Monitor, ProfileSource, ThresholdCurve, Verdict};

use super::*;

fn profile() -> NoiseProfile {
    profile_at(-60.0)
}

fn profile_at(level_db: f32) -> NoiseProfile {
    let mean = (0..10).map(|i| level_db - i as f32 / 3.0).collect();
    NoiseProfile::new(2, 5, mean, vec![5.5; 10], 2.25).unwrap()
}

/// Four prints, each with a name and a verdict of its own.
fn four_profiles() -> Slots<Option<Arc<NoiseProfile>>> {
    let about = |idx: usize| About {
        level_dbfs: Some(-40.0 - idx as f32),
        verdict: Some([Verdict::Steady, Verdict::Varying, Verdict::Tone, Verdict::Speech][idx]),
        made_unix_s: Some(1_790_000_000 + idx as u64),
        name: format!("Side {}", idx + 1),
    };
    let print = |idx: usize| profile_at(-60.0 - idx as f32).described(about(idx));
    std::array::from_fn(|idx| Some(Arc::new(print(idx))))
}

/// Every setting off its default, which no rounding may move.
fn used() -> State {
    let values = TABLE.iter().map(|row| match row.kind {
        Kind::Number(number) => number.min + (number.max - number.min) / 3.0,
        Kind::Switch => 1.0 - row.default_plain(),
        Kind::Choice(variants) => match row.default_plain() as usize {
            last if last + 1 == variants.len => 0.0,
            _ => (variants.len - 1) as f32,
        },
    });
    let window = Window { width: 1_234, height: 777, is_light: true, scale_percent: 150 };
    State {
        profiles: four_profiles(),
        model: Some(0x0123_4567_89ab_cdef),
        window: Some(window),
        ..State::new(values)
    }
}

fn with(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut state: Value = serde_json::from_slice(&encode(&used())).unwrap();
    change(&mut state);
    state.to_string().into_bytes()
}

fn without(id: &str) -> State {
    decode(&with(|state| drop(state["params"].as_object_mut().unwrap().remove(id)))).unwrap()
}

#[test]
fn a_state_comes_back_as_it_was_and_is_written_the_same_again() {
    let bytes = encode(&used());
    let read = decode(&bytes).unwrap();
    assert_eq!(read, used());
    assert_eq!(encode(&read), bytes);
    assert_eq!(find(&bytes).unwrap(), read, "the command line reads what the plugin reads");
}

#[test]
fn a_preset_leaves_print_window_and_session_alone() {
    let preset = decode(&encode_preset(&used())).unwrap();
    assert!(preset.is_preset && !decode(&encode(&used())).unwrap().is_preset);
    assert_eq!((&preset.profiles, preset.window, preset.model), (&Slots::default(), None, None));
    for (place, row) in TABLE.iter().enumerate() {
        let expected = used().value(place).filter(|_| row.scope != Scope::Session);
        assert_eq!(preset.value(place), expected, "{}", row.id);
    }
}

/// The fixtures were written once by hand and never again: projects of every version must open for
/// ever.
#[test]
fn projects_of_the_first_version_open() {
    let bytes = include_bytes!("../../../../tests/fixtures/state/v1.json");
    let state = decode(bytes).unwrap();
    let expected = Settings {
        amount: 0.75,
        reduction_db: -18.0,
        latency: LatencyMode::Live,
        profile_source: ProfileSource::Adaptive,
        monitor: Monitor::Removed,
        engine: Engine::Classic,
        bypass: true,
        remove_hum: false,
        ..state.settings()
    };
    assert_eq!(state.settings(), expected);
    assert_eq!(state.profiles, [Some(Arc::new(profile())), None, None, None]);
    assert_eq!(state.clone().into_profile(), Some(profile()), "and it is in force");
    // Its network never existed.
    let bytes = include_bytes!("../../../../tests/fixtures/state/v1_network.json");
    let state = decode(bytes).unwrap();
    assert_eq!((state.settings().engine, state.settings().amount), (Engine::Hybrid, 0.75));
    let notice = model_notice(Engine::Hybrid, state.model.unwrap()).unwrap();
    assert!(notice.contains("0123456789abcdef"), "{notice}");
    assert_eq!(model_notice(Engine::Gate, state.model.unwrap()), None);
    assert_eq!(model_notice(Engine::Hybrid, SHIPPED_IDENTITY), None);
}

/// Written once by the first version with slots.
#[test]
fn projects_with_four_prints_open() {
    let bytes = include_bytes!("../../../../tests/fixtures/state/v2.json");
    let state = decode(bytes).unwrap();
    assert_eq!(state.profiles, four_profiles());
    assert_eq!(state.settings().slot, 1.5);
    assert_eq!(state.chosen_profile().unwrap().about().name, "Side 3");
    let print = state.into_profile().unwrap();
    assert_eq!((print.mean_db()[0], print.about().level_dbfs), (-61.5, Some(-41.5)));
    assert_eq!(print.about().name, "B \u{2192} C 50 %");
}

#[test]
fn a_project_with_one_print_is_one_that_older_versions_open() {
    let version = |state: &State| {
        let written: Value = serde_json::from_slice(&encode(state)).unwrap();
        assert_eq!(decode(&encode(state)).unwrap(), *state);
        written["quell_state"].as_u64().unwrap()
    };
    let in_slot = |slot: f32| {
        let mut settings = used().settings();
        settings.slot = slot;
        let values = TABLE.iter().map(|row| row.plain(&settings));
        State { model: Some(SHIPPED_IDENTITY), ..State::new(values) }
    };
    let [first, second, ..] = four_profiles();
    let one = State { profiles: [first, None, None, None], ..in_slot(0.0) };
    assert_eq!(version(&one), 1);
    assert_eq!(version(&State { profiles: Slots::default(), ..one.clone() }), 1);
    let two = State { profiles: [None, second, None, None], ..one.clone() };
    assert_eq!(version(&two), 2, "they would lose the other print");
    assert_eq!(version(&State { profiles: one.profiles, ..in_slot(1.0) }), 2);
    let preset: Value = serde_json::from_slice(&encode_preset(&two)).unwrap();
    assert_eq!((&preset["quell_state"], &preset["params"]["slot"]), (&json!(1), &Value::Null));
}

#[test]
fn the_model_is_written_where_the_engine_has_a_network_and_checked() {
    let model = |engine: &str| {
        let bytes = with(|state| state["params"]["engine"] = json!(engine));
        let bytes = encode(&decode(&bytes).unwrap());
        serde_json::from_slice::<Value>(&bytes).unwrap()["model"].clone()
    };
    assert_eq!(model("neural"), json!("0123456789abcdef"));
    assert_eq!(model("gate"), Value::Null);
    let fresh = State { model: None, ..used() };
    let written: Value = serde_json::from_slice(&encode(&fresh)).unwrap();
    assert_eq!(written["model"], json!(format!("{SHIPPED_IDENTITY:016x}")));
    for value in [json!(7), json!("12"), json!("0123456789abcdeg")] {
        let broken = with(|state| state["model"] = value);
        assert_eq!(decode(&broken).unwrap_err(), missing("model"));
    }
}

#[test]
fn an_older_state_keeps_its_hum() {
    assert!(!without("hum").settings().remove_hum, "nothing was removed then");
    for is_on in [true, false] {
        let state = decode(&with(|state| state["params"]["hum"] = json!(is_on))).unwrap();
        assert_eq!(state.settings().remove_hum, is_on);
    }
}

#[test]
fn a_state_without_an_engine_is_one_of_the_gate() {
    assert_eq!(without("engine").settings().engine, Engine::Gate);
    let bare = decode(br#"{"quell_state":1,"params":{}}"#).unwrap().settings();
    assert_eq!((bare.engine, bare.reduction_db), (Engine::Gate, -24.0));
    let named = decode(br#"{"quell_state":1,"params":{"engine":"neural","floor":-30}}"#).unwrap();
    assert_eq!((named.settings().engine, named.settings().reduction_db), (Engine::Neural, -30.0));
}

#[test]
fn three_shifts_of_an_older_state_give_the_same_threshold() {
    let bytes = with(|state| {
        let params = state["params"].as_object_mut().unwrap();
        params.retain(|id, _| !id.starts_with("thr_"));
        for (id, offset_db) in [("thr_low", -6.0), ("thr_mid", 3.0), ("thr_high", 11.0)] {
            params.insert(id.to_owned(), json!(offset_db));
        }
    });
    let (ours, old) =
        (decode(&bytes).unwrap().settings().curve, ThresholdCurve::from_three(-6.0, 3.0, 11.0));
    for hz in [0.0, 60.0, 150.0, 200.0, 400.0, 777.0, 1_200.0, 2_500.0, 6_000.0, 20_000.0] {
        assert!((ours.offset_db_at(hz) - old.offset_db_at(hz)).abs() < 1e-3, "{hz} Hz");
    }
}

#[test]
fn the_windows_size_is_kept_in_range_and_nonsense_in_it_is_no_damage() {
    for nonsense in [json!(null), json!({"width": -1}), json!("big"), json!({"width": 1e9})] {
        let state = decode(&with(|state| state["editor"] = nonsense)).unwrap();
        assert_eq!(state.window, None);
    }
    let far = json!({"width": 1, "height": 65_000, "light": false});
    let state = decode(&with(|state| state["editor"] = far)).unwrap();
    let (width, height) = (Window::MIN.0, Window::MAX.1);
    let nearest = Window { width, height, ..Window::default() };
    assert_eq!(state.window, Some(nearest));
}

#[test]
fn damage_is_refused_by_name() {
    assert_eq!(decode(b"").unwrap_err(), StateError::Empty);
    let whole = encode(&used());
    for len in 1..whole.len() {
        assert!(matches!(decode(&whole[..len]), Err(StateError::Syntax)), "{len} bytes");
    }
    let wrong_version = with(|state| state["quell_state"] = json!(3));
    assert_eq!(decode(&wrong_version).unwrap_err(), StateError::Version { actual: "3".to_owned() });
    let nan = encode_levels(&[f32::NAN; 10]);
    let nan = with(|state| state["profile"]["mean_db"] = json!(nan));
    assert!(matches!(
        decode(&nan).unwrap_err(),
        StateError::Profile(ProfileError::Value { name: "level", index: 0, .. })
    ));
    let in_c = with(|state| state["slots"]["C"]["std_db"] = json!("AAA"));
    assert_eq!(decode(&in_c).unwrap_err(), missing("std_db"), "in any slot");
    let no_slots = with(|state| state["slots"] = json!([1]));
    assert_eq!(decode(&no_slots).unwrap_err(), missing("slots"));
    let short = with(|state| state["profile"]["bins"] = json!(6));
    assert!(matches!(decode(&short).unwrap_err(), StateError::Profile(_)));
    for junk in ["AAA", "Zg==Zg==", "Z===", "Zm9v", "Zm 9"] {
        let bytes = with(|state| state["profile"]["std_db"] = json!(junk));
        assert_eq!(decode(&bytes).unwrap_err(), missing("std_db"), "{junk}");
    }
    for (name, value) in [
        ("reduction", json!("loud")),
        ("reduction", json!(1e300)),
        ("bypass", json!(1)),
        ("latency", json!("eternal")),
        ("latency", json!(0)),
    ] {
        let bytes = with(|state| state["params"][name] = value);
        assert_eq!(decode(&bytes).unwrap_err(), missing(name));
        assert_eq!(find(&bytes).unwrap_err(), missing(name));
    }
    assert!(decode(b"{}").is_err() && decode(b"[]").is_err() && decode(b"null").is_err());
}

#[test]
fn what_is_too_long_is_not_even_read() {
    let long = vec![b' '; MAX_FILE_LEN + 1];
    let error = |allowed| StateError::TooLong { actual: long.len(), allowed };
    assert_eq!(decode(&long).unwrap_err(), error(MAX_LEN));
    assert_eq!(find(&long).unwrap_err(), error(MAX_FILE_LEN));
}

#[test]
fn unknown_parameters_are_passed_over_absent_ones_default_and_numbers_brought_into_range() {
    let state = without("knee");
    assert_eq!(state.settings().knee_db, Settings::default().knee_db);
    let bytes = with(|state| {
        state["params"]["warp"] = json!(9);
        state["params"]["floor"] = json!(-1e9);
        drop(state.as_object_mut().unwrap().remove("profile"));
    });
    let state = decode(&bytes).unwrap();
    assert_eq!(state.settings().reduction_db, -100.0, "as far as a host can turn it");
    assert_eq!(state.profiles[0], None, "a state need not have a print");
}

#[test]
fn a_state_is_found_in_the_wrapping_of_a_host() {
    let wrapped = [b"VST3{\"\x01", &*encode(&used()), b"\0{\"tail\""].concat();
    assert_eq!(find(&wrapped).unwrap(), used());
    assert!(decode(&wrapped).is_err(), "hosts hand the plugin the state alone");
    for other in [&b"{\"app\": 1} and more"[..], b"{\"app\": 1}", b"RIFF"] {
        assert_eq!(find(other).unwrap_err(), StateError::Absent);
    }
    let in_lines = with(|_| {});
    let in_lines = format!("{:#}\n", serde_json::from_slice::<Value>(&in_lines).unwrap());
    assert_eq!(find(in_lines.as_bytes()).unwrap(), used());
}

#[test]
fn everything_grows_with_the_window_and_never_beyond_it() {
    let window =
        |width, height, scale_percent| Window { width, height, scale_percent, ..Window::default() };
    let near = |a: f32, b: f32| (a - b).abs() < 1e-3;
    assert!(near(window(1_000, 640, 0).scale(), 1.0));
    assert!(near(window(750, 480, 0).scale(), 1.0));
    assert!(near(window(2_400, 1_536, 0).scale(), 2.4f32.sqrt()));
    assert!(near(window(2_400, 1_536, 200).scale(), 2.0));
    assert!(near(window(1_000, 640, 75).scale(), 0.75));
    // At 200 % a window of the usual size would have room for half of it.
    assert!(near(window(1_000, 640, 200).scale(), 640.0 / 480.0));
}
