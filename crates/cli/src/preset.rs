//! Presets and saved states of the plugin: its settings and its captured noise, for files.
//!
//! The plugin writes its state as a JSON object (`quell_state`: version, `params`: plain values by
//! id, `profile`). Hosts wrap it in files of their own, so the object is searched for.

use std::path::Path;

use anyhow::{Result, anyhow, bail};
use base64::Engine as _;
use quell_core::settings::row::Kind;
use quell_core::settings::{Setting, TABLE};
use quell_core::unet::SHIPPED_IDENTITY;
use quell_core::{Engine, NoiseProfile, Settings, ThresholdCurve};
use serde_json::{Map, Value};

/// Format of the state that is understood.
const VERSION: u64 = 1;
/// Longest file that is searched, bytes: a state of the widest profile and its wrapping.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// What a preset holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Preset {
    /// Settings of the engine.
    pub settings: Settings,
    /// Captured noise.
    pub profile: Option<NoiseProfile>,
    /// Hash of the network that it was made with, where it uses one.
    pub model: Option<u64>,
}

/// Reads a preset file.
pub fn load(path: &Path) -> Result<Preset> {
    let name = path.display();
    let advice = "save it again in the plugin";
    let length = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    if length > MAX_FILE_BYTES {
        bail!("'{name}' is too long for a preset: name one that the plugin saved");
    }
    let bytes = std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            anyhow!("'{name}' does not exist: check the spelling and the folder")
        }
        _ => anyhow!("'{name}' cannot be read ({error}): check its permissions"),
    })?;
    let state = find_state(&bytes)
        .ok_or_else(|| anyhow!("'{name}' holds no state of the Quell plugin: {advice}"))?;
    from_state(&state).map_err(|error| anyhow!("'{name}': {error}: {advice}"))
}

/// The first JSON object that calls itself a state.
fn find_state(bytes: &[u8]) -> Option<Value> {
    // A preset is the object and nothing else, in lines or not.
    if let Ok(value) = serde_json::from_slice::<Value>(bytes) {
        return Some(value).filter(|value| value.get("quell_state").is_some());
    }
    let starts = bytes.windows(2).enumerate().filter(|(_, pair)| pair == b"{\"");
    starts
        .filter_map(|(start, _)| {
            let mut values = serde_json::Deserializer::from_slice(&bytes[start..]).into_iter();
            values.next()?.ok()
        })
        .find(|value: &Value| value.get("quell_state").is_some())
}

fn from_state(state: &Value) -> Result<Preset> {
    if state["quell_state"].as_u64() != Some(VERSION) {
        bail!("it has format {}, this program reads {VERSION}", state["quell_state"]);
    }
    let params = state["params"].as_object().ok_or_else(|| damaged("params"))?;
    let mut settings = Settings::default();
    for row in TABLE {
        if let Some(value) = params.get(row.id) {
            let plain = read_value(row, value).ok_or_else(|| damaged(row.id))?;
            row.set_plain(&mut settings, plain);
        }
    }
    add_inner_nodes(&mut settings.curve, params);
    // States from before hum could be removed sound as they did.
    settings.remove_hum &= params.contains_key("hum");
    let profile = match &state["profile"] {
        Value::Null => None,
        profile => Some(read_profile(profile)?),
    };
    let model = read_model(&state["model"])?;
    Ok(Preset { settings: settings.sanitised(), profile, model })
}

fn read_model(model: &Value) -> Result<Option<u64>> {
    if model.is_null() {
        return Ok(None);
    }
    let digits = model.as_str().filter(|text| text.len() == 16);
    let hash = digits.and_then(|text| u64::from_str_radix(text, 16).ok());
    hash.map(Some).ok_or_else(|| damaged("model"))
}

impl Preset {
    /// What to say where `engine` will not sound as it did in the plugin that saved this.
    pub fn model_notice(&self, engine: Engine) -> Option<String> {
        let theirs = self.model.filter(|model| *model != SHIPPED_IDENTITY)?;
        engine.uses_network().then(|| {
            format!(
                "saved with network {theirs:016x}; this version has {SHIPPED_IDENTITY:016x} and \
                 will sound different"
            )
        })
    }
}

/// A value of a state in the setting's unit.
fn read_value(row: &Setting, value: &Value) -> Option<f32> {
    match row.kind {
        Kind::Number(_) => value.as_f64().map(|v| v as f32),
        Kind::Switch => value.as_bool().map(|is_on| f32::from(u8::from(is_on))),
        Kind::Choice(variants) => variants.place_of(value.as_str()?).map(|idx| idx as f32),
    }
}

