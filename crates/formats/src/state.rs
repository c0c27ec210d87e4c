//! What a project or preset holds of Quell: settings and the captured print, versioned.
//!
//! A JSON object, so that a project file can be looked into and repaired by hand:
//! `quell_state` (format version), `app` (who wrote it), `params` (values by id in their units,
//! choices by their id), `profile` (the print in slot A, or `null`: `channels`, `bins`, `seconds`,
//! the levels in dB as base64 of little-endian f32, and what is known of it besides), `slots` (the
//! prints in the others, by their letters, where there are any), `editor` (size and colours of the
//! window); where the engine holds a network, also `model`, the hash of its weights. Only
//! `quell_state` and `params` have to be there; a state without `profile` is a preset. The text of
//! equal states is equal, byte for byte.
//!
//! Format 2 is format 1 with slots. What does without them is written as format 1, so that older
//! versions open it; the rest they refuse, as they would lose prints.

mod older;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quell_core::settings::row::{Kind, Scope};
use quell_core::settings::table::place_of;
use quell_core::settings::{Setting, TABLE};
use quell_core::slot::{self, Slots};
use quell_core::unet::SHIPPED_IDENTITY;
use quell_core::{Engine, NoiseProfile, ProfileError, Settings};
use serde_json::{Map, Number, Value, json};

use crate::about;

/// Newest format.
pub const VERSION: u64 = 2;
/// The one before there were slots, written while none but A is used.
const WITHOUT_SLOTS: u64 = 1;
/// No state is longer, bytes: four profiles of 64 channels, the widest, take 92 MB.
pub const MAX_LEN: usize = 96 << 20;
/// No file that holds one is, with what a host wraps around it.
pub const MAX_FILE_LEN: usize = 2 * MAX_LEN;

/// Why bytes are not a state.
#[derive(Clone, Debug, PartialEq)]
pub enum StateError {
    /// Nothing there.
    Empty,
    /// Something, but no state in it.
    Absent,
    /// More than is allowed.
    TooLong {
        /// Bytes given.
        actual: usize,
        /// Bytes allowed.
        allowed: usize,
    },
    /// Not the JSON that was expected.
    Syntax,
    /// Written by a version this one does not know.
    Version {
        /// Version given, as text.
        actual: String,
    },
    /// A field is missing or of the wrong kind.
    Field {
        /// Its name.
        name: &'static str,
    },
    /// The print's numbers are out of order.
    Profile(ProfileError),
}

impl core::fmt::Display for StateError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Empty => write!(f, "the state is empty"),
            Self::Absent => write!(f, "it holds no state of the Quell plugin"),
            Self::TooLong { actual, allowed } => {
                write!(f, "the state has {actual} bytes, at most {allowed} are allowed")
            }
            Self::Syntax => write!(f, "it is damaged or was never one of Quell's"),
            Self::Version { actual } => {
                write!(f, "the state has format {actual}, this version reads up to {VERSION}")
            }
            Self::Field { name } => write!(f, "the state's field '{name}' is missing or damaged"),
            Self::Profile(error) => write!(f, "{error}"),
        }
    }
}

impl core::error::Error for StateError {}

/// How the editor's window looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Logical pixels.
    pub width: u16,
    /// Logical pixels.
    pub height: u16,
    /// Light colours instead of dark ones.
    pub is_light: bool,
    /// How large everything in it is, %; 0 goes with the window's size.
    pub scale_percent: u8,
}

impl Default for Window {
    fn default() -> Self {
        Self { width: 1_000, height: 640, is_light: false, scale_percent: 0 }
    }
}

impl Window {
    /// Least and greatest size, logical pixels.
    pub const MIN: (u16, u16) = (750, 480);
    /// See [`Self::MIN`].
    pub const MAX: (u16, u16) = (2_400, 1_536);

