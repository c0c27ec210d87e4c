//! What is kept while the microphone is there: where its files lie, and whose it is.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use quell_files::write_whole;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// How long an end may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A folder that is gone after the user's session, as PipeWire is.
pub(super) struct Place(PathBuf);

impl Place {
    pub(super) fn find() -> Result<Self> {
        let runtime = std::env::var_os("XDG_RUNTIME_DIR").ok_or_else(|| {
            anyhow!("XDG_RUNTIME_DIR is not set: run this in the session of a user")
        })?;
        let folder = PathBuf::from(runtime).join("quell-mic");
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("'{}' cannot be created", folder.display()))?;
        Ok(Self(folder))
    }

    pub(super) fn config(&self) -> PathBuf {
        self.0.join("filter-chain.conf")
    }

    /// What PipeWire and a run in the background say.
    pub(super) fn log(&self) -> PathBuf {
        self.0.join("log.txt")
    }

    /// The last line of it.
    pub(super) fn last_words(&self) -> String {
        let text = std::fs::read_to_string(self.log()).unwrap_or_default();
        let last = text.lines().rfind(|line| !line.trim().is_empty());
        last.unwrap_or("it did not say why").to_owned()
    }

    fn lock_file(&self) -> Result<File> {
        let path = self.0.join("lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        file.with_context(|| format!("'{}' cannot be written", path.display()))
    }

    /// Makes the microphone this process's; nothing where it is another's. The lock ends with the
    /// process, however that ends.
    pub(super) fn claim(&self) -> Result<Option<File>> {
        let file = self.lock_file()?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// What runs now; nothing where nothing does.
    pub(super) fn running(&self) -> Result<Option<Session>> {
        if self.claim()?.is_some() {
            return Ok(None);
        }
        // It may be about to write it.
        let read = || std::fs::read(self.0.join("state.json")).ok();
        let state = read().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Ok(Some(Session::of_json(&state.unwrap_or_default())))
    }

    pub(super) fn save(&self, session: &Session) -> Result<()> {
        Ok(write_whole(&self.0.join("state.json"), session.to_json().to_string().as_bytes())?)
    }

    /// Waits until nobody has the microphone.
    pub(super) fn wait_for_end(&self) -> Result<()> {
        let began = Instant::now();
        while self.claim()?.is_none() {
            if began.elapsed() > PATIENCE {
                bail!("it does not end: look into '{}'", self.log().display());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Ends a filter whose keeper was killed and could not.
    pub(super) fn end_orphan(&self) -> Result<()> {
        let bytes = std::fs::read(self.0.join("state.json")).unwrap_or_default();
        let state: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let Some(pid) = Session::of_json(&state).filter_pid else { return Ok(()) };
        // Another process may have the number by now.
        let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let config = self.config();
        if String::from_utf8_lossy(&command).contains(&*config.to_string_lossy()) {
            signal(pid, Signal::TERM)?;
        }
        Ok(())
    }
}

/// The microphone that is there.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Session {
    /// The `quell` that keeps it; nothing while it starts.
    pub(super) pid: Option<i32>,
    /// The PipeWire client that is the filter.
    pub(super) filter_pid: Option<i32>,
    pub(super) source: String,
    /// Engine, mode and so on, in words.
    pub(super) sound: String,
    pub(super) is_bypassed: bool,
}

impl Session {
    fn to_json(&self) -> Value {
        json!({
            "pid": self.pid, "filter_pid": self.filter_pid, "source": self.source,
            "sound": self.sound, "bypassed": self.is_bypassed,
        })
    }

    fn of_json(state: &Value) -> Self {
        let pid = |key: &str| state[key].as_i64().and_then(|pid| i32::try_from(pid).ok());
        let text = |key: &str| state[key].as_str().unwrap_or_default().to_owned();
        Self {
            pid: pid("pid"),
            filter_pid: pid("filter_pid"),
            source: text("source"),
            sound: text("sound"),
            is_bypassed: state["bypassed"] == true,
        }
    }

    /// Sends a signal to the one that keeps it.
    pub(super) fn signal(&self, what: Signal) -> Result<()> {
        signal(self.pid.ok_or_else(|| anyhow!("it is about to start: try again"))?, what)
    }
}

fn signal(pid: i32, what: Signal) -> Result<()> {
    let pid = Pid::from_raw(pid).ok_or_else(|| anyhow!("{pid} is no process"))?;
    Ok(kill_process(pid, what)?)
}
