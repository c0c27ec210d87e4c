//! The saved state: parameters and the captured profile, versioned.
//!
//! A JSON object, so that a project file can be looked into and repaired by hand:
//! `quell_state` (format version), `app` (who wrote it), `params` (plain values by id, choices by
//! their id) and `profile` (`null`, or `channels`, `bins`, `seconds` and the levels in dB as
//! base64 of little-endian f32), `editor` (size and colours of the window; may be absent); where the
//! engine holds a network, also `model`, the hash of its weights. The text of equal states is equal,
//! byte for byte.
//!
//! Reading happens in two steps: [`decode`] checks everything and touches nothing, [`apply`] cannot
//! fail. So a damaged state leaves the running one as it is.

use quell_core::settings::row::{Kind, Scope};
use quell_core::settings::{Setting, TABLE};
use quell_core::unet::SHIPPED_IDENTITY;
use quell_core::{NoiseProfile, ProfileError, ThresholdCurve};
use serde_json::{Map, Number, Value, json};

use crate::bridge::{Link, Window};
use crate::params::{CAPTURE, QuellParams};

/// Format written, and the only one so far.
pub const VERSION: u64 = 1;
/// No state is longer, bytes: 64 channels of the widest profile take 23 MB.
pub const MAX_LEN: usize = 32 << 20;
/// Why bytes are not a state.
#[derive(Debug, PartialEq)]
pub enum StateError {
    /// Nothing there.
    Empty,
    /// More than [`MAX_LEN`].
    TooLong {
        /// Bytes given.
        actual: usize,
    },
    /// Not the JSON that was expected; what the reader said.
    Syntax(String),
    /// Written by a version this one does not know.
    Version {
        /// Version given, as text.
        actual: String,
    },
    /// A field is missing or of the wrong kind.
    Field {
        /// Its name.
        name: String,
    },
    /// The profile's numbers are out of order.
    Profile(ProfileError),
}

impl core::fmt::Display for StateError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Empty => write!(f, "the state is empty"),
            Self::TooLong { actual } => {
                write!(f, "the state has {actual} bytes, at most {MAX_LEN} are allowed")
            }
            Self::Syntax(reason) => write!(f, "the state is damaged: {reason}"),
            Self::Version { actual } => {
                write!(f, "the state has format {actual}, this version reads {VERSION}")
            }
            Self::Field { name } => write!(f, "the state's field '{name}' is missing or damaged"),
            Self::Profile(error) => write!(f, "{error}"),
        }
    }
}

impl core::error::Error for StateError {}

/// A state that was checked from end to end.
#[derive(Debug)]
pub struct State {
    values: Map<String, Value>,
    profile: Option<NoiseProfile>,
    /// Hash of the network's weights that it was made with.
    model: Option<u64>,
    window: Option<Window>,
}

impl State {
    /// The print, if it has one.
    pub fn profile(&self) -> Option<&NoiseProfile> {
        self.profile.as_ref()
    }

    /// True if it holds a value for this parameter.
    pub fn names(&self, id: &str) -> bool {
        self.values.contains_key(id)
    }
}

/// The state as bytes. A running plugin saves Capture as off and loads it as off, so that no project
/// starts by learning. (While nothing runs, it is a value like any other: activation clears it.)
pub fn encode(params: &QuellParams, link: &Link) -> Vec<u8> {
    let mut values = Map::new();
    for control in params.iter() {
        let is_off = control.place() == CAPTURE && link.is_active();
        let plain = if is_off { 0.0 } else { control.saved_plain() };
        values.insert(control.row().id.to_owned(), written(control.row(), plain));
    }
    let mut state = json!({
        "quell_state": VERSION,
        "app": env!("CARGO_PKG_VERSION"),
        "params": values,
        "profile": link.profile().map_or(Value::Null, |profile| encode_profile(&profile)),
        "editor": encode_window(link.window()),
    });
    if params.settings().engine.uses_network() {
        state["model"] = Value::String(format!("{:016x}", link.model()));
    }
    state.to_string().into_bytes()
}

/// The parameters alone, as a preset: without a print, so that it leaves the one in use alone.
/// What belongs to the session is left out.
pub fn encode_preset(params: &QuellParams) -> Vec<u8> {
    let values: Map<String, Value> = params
        .iter()
        .filter(|control| control.row().scope != Scope::Session)
        .map(|control| (control.row().id.to_owned(), written(control.row(), control.saved_plain())))
        .collect();
    let state = json!({
        "quell_state": VERSION,
        "app": env!("CARGO_PKG_VERSION"),
        "params": values,
        "profile": Value::Null,
    });
    format!("{state:#}\n").into_bytes()
}