    /// The nearest size that is allowed.
    pub fn in_range(self) -> Self {
        Self {
            width: self.width.clamp(Self::MIN.0, Self::MAX.0),
            height: self.height.clamp(Self::MIN.1, Self::MAX.1),
            ..self
        }
    }

    /// By what everything in it is enlarged: with the window, half as fast as it in octaves, or as
    /// it was asked for, and never so far that the least window would not fit.
    pub fn scale(self) -> f32 {
        let usual = Self::default();
        let larger_than = |(width, height): (u16, u16)| {
            let ratio = |a: u16, b: u16| f32::from(a) / f32::from(b);
            ratio(self.width, width).min(ratio(self.height, height))
        };
        let wanted = match self.scale_percent {
            0 => larger_than((usual.width, usual.height)).max(1.0).sqrt(),
            percent => f32::from(percent) / 100.0,
        };
        wanted.min(larger_than(Self::MIN)).clamp(0.5, 2.0)
    }
}

/// A state, checked from end to end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Values in the settings' units, by place in the table; nothing where none is named.
    values: Vec<Option<f32>>,
    /// The prints that it has.
    pub profiles: Slots<Option<Arc<NoiseProfile>>>,
    /// It says nothing of a print, so it leaves the one in use alone, and the session, too.
    pub is_preset: bool,
    /// Hash of the network's weights that it was made with.
    pub model: Option<u64>,
    /// How the editor's window looked.
    pub window: Option<Window>,
}

impl State {
    /// A state of these values, in the order of the table and in the settings' units.
    pub fn new(values: impl IntoIterator<Item = f32>) -> Self {
        Self { values: values.into_iter().map(Some).collect(), ..Self::default() }
    }

    /// The value of a setting in its unit, if the state names it.
    pub fn value(&self, place: usize) -> Option<f32> {
        self.values.get(place).copied().flatten()
    }

    /// All settings. One that the state does not name has its default, as it had no effect when the
    /// state was written; where it had, `older::MIGRATIONS` have named it.
    pub fn settings(&self) -> Settings {
        let mut settings = Settings::default();
        for (row, plain) in TABLE.iter().zip(&self.values) {
            if let Some(plain) = *plain {
                row.set_plain(&mut settings, plain);
            }
        }
        settings
    }

    /// Where it is among the slots.
    fn position(&self) -> f32 {
        self.value(SLOT).unwrap_or(TABLE[SLOT].default_plain())
    }

    /// The print in the slot that it has chosen.
    pub fn chosen_profile(&self) -> Option<Arc<NoiseProfile>> {
        self.profiles[slot::nearest(self.position())].clone()
    }

    /// The print in force alone.
    pub fn into_profile(self) -> Option<NoiseProfile> {
        slot::in_force(self.position(), &self.profiles).map(Arc::unwrap_or_clone)
    }

    /// The oldest format that says all of it.
    fn version(&self) -> u64 {
        let is_slot_a = self.position() == TABLE[SLOT].default_plain();
        let is_only_a = self.profiles[1..].iter().all(Option::is_none) && is_slot_a;
        if is_only_a { WITHOUT_SLOTS } else { VERSION }
    }
}

const SLOT: usize = place_of("slot");

/// Says so where an engine will not sound as it did with the network of this hash.
pub fn model_notice(engine: Engine, theirs: u64) -> Option<String> {
    (engine.uses_network() && theirs != SHIPPED_IDENTITY).then(|| {
        format!(
            "saved with network {theirs:016x}; this version has {SHIPPED_IDENTITY:016x} and will \
             sound different"
        )
    })
}

// ---- Writing -----------------------------------------------------------------------------------

