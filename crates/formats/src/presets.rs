//! The presets that come with Quell, as the states that they are.

/// One of them.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// As the plugin shows it; the command line also takes it in small letters, with `-` for a
    /// space.
    pub name: &'static str,
    /// What it is for.
    pub purpose: &'static str,
    /// The state.
    pub text: &'static str,
}

/// All of them, in the order in which the plugin shows them.
pub const FACTORY: [Preset; 9] = [
    Preset {
        name: "Default",
        purpose: "Everything as a new instance has it",
        text: include_str!("../presets/default.json"),
    },
    Preset {
        name: "Voice",
        purpose: "A speaker over steady room noise: careful with consonants",
        text: include_str!("../presets/voice.json"),
    },
    Preset {
        name: "Music",
        purpose: "Music over steady noise: held notes, tails and attacks stay",
        text: include_str!("../presets/music.json"),
    },
    Preset {
        name: "Podcast",
        purpose: "Leaves a bed of room tone, so that cuts do not jump",
        text: include_str!("../presets/podcast.json"),
    },
    Preset {
        name: "Stream",
        purpose: "Live: 20 ms, follows the noise, never chops",
        text: include_str!("../presets/stream.json"),
    },
    Preset {
        name: "Cassette",
        purpose: "Tape hiss under music: deep in the treble, gentle below",
        text: include_str!("../presets/cassette.json"),
    },
    Preset {
        name: "Vinyl",
        purpose: "Surface noise and rumble under music, attacks kept",
        text: include_str!("../presets/vinyl.json"),
    },
    Preset {
        name: "Hum",
        purpose: "Mains hum and its harmonics: deep below 500 Hz, nothing above 3 kHz",
        text: include_str!("../presets/hum.json"),
    },
    Preset {
        name: "Field recording",
        purpose: "Takes the hiss of preamps from quiet places, keeps the air",
        text: include_str!("../presets/field-recording.json"),
    },
];

impl Preset {
    /// Its name on the command line.
    pub fn id(&self) -> String {
        self.name.to_lowercase().replace(' ', "-")
    }

    /// The one of this name, however it is written.
    pub fn named(name: &str) -> Option<&'static Self> {
        let wanted = name.to_lowercase().replace(' ', "-");
        FACTORY.iter().find(|preset| preset.id() == wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state;

    #[test]
    fn every_preset_is_a_state_without_print_and_is_found_by_its_name() {
        for preset in &FACTORY {
            let read = state::decode(preset.text.as_bytes());
            let state = read.unwrap_or_else(|error| panic!("{}: {error}", preset.name));
            assert!(state.is_preset, "{} says something of a print", preset.name);
            for name in [preset.name, &preset.name.to_uppercase(), &preset.id()] {
                assert_eq!(Preset::named(name).unwrap().text, preset.text, "{name}");
            }
        }
        assert!(Preset::named("no such").is_none());
    }

    /// A value out of range would be brought into it without a word.
    #[test]
    fn every_preset_says_what_it_does_by_ids_that_exist() {
        for preset in &FACTORY {
            let json: serde_json::Value = serde_json::from_str(preset.text).unwrap();
            for (id, value) in json["params"].as_object().unwrap() {
                let row = quell_core::settings::TABLE.iter().find(|row| row.id == id);
                let row = row.unwrap_or_else(|| panic!("{}: no setting '{id}'", preset.name));
                if let quell_core::settings::row::Kind::Number(range) = row.kind {
                    let value = value.as_f64().unwrap() as f32;
                    assert!((range.min..=range.max).contains(&value), "{}: {id}", preset.name);
                }
            }
        }
    }
}
