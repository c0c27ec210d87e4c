//! The file that keeps print, settings and devices from one run to the next.
//!
//! A JSON object: `quell_standalone` (format version), `input`, `output`, `rate_hz`,
//! `buffer_frames` (or `null`, for the system's choice) and `state`, which is that of a project.

use std::fs::File;
use std::path::{Path, PathBuf};

use quell_formats::state::{State, decode, encode};
use serde_json::{Value, json};

use crate::Shared;
use crate::editor::places;
use crate::standalone::backend::Wish;
use crate::state;

const VERSION: u64 = 1;

/// The file of one running program.
pub struct Kept {
    path: PathBuf,
    /// What stands in the file.
    written: Vec<u8>,
    /// Held as long as the program runs.
    _lock: File,
    /// Another program writes the file: two would write over each other.
    is_guest: bool,
}

/// What a file held.
pub struct Read {
    /// Devices as they were.
    pub wish: Wish,
    /// Print and settings.
    pub state: State,
}

impl Kept {
    /// The file in Quell's own folder.
    pub fn at_home() -> Result<Self, String> {
        let home = places::home()
            .ok_or("there is no folder to keep settings in: set QUELL_HOME to one".to_owned())?;
        Self::in_folder(&home)
    }

    /// The file in a folder, which is made where there is none.
    pub fn in_folder(folder: &Path) -> Result<Self, String> {
        let name = folder.display();
        let failed = |error: std::io::Error| {
            format!("'{name}' cannot be written ({error}): set QUELL_HOME to another folder")
        };
        std::fs::create_dir_all(folder).map_err(failed)?;
        let lock = File::create(folder.join("standalone.lock")).map_err(failed)?;
        let is_guest = matches!(lock.try_lock(), Err(std::fs::TryLockError::WouldBlock));
        let path = folder.join("standalone.json");
        Ok(Self { path, written: Vec::new(), _lock: lock, is_guest })
    }

    /// What has to be known of a second program.
    pub fn notice(&self) -> Option<String> {
        let folder = self.path.parent().unwrap_or(Path::new("")).display();
        self.is_guest.then(|| {
            format!(
                "Quell runs already: what you change here is not kept. QUELL_HOME set to another \
                 folder than '{folder}' keeps a second set of print, settings and devices"
            )
        })
    }

    /// What was kept, if anything. A damaged file is set aside under another name, and the error
    /// names both.
    pub fn read(&mut self) -> Result<Option<Read>, String> {
        if !self.path.exists() {
            return Ok(None);
        }
        // What cannot be read may be good: it must not be written over either.
        let bytes = match places::read(&self.path) {
            Err(_) if self.is_guest => return Ok(None),
            Err(fault) => return Err(self.set_aside(&fault)),
            Ok(bytes) => bytes,
        };
        match parse(&bytes) {
            Ok(read) => {
                self.written = bytes;
                Ok(Some(read))
            }
            // Whoever writes it may be in the middle of it.
            Err(_) if self.is_guest => Ok(None),
            Err(fault) => Err(self.set_aside(&fault)),
        }
    }

    fn set_aside(&self, fault: &str) -> String {
        let name = self.path.display();
        let aside = free_name(&self.path);
        match std::fs::rename(&self.path, &aside) {
            Ok(()) => format!(
                "'{name}' is damaged ({fault}): it was set aside as '{}' and Quell starts afresh",
                aside.display()
            ),
            Err(error) => format!(
                "'{name}' is damaged ({fault}) and cannot be set aside ({error}): move it away, or \
                 it will be written over"
            ),
        }
    }

    /// Writes what is worth keeping, where that has changed.
    pub fn write(&mut self, wish: &Wish, shared: &Shared) -> Result<(), String> {
        if self.is_guest {
            return Ok(());
        }
        let bytes = to_bytes(wish, &state::of(shared));
        if bytes != self.written {
            places::write(&self.path, &bytes)?;
            self.written = bytes;
        }
        Ok(())
    }
}

/// A name beside the file that nothing has.
fn free_name(path: &Path) -> PathBuf {
    let name = |idx: u32| match idx {
        0 => path.with_extension("damaged.json"),
        idx => path.with_extension(format!("damaged-{idx}.json")),
    };
    (0..).map(name).find(|path| !path.exists()).unwrap_or_else(|| name(0))
}

fn to_bytes(wish: &Wish, state: &State) -> Vec<u8> {
    let state: Value = serde_json::from_slice(&encode(state)).unwrap_or_default();
    let whole = json!({
        "quell_standalone": VERSION,
        "input": wish.input,
        "output": wish.output,
        "rate_hz": wish.rate_hz,
        "buffer_frames": wish.buffer_frames,
        "state": state,
    });
    format!("{whole:#}\n").into_bytes()
}

fn parse(bytes: &[u8]) -> Result<Read, String> {
    let whole: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    match whole["quell_standalone"].as_u64() {
        Some(VERSION) => {}
        Some(other) => return Err(format!("its version is {other}, and {VERSION} is known")),
        None => return Err("it is no file of this program".to_owned()),
    }
    let text = |name: &str| whole[name].as_str().map(str::to_owned);
    let number = |name: &str| whole[name].as_u64().and_then(|number| number.try_into().ok());
    let wish = Wish {
        input: text("input"),
        output: text("output"),
        rate_hz: number("rate_hz"),
        buffer_frames: number("buffer_frames"),
    };
    let state = decode(whole["state"].to_string().as_bytes()).map_err(|error| error.to_string())?;
    Ok(Read { wish, state })
}