/// Checks bytes and takes them apart.
pub fn decode(bytes: &[u8]) -> Result<State, StateError> {
    if bytes.is_empty() {
        return Err(StateError::Empty);
    }
    if bytes.len() > MAX_LEN {
        return Err(StateError::TooLong { actual: bytes.len() });
    }
    let state: Value =
        serde_json::from_slice(bytes).map_err(|error| StateError::Syntax(error.to_string()))?;
    match &state["quell_state"] {
        Value::Null => return Err(missing("quell_state")),
        version if version.as_u64() == Some(VERSION) => {}
        other => return Err(StateError::Version { actual: other.to_string() }),
    }
    let values = state["params"].as_object().ok_or_else(|| missing("params"))?;
    for row in TABLE {
        if values.get(row.id).is_some_and(|value| read(row, value).is_none()) {
            return Err(missing(row.id));
        }
    }
    let profile = match state.get("profile") {
        None => return Err(missing("profile")),
        Some(Value::Null) => None,
        Some(profile) => Some(decode_profile(profile)?),
    };
    let mut values = values.clone();
    add_inner_nodes(&mut values);
    // States from before hum could be removed sound as they did.
    values.entry("hum").or_insert(Value::Bool(false));
    let (model, window) = (decode_model(&state["model"])?, decode_window(&state["editor"]));
    Ok(State { values, profile, model, window })
}

/// Puts a checked state in force. A parameter that the state does not know takes its default, as it
/// had no effect when the state was written.
pub fn apply(state: State, params: &QuellParams, link: &Link) {
    apply_params(&state, params, link.is_active());
    if let Some(window) = state.window {
        link.set_window(window);
    }
    link.set_profile(state.profile);
    link.set_model(state.model);
    if let Some(notice) = model_notice(params, link) {
        nice_plug::prelude::nice_warn!("{notice}");
    }
}

/// The hash in a state's `model`; absent where no network was used.
fn decode_model(model: &Value) -> Result<Option<u64>, StateError> {
    if model.is_null() {
        return Ok(None);
    }
    let digits = model.as_str().filter(|text| text.len() == 16);
    let hash = digits.and_then(|text| u64::from_str_radix(text, 16).ok());
    hash.map(Some).ok_or_else(|| missing("model"))
}

/// Says so where the engine in use will not sound as it did when the project was saved.
pub fn model_notice(params: &QuellParams, link: &Link) -> Option<String> {
    let (theirs, ours) = (link.model(), SHIPPED_IDENTITY);
    (params.settings().engine.uses_network() && theirs != ours).then(|| {
        format!(
            "saved with network {theirs:016x}; this version has {ours:016x} and will sound \
             different"
        )
    })
}

/// The parameters' part of [`apply`].
pub fn apply_params(state: &State, params: &QuellParams, is_active: bool) {
    for control in params.iter() {
        let is_off = control.place() == CAPTURE && is_active;
        let value = state.values.get(control.row().id).filter(|_| !is_off);
        let plain = value.and_then(|value| read(control.row(), value));
        control.set_plain(plain.unwrap_or(control.row().default_plain()));
    }
}

// ---- Window ------------------------------------------------------------------------------------

fn encode_window(window: Window) -> Value {
    json!({ "width": window.width, "height": window.height, "light": window.is_light })
}

/// The window's size and colours; states from before it could change have none. What makes no sense
/// is passed over: it is no reason to refuse a project.
fn decode_window(value: &Value) -> Option<Window> {
    let points = |name: &str| value[name].as_u64().and_then(|n| u16::try_from(n).ok());
    let window = Window {
        width: points("width")?,
        height: points("height")?,
        is_light: value["light"].as_bool()?,
    };
    Some(window.in_range())
}

/// States from before the threshold had six nodes know the second, fourth and sixth; the others then
/// lie on the lines between, so that the sound is the same.
fn add_inner_nodes(values: &mut Map<String, Value>) {
    const INNER: [(&str, usize); 3] = [("thr_1", 0), ("thr_3", 2), ("thr_5", 4)];
    if INNER.iter().any(|(id, _)| values.contains_key(*id)) {
        return;
    }
    let offset_db = |id: &str| values.get(id).and_then(Value::as_f64).unwrap_or(0.0) as f32;
    let three = [offset_db("thr_low"), offset_db("thr_mid"), offset_db("thr_high")];
    let curve = ThresholdCurve::from_three(three[0], three[1], three[2]);
    for (id, node_idx) in INNER {
        values.insert(id.to_owned(), number(curve.nodes[node_idx].offset_db));
    }
}

