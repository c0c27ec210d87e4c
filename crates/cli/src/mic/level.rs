//! How loud it is before and after: heard through `pw-record`, as any program would.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Result, anyhow};

use super::config::NODE;

/// Frames that a level is taken over: 0.2 s.
const WINDOW: usize = 9_600;
const RATE_HZ: &str = "48000";
/// Shown for silence, dBFS.
const LOWEST_DBFS: f32 = -120.0;

/// A node that is listened to.
struct Ear {
    child: Child,
    /// Bits of the newest level, dBFS; NaN until there is one.
    level: Arc<AtomicU32>,
}

impl Ear {
    fn on(node: &str) -> Result<Self> {
        let mut command = Command::new("pw-record");
        command.args(["--target", node, "--rate", RATE_HZ, "--channels", "1", "--format", "f32"]);
        if wants_raw() {
            command.arg("--raw");
        }
        command.arg("-").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child =
            command.spawn().map_err(|error| anyhow!("pw-record cannot be started ({error})"))?;
        let level = Arc::new(AtomicU32::new(f32::NAN.to_bits()));
        if let Some(sound) = child.stdout.take() {
            let level = Arc::clone(&level);
            std::thread::spawn(move || listen(sound, &level));
        }
        Ok(Self { child, level })
    }

    fn level_dbfs(&self) -> Option<f32> {
        let level = f32::from_bits(self.level.load(Ordering::Relaxed));
        (!level.is_nan()).then_some(level)
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Newer versions put a header before the samples unless they are asked for bare ones.
fn wants_raw() -> bool {
    let help = Command::new("pw-record").arg("--help").stdin(Stdio::null()).output();
    help.is_ok_and(|help| String::from_utf8_lossy(&help.stdout).contains("--raw"))
}

fn listen(mut sound: impl Read, level: &AtomicU32) {
    let mut bytes = vec![0; 4 * WINDOW];
    // It ends with the child.
    while sound.read_exact(&mut bytes).is_ok() {
        level.store(rms_dbfs(&bytes).to_bits(), Ordering::Relaxed);
    }
}

fn rms_dbfs(samples: &[u8]) -> f32 {
    let (samples, _) = samples.as_chunks::<4>();
    let power: f64 =
        samples.iter().map(|bytes| f64::from(f32::from_le_bytes(*bytes)).powi(2)).sum();
    let level = 10.0 * (power / samples.len().max(1) as f64 + 1e-30).log10();
    (level as f32).max(LOWEST_DBFS)
}

/// Both sides of the filter.
pub(super) struct Meters {
    before: Ear,
    after: Ear,
}

impl Meters {
    pub(super) fn new(source: &str) -> Result<Self> {
        Ok(Self { before: Ear::on(source)?, after: Ear::on(NODE)? })
    }

    /// A line with both; nothing until both were heard.
    pub(super) fn line(&self) -> Option<String> {
        let (before, after) = (self.before.level_dbfs()?, self.after.level_dbfs()?);
        Some(format!("microphone {}   Quell {}", meter(before), meter(after)))
    }
}

/// A bar of a character every 3 dB from −72 dBFS on, and the figure.
fn meter(dbfs: f32) -> String {
    const N_CELLS: usize = 24;
    let n_full = ((dbfs + 72.0) / 3.0).round().clamp(0.0, N_CELLS as f32) as usize;
    format!("{}{} {dbfs:6.1} dBFS", "█".repeat(n_full), "·".repeat(N_CELLS - n_full))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_those_of_the_samples() {
        let level_of = |samples: &[f32]| {
            let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
            rms_dbfs(&bytes)
        };
        assert!((level_of(&[0.1, -0.1, 0.1, -0.1]) + 20.0).abs() < 1e-3);
        assert_eq!(level_of(&[0.0; 8]), LOWEST_DBFS);
        assert!(meter(-36.0).starts_with(&format!("{}·", "█".repeat(12))), "{}", meter(-36.0));
        assert!(meter(0.0).ends_with("█    0.0 dBFS"), "{}", meter(0.0));
    }
}
