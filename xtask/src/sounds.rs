//! The examples that page and manual play: mixed from the recordings in `assets/sounds`, whose
//! licences allow it.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use quell_audio::{Audio, AudioSpec, SampleFormat, read_all, write_all};
use quell_lab::mix::mix;
use quell_lab::synth::{NoiseKind, Synth};
use serde_json::json;

const PARTS: &str = "assets/sounds";
/// Noise alone before the wanted sound begins, seconds.
const LEAD_S: f64 = 2.0;

/// A sound to try Quell on.
pub(crate) struct Example {
    /// Its file is called so.
    pub(crate) id: &'static str,
    name: &'static str,
    about: &'static str,
    made: Made,
}

enum Made {
    /// Recorded together already.
    Ready(&'static str),
    /// A wanted sound over a noise, and how far above it, dB.
    Mixed(&'static str, Noise, f64),
}

enum Noise {
    Recorded(&'static str),
    Generated(NoiseKind),
}

pub(crate) const EXAMPLES: &[Example] = &[
    Example {
        id: "fan",
        name: "Fan",
        about: "a voice beside a computer's fan",
        made: Made::Ready("crates/cli/assets/fan_and_voice.flac"),
    },
    Example {
        id: "street",
        name: "Street",
        about: "a voice beside a road",
        made: Made::Mixed("voice_a.ogg", Noise::Recorded("street.ogg"), 8.0),
    },
    Example {
        id: "keyboard",
        name: "Keyboard",
        about: "a voice while somebody types",
        made: Made::Mixed("voice_b.ogg", Noise::Recorded("keyboard.ogg"), 8.0),
    },
    Example {
        id: "cassette",
        name: "Cassette",
        about: "an orchestra under the hiss of a tape",
        made: Made::Mixed("dance.ogg", Noise::Generated(NoiseKind::Hiss), 18.0),
    },
    Example {
        id: "hum",
        name: "Hum",
        about: "a band under hum of the mains",
        made: Made::Mixed("vibe.ogg", Noise::Generated(NoiseKind::Hum(50.0)), 12.0),
    },
    Example {
        id: "music",
        name: "Clean music",
        about: "an orchestra without noise, which has to stay as it is",
        made: Made::Ready("assets/sounds/dance.ogg"),
    },
];

/// Writes all examples, their list and who made them into a folder.
pub(crate) fn write(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    for example in EXAMPLES {
        let path = folder.join(format!("{}.flac", example.id));
        write_all(&path, &example.sound().with_context(|| example.id)?)?;
    }
    let list: Vec<_> = EXAMPLES
        .iter()
        .map(|one| {
            let file = format!("{}.flac", one.id);
            json!({ "file": file, "name": one.name, "about": one.about })
        })
        .collect();
    std::fs::write(folder.join("examples.json"), serde_json::to_string(&list)?)?;
    let mut attribution = String::new();
    for path in ["crates/cli/assets/ATTRIBUTION.md", "assets/sounds/ATTRIBUTION.md"] {
        attribution += &std::fs::read_to_string(path).with_context(|| path)?;
        attribution += "\n";
    }
    std::fs::write(folder.join("ATTRIBUTION.txt"), attribution)?;
    Ok(())
}

impl Example {
    fn sound(&self) -> Result<Audio> {
        let mut sound = match &self.made {
            Made::Ready(path) => read_all(Path::new(path))?,
            Made::Mixed(wanted, noise, snr_db) => {
                let wanted = part(wanted)?;
                let noise = match noise {
                    Noise::Recorded(name) => part(name)?,
                    Noise::Generated(kind) => generated(*kind, wanted.spec.sample_rate_hz),
                };
                mix(wanted, &noise, *snr_db, LEAD_S).map_err(|error| anyhow!("{error}"))?.sum
            }
        };
        sound.spec.format = SampleFormat::Int { bits: 16 };
        Ok(sound)
    }
}

fn part(name: &str) -> Result<Audio> {
    Ok(read_all(&Path::new(PARTS).join(name))?)
}

fn generated(kind: NoiseKind, rate_hz: u32) -> Audio {
    let mut channel = vec![0.0; 10 * rate_hz as usize];
    Synth::new(kind, f64::from(rate_hz), -30.0, 1).fill(&mut channel);
    Audio { spec: AudioSpec::float(rate_hz, 1), channels: vec![channel] }
}