fn missing(name: &str) -> StateError {
    StateError::Field { name: name.to_owned() }
}

/// A value in the setting's unit as the state holds it.
fn written(row: &Setting, plain: f32) -> Value {
    match row.kind {
        Kind::Number(_) => number(plain),
        Kind::Switch => Value::Bool(plain > 0.5),
        Kind::Choice(variants) => Value::from(variants.at(plain as usize).id),
    }
}

/// The same back, with numbers brought into range; nothing where the setting cannot have it.
fn read(row: &Setting, value: &Value) -> Option<f32> {
    match row.kind {
        Kind::Number(range) => {
            let plain = value.as_f64()? as f32;
            plain.is_finite().then(|| plain.clamp(range.min, range.max))
        }
        Kind::Switch => value.as_bool().map(|is_on| f32::from(u8::from(is_on))),
        Kind::Choice(variants) => variants.place_of(value.as_str()?).map(|idx| idx as f32),
    }
}

fn number(value: f32) -> Value {
    Number::from_f64(f64::from(value)).map_or(Value::Null, Value::Number)
}

// ---- Profile ---------------------------------------------------------------------------------

fn encode_profile(profile: &NoiseProfile) -> Value {
    json!({
        "channels": profile.n_channels(),
        "bins": profile.n_bins(),
        "seconds": number(profile.seconds()),
        "mean_db": encode_levels(profile.mean_db()),
        "std_db": encode_levels(profile.std_db()),
    })
}

fn decode_profile(profile: &Value) -> Result<NoiseProfile, StateError> {
    let count = |name: &str| {
        profile[name].as_u64().and_then(|n| usize::try_from(n).ok()).ok_or_else(|| missing(name))
    };
    let levels =
        |name: &str| profile[name].as_str().and_then(decode_levels).ok_or_else(|| missing(name));
    let seconds = profile["seconds"].as_f64().ok_or_else(|| missing("seconds"))? as f32;
    NoiseProfile::new(
        count("channels")?,
        count("bins")?,
        levels("mean_db")?,
        levels("std_db")?,
        seconds,
    )
    .map_err(StateError::Profile)
}

fn encode_levels(levels: &[f32]) -> String {
    let bytes: Vec<u8> = levels.iter().flat_map(|level| level.to_le_bytes()).collect();
    encode_base64(&bytes)
}