/// The state as a project keeps it.
pub fn encode(state: &State) -> Vec<u8> {
    let mut json = written(state, |_| true);
    json["quell_state"] = state.version().into();
    let [first, others @ ..] = &state.profiles;
    json["profile"] = first.as_deref().map_or(Value::Null, encode_profile);
    for (name, profile) in slot::NAMES[1..].iter().zip(others) {
        if let Some(profile) = profile {
            json["slots"][name] = encode_profile(profile);
        }
    }
    if let Some(window) = state.window {
        json["editor"] = encode_window(window);
    }
    if state.settings().engine.uses_network() {
        let model = state.model.unwrap_or(SHIPPED_IDENTITY);
        json["model"] = Value::String(format!("{model:016x}"));
    }
    json.to_string().into_bytes()
}

/// The settings alone, as a preset: without a print, so that it leaves the one in use alone, and
/// without what belongs to the session.
pub fn encode_preset(state: &State) -> Vec<u8> {
    let json = written(state, |row| row.scope != Scope::Session);
    format!("{json:#}\n").into_bytes()
}

fn written(state: &State, is_taken: impl Fn(&Setting) -> bool) -> Value {
    let values: Map<String, Value> = TABLE
        .iter()
        .zip(&state.values)
        .filter(|(row, _)| is_taken(row))
        .filter_map(|(row, plain)| Some((row.id.to_owned(), encode_value(row, (*plain)?))))
        .collect();
    json!({ "quell_state": WITHOUT_SLOTS, "app": env!("CARGO_PKG_VERSION"), "params": values })
}

/// A value in the setting's unit.
fn encode_value(row: &Setting, plain: f32) -> Value {
    match row.kind {
        Kind::Number(_) => number(plain),
        Kind::Switch => Value::Bool(plain > 0.5),
        Kind::Choice(variants) => Value::from(variants.at(plain as usize).id),
    }
}

fn number(value: f32) -> Value {
    Number::from_f64(f64::from(value)).map_or(Value::Null, Value::Number)
}

fn encode_window(window: Window) -> Value {
    json!({
        "width": window.width,
        "height": window.height,
        "light": window.is_light,
        "scale_percent": window.scale_percent,
    })
}

fn encode_profile(profile: &NoiseProfile) -> Value {
    let mut json = json!({
        "channels": profile.n_channels(),
        "bins": profile.n_bins(),
        "seconds": number(profile.seconds()),
        "mean_db": encode_levels(profile.mean_db()),
        "std_db": encode_levels(profile.std_db()),
    });
    about::write(profile.about(), &mut json);
    json
}

fn encode_levels(levels: &[f32]) -> String {
    let bytes: Vec<u8> = levels.iter().flat_map(|level| level.to_le_bytes()).collect();
    STANDARD.encode(bytes)
}

// ---- Reading -----------------------------------------------------------------------------------

/// Reads a state and nothing but a state.
pub fn decode(bytes: &[u8]) -> Result<State, StateError> {
    check_len(bytes, MAX_LEN)?;
    let state: Value = serde_json::from_slice(bytes).map_err(|_| StateError::Syntax)?;
    from_json(&state)
}

/// Reads a state that a host may have wrapped in a file of its own: the first JSON object that
/// calls itself one.
pub fn find(bytes: &[u8]) -> Result<State, StateError> {
    check_len(bytes, MAX_FILE_LEN)?;
    let is_state = |value: &Value| value.get("quell_state").is_some();
    // A preset is the object and nothing else, in lines or not.
    let whole = serde_json::from_slice::<Value>(bytes).ok();
    let starts = bytes.windows(2).enumerate().filter(|(_, pair)| pair == b"{\"");
    let mut inside = starts.filter_map(|(start, _)| {
        let mut values = serde_json::Deserializer::from_slice(&bytes[start..]).into_iter();
        values.next()?.ok()
    });
    let found = match whole {
        Some(whole) => Some(whole).filter(is_state),
        None => inside.find(is_state),
    };
    from_json(&found.ok_or(StateError::Absent)?)
}

fn check_len(bytes: &[u8], allowed: usize) -> Result<(), StateError> {
    match bytes.len() {
        0 => Err(StateError::Empty),
        actual if actual > allowed => Err(StateError::TooLong { actual, allowed }),
        _ => Ok(()),
    }
}

