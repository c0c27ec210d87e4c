//! What is known of a print besides its levels, as fields of its JSON: `level_dbfs`, `verdict`,
//! `made_unix_s` and `name`. What is not known is not written, and what cannot be read is not
//! known: nothing of it is heard.

use quell_core::{About, Verdict};
use serde_json::{Value, json};

/// No name is longer, characters.
const MAX_NAME_LEN: usize = 100;

/// Adds the fields to the JSON of a print.
pub(crate) fn write(about: &About, json: &mut Value) {
    if let Some(level_dbfs) = about.level_dbfs.filter(|level| level.is_finite()) {
        json["level_dbfs"] = json!(level_dbfs);
    }
    if let Some(verdict) = about.verdict {
        json["verdict"] = json!(verdict.id());
    }
    if let Some(made_unix_s) = about.made_unix_s {
        json["made_unix_s"] = json!(made_unix_s);
    }
    if !about.name.is_empty() {
        json["name"] = json!(about.name);
    }
}

/// Reads the fields of a print's JSON.
pub(crate) fn read(json: &Value) -> About {
    let level_dbfs = json["level_dbfs"].as_f64().map(|level| level as f32);
    let name = json["name"].as_str().unwrap_or_default();
    About {
        level_dbfs: level_dbfs.filter(|level| (-300.0..=100.0).contains(level)),
        verdict: json["verdict"].as_str().and_then(Verdict::of_id),
        made_unix_s: json["made_unix_s"].as_u64(),
        name: name.chars().filter(|c| !c.is_control()).take(MAX_NAME_LEN).collect(),
    }
}