fn decode_levels(text: &str) -> Option<Vec<f32>> {
    let bytes = decode_base64(text)?;
    let (words, rest) = bytes.as_chunks::<4>();
    rest.is_empty().then(|| words.iter().map(|&word| f32::from_le_bytes(word)).collect())
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// RFC 4648, with padding.
fn encode_base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let word = group.iter().fold(0u32, |word, &byte| word << 8 | u32::from(byte));
        let word = word << (8 * (3 - group.len()));
        for place in 0..4 {
            let digit = ALPHABET[(word >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= group.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

/// `None` for anything that [`encode_base64`] does not write.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let (groups, rest) = text.as_bytes().as_chunks::<4>();
    if !rest.is_empty() {
        return None;
    }
    let mut bytes = Vec::with_capacity(groups.len() * 3);
    for (group_idx, group) in groups.iter().enumerate() {
        let n_padding = group.iter().rev().take_while(|&&digit| digit == b'=').count();
        if n_padding > 2 || (n_padding > 0 && group_idx + 1 != groups.len()) {
            return None;
        }
        let mut word = 0u32;
        for &digit in &group[..4 - n_padding] {
            word = word << 6 | digit_value(digit)?;
        }
        word <<= 6 * n_padding;
        bytes.extend_from_slice(&word.to_be_bytes()[1..4 - n_padding]);
    }
    Some(bytes)
}

fn digit_value(digit: u8) -> Option<u32> {
    let value = match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

#[cfg(test)]
mod tests {
    use quell_core::settings::table::place_of;
    use quell_core::{Choice, Engine, LatencyMode, Monitor, ProfileSource, Settings};

    use super::*;
    use crate::bridge;
    use crate::params::{BYPASS, ENGINE, REDUCTION};

    const KNEE: usize = place_of("knee");
    const LATENCY: usize = place_of("latency");

    fn profile() -> NoiseProfile {
        let mean = (0..10).map(|i| -60.0 - i as f32 / 3.0).collect();
        NoiseProfile::new(2, 5, mean, vec![5.5; 10], 2.25).unwrap()
    }

    fn saved(profile: Option<NoiseProfile>) -> Vec<u8> {
        let (link, _audio) = bridge::link();
        link.set_profile(profile);
        encode(&QuellParams::default(), &link)
    }

    fn with(change: impl FnOnce(&mut Value)) -> Vec<u8> {
        let mut state: Value = serde_json::from_slice(&saved(Some(profile()))).unwrap();
        change(&mut state);
        state.to_string().into_bytes()
    }

    #[test]
    fn base64_agrees_with_the_rfcs_examples() {
        for (plain, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode_base64(plain.as_bytes()), text);
            assert_eq!(decode_base64(text).as_deref(), Some(plain.as_bytes()));
        }
        for junk in ["Z", "Zg=", "Zg==Zg==", "Z===", "====", "Zm9\u{e9}", "Zm 9"] {
            assert_eq!(decode_base64(junk), None, "{junk}");
        }
    }

    #[test]
    fn a_state_comes_back_as_it_was_and_is_written_the_same_again() {
        let (link, audio) = bridge::link();
        let params = QuellParams::default();
        audio.show_active(true);
        link.set_profile(Some(profile()));
        params[REDUCTION].set_plain(62.5);
        params[LATENCY].set_plain(2.0);
        params[CAPTURE].set_plain(1.0);
        params[BYPASS].set_plain(1.0);
        let bytes = encode(&params, &link);
        assert_eq!(encode(&params, &link), bytes);

        let (other_link, _audio) = bridge::link();
        let other = QuellParams::default();
        apply(decode(&bytes).unwrap(), &other, &other_link);
        assert_eq!(other[REDUCTION].plain(), 62.5);
        assert_eq!(other.settings().latency, LatencyMode::Studio);
        assert!(other[BYPASS].is_on());
        assert!(!other[CAPTURE].is_on(), "a project never opens capturing");
        assert_eq!(other_link.profile().as_deref(), Some(&profile()));
        assert_eq!(encode(&other, &other_link), bytes);
    }

    /// Written once by hand and never again: projects of every version must open for ever.
    #[test]
    fn a_project_of_the_first_version_opens() {
        let bytes = include_bytes!("../tests/fixtures/state/v1.json");
        let (link, _audio) = bridge::link();
        let params = QuellParams::default();
        apply(decode(bytes).unwrap(), &params, &link);
        let settings = params.settings();
        assert_eq!((settings.reduction, settings.floor_db), (0.75, -18.0));
        assert_eq!(settings.latency, LatencyMode::Live);
        assert_eq!(settings.profile_source, ProfileSource::Adaptive);
        assert_eq!(settings.monitor, Monitor::Removed);
        assert_eq!(settings.engine, Engine::Classic);
        assert!(settings.bypass);
        assert_eq!(link.profile().as_deref(), Some(&profile()));
    }

    /// Written once, like the one above; its network never existed.
    #[test]
    fn a_project_made_with_another_network_opens_keeps_everything_and_says_so() {
        let bytes = include_bytes!("../tests/fixtures/state/v1_network.json");
        let (link, _audio) = bridge::link();
        let params = QuellParams::default();
        apply(decode(bytes).unwrap(), &params, &link);
        assert_eq!(params.settings().engine, Engine::Hybrid);
        assert_eq!(params[REDUCTION].plain(), 75.0);
        assert_eq!(link.profile().as_deref(), Some(&profile()));
        let notice = model_notice(&params, &link).unwrap();
        assert!(notice.contains("0123456789abcdef"), "{notice}");
        // Saved again it still tells where it comes from.
        let saved = encode(&params, &link);
        let model = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap()["model"].clone();
        assert_eq!(model(&saved), json!("0123456789abcdef"));
        // A gate has no network to be another one, and a state without one starts afresh.
        let choose = |engine: Engine| params[ENGINE].set_plain(engine.idx() as f32);
        choose(Engine::Gate);
        assert_eq!(model_notice(&params, &link), None);
        assert_eq!(model(&encode(&params, &link)), Value::Null);
        apply(decode(&encode(&params, &link)).unwrap(), &params, &link);
        choose(Engine::Neural);
        assert_eq!(model_notice(&params, &link), None);
        let ours = format!("{SHIPPED_IDENTITY:016x}");
        assert_eq!(model(&encode(&params, &link)), json!(ours));
        let broken = |value: Value| decode(&with(|state| state["model"] = value)).unwrap_err();
        for value in [json!(7), json!("12"), json!("0123456789abcdeg")] {
            assert_eq!(broken(value), missing("model"));
        }
    }

    #[test]
    fn an_older_state_keeps_its_hum_and_a_new_one_its_choice() {
        let opened = |bytes: &[u8]| {
            let (link, _audio) = bridge::link();
            let params = QuellParams::default();
            apply(decode(bytes).unwrap(), &params, &link);
            params.settings().remove_hum
        };
        assert!(opened(&saved(None)), "a new one removes it");
        assert!(!opened(&with(|state| state["params"]["hum"] = json!(false))));
        let older = with(|state| drop(state["params"].as_object_mut().unwrap().remove("hum")));
        assert!(!opened(&older), "nothing was removed then");
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
        let (link, _audio) = bridge::link();
        let params = QuellParams::default();
        apply(decode(&bytes).unwrap(), &params, &link);
        let (ours, old) = (params.curve(), ThresholdCurve::from_three(-6.0, 3.0, 11.0));
        for hz in [0.0, 60.0, 150.0, 200.0, 400.0, 777.0, 1_200.0, 2_500.0, 6_000.0, 20_000.0] {
            assert!((ours.offset_db_at(hz) - old.offset_db_at(hz)).abs() < 1e-3, "{hz} Hz");
        }
    }

    #[test]
    fn the_windows_size_is_kept_and_nonsense_in_it_is_no_damage() {
        let (link, _audio) = bridge::link();
        let window = Window { width: 1_234, height: 777, is_light: true };
        link.set_window(window);
        let bytes = encode(&QuellParams::default(), &link);
        let (other, _audio) = bridge::link();
        apply(decode(&bytes).unwrap(), &QuellParams::default(), &other);
        assert_eq!(other.window(), window);
        for nonsense in [json!(null), json!({"width": -1}), json!("big"), json!({"width": 1e9})] {
            let bytes = with(|state| state["editor"] = nonsense);
            apply(decode(&bytes).unwrap(), &QuellParams::default(), &other);
            assert_eq!(other.window(), window);
        }
        let bytes = with(|s| s["editor"] = json!({"width": 1, "height": 65_000, "light": false}));
        apply(decode(&bytes).unwrap(), &QuellParams::default(), &other);
        assert_eq!(other.window(), Window { width: 1, height: 65_000, is_light: false }.in_range());
    }

    #[test]
    fn damage_is_refused_by_name() {
        assert_eq!(decode(b"").unwrap_err(), StateError::Empty);
        let whole = saved(Some(profile()));
        for len in 1..whole.len() {
            assert!(matches!(decode(&whole[..len]), Err(StateError::Syntax(_))), "{len} bytes");
        }
        let wrong_version = with(|state| state["quell_state"] = json!(2));
        assert_eq!(
            decode(&wrong_version).unwrap_err(),
            StateError::Version { actual: "2".to_owned() }
        );
        let nan = encode_levels(&[f32::NAN; 10]);
        let nan = with(|state| state["profile"]["mean_db"] = json!(nan));
        assert!(matches!(
            decode(&nan).unwrap_err(),
            StateError::Profile(ProfileError::Value { name: "level", index: 0, .. })
        ));
        let short = with(|state| state["profile"]["bins"] = json!(6));
        assert!(matches!(decode(&short).unwrap_err(), StateError::Profile(_)));
        for (name, value) in [
            ("reduction", json!("loud")),
            ("bypass", json!(1)),
            ("latency", json!("eternal")),
            ("latency", json!(0)),
        ] {
            let bytes = with(|state| state["params"][name] = value);
            assert_eq!(decode(&bytes).unwrap_err(), missing(name));
        }
        assert!(decode(b"{}").is_err() && decode(b"[]").is_err() && decode(b"null").is_err());
    }

    #[test]
    fn unknown_parameters_are_passed_over_and_absent_ones_take_their_default() {
        let bytes = with(|state| {
            state["params"].as_object_mut().unwrap().remove("knee");
            state["params"]["warp"] = json!(9);
            state["params"]["floor"] = json!(-1e9);
        });
        let (link, _audio) = bridge::link();
        let params = QuellParams::default();
        params[KNEE].set_plain(20.0);
        apply(decode(&bytes).unwrap(), &params, &link);
        assert_eq!(params.settings().knee_db, Settings::default().knee_db);
        assert_eq!(params.settings().floor_db, -100.0, "brought into range");
    }
}