fn from_json(state: &Value) -> Result<State, StateError> {
    match &state["quell_state"] {
        Value::Null => return Err(missing("quell_state")),
        version if version.as_u64().is_some_and(|n| (1..=VERSION).contains(&n)) => {}
        other => return Err(StateError::Version { actual: other.to_string() }),
    }
    let mut params = state["params"].as_object().ok_or_else(|| missing("params"))?.clone();
    older::MIGRATIONS.iter().for_each(|migrate| migrate(&mut params));
    let value = |row: &Setting| match params.get(row.id) {
        None => Ok(None),
        Some(value) => decode_value(row, value).map(Some).ok_or_else(|| missing(row.id)),
    };
    let profile_in = |slot_idx: usize| match slot_idx {
        0 => &state["profile"],
        _ => &state["slots"][slot::NAMES[slot_idx]],
    };
    if !matches!(state["slots"], Value::Null | Value::Object(_)) {
        return Err(missing("slots"));
    }
    let mut profiles = Slots::default();
    for (slot_idx, slot) in profiles.iter_mut().enumerate() {
        *slot = match profile_in(slot_idx) {
            Value::Null => None,
            profile => Some(Arc::new(decode_profile(profile)?)),
        };
    }
    Ok(State {
        values: TABLE.iter().map(value).collect::<Result<_, _>>()?,
        profiles,
        is_preset: state.get("profile").is_none(),
        model: decode_model(&state["model"])?,
        window: decode_window(&state["editor"]),
    })
}

fn missing(name: &'static str) -> StateError {
    StateError::Field { name }
}

/// A value in the setting's unit, with numbers brought into range; nothing where the setting cannot
/// have it.
fn decode_value(row: &Setting, value: &Value) -> Option<f32> {
    match row.kind {
        Kind::Number(range) => {
            let plain = value.as_f64()? as f32;
            plain.is_finite().then(|| plain.clamp(range.min, range.max))
        }
        Kind::Switch => value.as_bool().map(|is_on| f32::from(u8::from(is_on))),
        Kind::Choice(variants) => variants.place_of(value.as_str()?).map(|idx| idx as f32),
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

/// States from before the window could change have none. What makes no sense is passed over: it is
/// no reason to refuse a project.
fn decode_window(value: &Value) -> Option<Window> {
    let points = |name: &str| value[name].as_u64().and_then(|n| u16::try_from(n).ok());
    let window = Window {
        width: points("width")?,
        height: points("height")?,
        is_light: value["light"].as_bool()?,
        // What was saved before there were scales went with the window.
        scale_percent: value["scale_percent"].as_u64().and_then(|n| n.try_into().ok()).unwrap_or(0),
    };
    Some(window.in_range())
}

fn decode_profile(profile: &Value) -> Result<NoiseProfile, StateError> {
    let count = |name: &'static str| {
        let count = profile[name].as_u64().and_then(|n| usize::try_from(n).ok());
        count.ok_or_else(|| missing(name))
    };
    let levels = |name: &'static str| {
        profile[name].as_str().and_then(decode_levels).ok_or_else(|| missing(name))
    };
    let seconds = profile["seconds"].as_f64().ok_or_else(|| missing("seconds"))? as f32;
    let (n_channels, n_bins) = (count("channels")?, count("bins")?);
    NoiseProfile::new(n_channels, n_bins, levels("mean_db")?, levels("std_db")?, seconds)
        .map(|print| print.described(about::read(profile)))
        .map_err(StateError::Profile)
}

fn decode_levels(text: &str) -> Option<Vec<f32>> {
    let bytes = STANDARD.decode(text).ok()?;
    let (words, rest) = bytes.as_chunks::<4>();
    rest.is_empty().then(|| words.iter().map(|&word| f32::from_le_bytes(word)).collect())
}

#[cfg(test)]
mod tests;