/// States from before the threshold had six nodes know the second, fourth and sixth; the others then
/// lie on the lines between.
fn add_inner_nodes(curve: &mut ThresholdCurve, params: &Map<String, Value>) {
    if ["thr_1", "thr_3", "thr_5"].iter().any(|id| params.contains_key(*id)) {
        return;
    }
    let [low, mid, high] = [1, 3, 5].map(|idx| curve.nodes[idx].offset_db);
    let lines = ThresholdCurve::from_three(low, mid, high);
    for (node, line) in curve.nodes.iter_mut().zip(lines.nodes) {
        node.offset_db = line.offset_db;
    }
}

fn damaged(name: &str) -> anyhow::Error {
    anyhow!("its field '{name}' is missing or damaged")
}

fn read_profile(profile: &Value) -> Result<NoiseProfile> {
    let count = |name: &str| {
        let value = profile[name].as_u64().and_then(|n| usize::try_from(n).ok());
        value.ok_or_else(|| damaged(name))
    };
    let levels = |name: &str| -> Result<Vec<f32>> {
        let text = profile[name].as_str().ok_or_else(|| damaged(name))?;
        let bytes = base64::engine::general_purpose::STANDARD.decode(text);
        let bytes = bytes.map_err(|_| damaged(name))?;
        let (words, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(damaged(name));
        }
        Ok(words.iter().map(|&word| f32::from_le_bytes(word)).collect())
    };
    let seconds = profile["seconds"].as_f64().ok_or_else(|| damaged("seconds"))? as f32;
    Ok(NoiseProfile::new(
        count("channels")?,
        count("bins")?,
        levels("mean_db")?,
        levels("std_db")?,
        seconds,
    )?)
}

#[cfg(test)]
mod tests {
    use quell_core::{LatencyMode, Monitor, ProfileSource};
    use serde_json::json;

    use super::*;

    fn state() -> Value {
        let base64 = |values: &[f32]| {
            let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
            base64::engine::general_purpose::STANDARD.encode(bytes)
        };
        json!({
            "app": "0.1.0", "quell_state": 1,
            "params": {
                "reduction": 80.0, "floor": -30.0, "gain": 1.5, "link": false, "engine": "classic",
                "latency": "studio", "monitor": "removed", "source": "adaptive", "thr_mid": 2.0,
                "something_new": 7
            },
            "profile": {
                "channels": 1, "bins": 2, "seconds": 2.5,
                "mean_db": base64(&[-60.5, -70.25]), "std_db": base64(&[5.0, 6.0]),
            },
        })
    }

    #[test]
    fn a_state_is_found_in_the_wrapping_of_a_host_and_read_in_full() {
        let wrapped = [b"VST3{\"\x01", state().to_string().as_bytes(), b"\0{\"tail\""].concat();
        let preset = from_state(&find_state(&wrapped).unwrap()).unwrap();
        let wanted = Settings {
            reduction: 0.8,
            floor_db: -30.0,
            output_gain_db: 1.5,
            stereo_link: false,
            remove_hum: false,
            engine: quell_core::Engine::Classic,
            latency: LatencyMode::Studio,
            monitor: Monitor::Removed,
            profile_source: ProfileSource::Adaptive,
            curve: ThresholdCurve::from_three(0.0, 2.0, 0.0),
            ..Settings::default()
        };
        assert_eq!(preset.settings, wanted);
        assert_eq!(preset.profile.unwrap().mean_db(), [-60.5, -70.25]);
    }

    #[test]
    fn what_is_no_state_is_refused_with_the_field() {
        let change = |pointer: &str, value: Value| {
            let mut state = state();
            *state.pointer_mut(pointer).unwrap() = value;
            from_state(&state).unwrap_err().to_string()
        };
        assert!(change("/quell_state", json!(2)).contains("format 2"));
        assert!(change("/params/reduction", json!("x")).contains("'reduction'"));
        assert!(change("/params/engine", json!("x")).contains("'engine'"));
        assert!(change("/params/link", json!(1)).contains("'link'"));
        assert!(change("/profile/mean_db", json!("AAA")).contains("'mean_db'"));
        assert!(change("/profile/bins", json!(5)).contains("expected 5"));
        let mut broken = state();
        broken["model"] = json!("12");
        assert!(from_state(&broken).unwrap_err().to_string().contains("'model'"));
        assert_eq!(find_state(b"{\"app\": 1} and more"), None);
        let in_lines = format!("{:#}\n", state());
        assert_eq!(find_state(in_lines.as_bytes()), Some(state()));
    }
}
