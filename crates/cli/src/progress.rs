//! A bar with speed and time left, on a terminal only.

use std::io::IsTerminal;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Progress of a run over one or many files.
pub struct Progress {
    /// Counts milliseconds of sound.
    bar: ProgressBar,
    started: Instant,
    is_quiet: bool,
}

impl Progress {
    /// A bar over the length of all sound; hidden where nobody looks.
    pub fn new(total_ms: impl FnOnce() -> Option<u64>, is_quiet: bool) -> Self {
        let is_shown = !is_quiet && std::io::stderr().is_terminal();
        let bar = match (is_shown, is_shown.then(total_ms).flatten()) {
            (false, _) => ProgressBar::hidden(),
            (true, None) => styled(ProgressBar::no_length(), "{spinner} {elapsed} {msg}"),
            (true, Some(total_ms)) => styled(
                ProgressBar::new(total_ms),
                "{wide_bar:.cyan/blue} {percent:>3} % {msg}, {eta} left",
            ),
        };
        if is_shown {
            bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        }
        Self { bar, started: Instant::now(), is_quiet }
    }

    /// So many frames are done.
    pub fn advance(&self, n_frames: usize, sample_rate_hz: u32) {
        self.bar.inc(n_frames as u64 * 1000 / u64::from(sample_rate_hz.max(1)));
        if !self.bar.is_hidden() {
            let elapsed_ms = self.started.elapsed().as_millis().max(1) as f64;
            let speed = self.bar.position() as f64 / elapsed_ms;
            self.bar.set_message(format!("{speed:.0}x real time"));
        }
    }

    /// A line above the bar.
    pub fn say(&self, line: &str) {
        if !self.is_quiet {
            self.bar.suspend(|| eprintln!("{line}"));
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
