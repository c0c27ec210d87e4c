//! Noise profiles as JSON: levels in dB re full scale per 25 Hz, one list per channel.

use quell_core::{NoiseProfile, ProfileError};
use serde_json::{Value, json};

use crate::about;

/// What the file says it is.
const FORMAT: &str = "quell-noise-profile";
/// Version of the layout; a higher one is refused.
const VERSION: u64 = 1;

/// Why a JSON value is no profile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FormatError {
    /// It does not call itself one.
    Other,
    /// Written by a version this one does not know.
    Version {
        /// Version given.
        actual: u64,
    },
    /// Its bins are not 25 Hz apart.
    Bins,
    /// A field is no list of lists of numbers.
    Numbers {
        /// Its name.
        name: &'static str,
    },
    /// The channels of a field are not equally long.
    Lengths {
        /// Its name.
        name: &'static str,
    },
    /// The numbers are out of order.
    Profile(ProfileError),
}

impl core::fmt::Display for FormatError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Other => write!(f, "it is no noise profile"),
            Self::Version { actual } => {
                write!(f, "it has version {actual}, this program reads {VERSION}")
            }
            Self::Bins => write!(f, "its bins are not 25 Hz apart"),
            Self::Numbers { name } => write!(f, "'{name}' is no list of lists of numbers"),
            Self::Lengths { name } => write!(f, "the channels of '{name}' are not equally long"),
            Self::Profile(error) => write!(f, "{error}"),
        }
    }
}

impl core::error::Error for FormatError {}

/// A number with no more digits than an `f32` needs to come back bit for bit.
fn number(value: f32) -> Value {
    let shortest = value.to_string().parse::<f64>().unwrap_or_default();
    json!(shortest)
}

/// The profile as JSON: levels in dB re full scale per 25 Hz, one list per channel.
pub fn to_json(profile: &NoiseProfile) -> Value {
    let per_channel = |values: &[f32]| -> Value {
        values
            .chunks_exact(profile.n_bins())
            .map(|channel| channel.iter().map(|&v| number(v)).collect::<Value>())
            .collect()
    };
    let mut json = json!({
        "format": FORMAT,
        "version": VERSION,
        "bin_hz": 25,
        "seconds": number(profile.seconds()),
        "mean_db": per_channel(profile.mean_db()),
        "std_db": per_channel(profile.std_db()),
    });
    about::write(profile.about(), &mut json);
    json
}

/// Reads a profile from its JSON.
pub fn from_json(value: &Value) -> Result<NoiseProfile, FormatError> {
    if value.get("format").and_then(Value::as_str) != Some(FORMAT) {
        return Err(FormatError::Other);
    }
    let version = value.get("version").and_then(Value::as_u64).unwrap_or(0);
    if version != VERSION {
        return Err(FormatError::Version { actual: version });
    }
    if value.get("bin_hz").and_then(Value::as_f64) != Some(25.0) {
        return Err(FormatError::Bins);
    }
    let (n_channels, n_bins, mean_db) = channels(value, "mean_db")?;
    let (_, _, std_db) = channels(value, "std_db")?;
    let seconds = value.get("seconds").and_then(Value::as_f64).unwrap_or(0.0) as f32;
    let profile = NoiseProfile::new(n_channels, n_bins, mean_db, std_db, seconds);
    Ok(profile.map_err(FormatError::Profile)?.described(about::read(value)))
}

fn channels(value: &Value, name: &'static str) -> Result<(usize, usize, Vec<f32>), FormatError> {
    let wrong = || FormatError::Numbers { name };
    let lists = value.get(name).and_then(Value::as_array).ok_or_else(wrong)?;
    let n_bins = lists.first().and_then(Value::as_array).map_or(0, Vec::len);
    let mut values = Vec::with_capacity(lists.len() * n_bins);
    for list in lists {
        let list = list.as_array().ok_or_else(wrong)?;
        if list.len() != n_bins {
            return Err(FormatError::Lengths { name });
        }
        for number in list {
            values.push(number.as_f64().ok_or_else(wrong)? as f32);
        }
    }
    Ok((lists.len(), n_bins, values))
}

#[cfg(test)]
mod tests {
    use quell_core::{About, Verdict};

    use super::*;

    fn profile() -> NoiseProfile {
        let mean_db = (0..642).map(|i| -60.0 - 0.123_456_7 * i as f32).collect();
        let about = About {
            level_dbfs: Some(-38.25),
            verdict: Some(Verdict::Varying),
            made_unix_s: Some(1_790_000_000),
            name: "Fan, \"old\"".to_owned(),
        };
        NoiseProfile::new(2, 321, mean_db, vec![5.57; 642], 1.23).unwrap().described(about)
    }

    #[test]
    fn a_profile_comes_back_bit_for_bit() {
        let text = to_json(&profile()).to_string();
        assert_eq!(from_json(&serde_json::from_str(&text).unwrap()).unwrap(), profile());
    }

    #[test]
    fn an_older_file_says_nothing_of_verdict_level_date_and_name() {
        let mut json = to_json(&profile());
        for name in ["level_dbfs", "verdict", "made_unix_s", "name"] {
            json.as_object_mut().unwrap().remove(name).unwrap();
        }
        let old = from_json(&json).unwrap();
        assert_eq!(old.about(), &About::default());
        assert_eq!(to_json(&old), json, "and is written as it was");
        // What a later version may say is no reason to refuse the levels.
        json["verdict"] = json!("wonderful");
        json["level_dbfs"] = json!("loud");
        assert_eq!(from_json(&json).unwrap(), old);
    }

    #[test]
    fn what_is_no_profile_is_refused_with_a_reason() {
        let change = |key: &str, value: Value| {
            let mut json = to_json(&profile());
            json[key] = value;
            from_json(&json).unwrap_err().to_string()
        };
        assert!(change("format", json!("other")).contains("no noise profile"));
        assert!(change("version", json!(2)).contains("version 2"));
        assert!(change("bin_hz", json!(50)).contains("25 Hz"));
        assert!(change("mean_db", json!([[1.0], [1.0, 2.0]])).contains("equally long"));
        assert!(change("mean_db", json!([["x"]])).contains("numbers"));
        assert!(change("std_db", json!([[1.0]])).contains("expected 642"));
        let mut json = to_json(&profile());
        json["mean_db"][1][3] = json!(1e9);
        assert!(from_json(&json).unwrap_err().to_string().contains("level number 324"));
    }
}
