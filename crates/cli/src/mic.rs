//! `quell mic`: a microphone called Quell in every program, through PipeWire.

mod config;
mod doctor;
mod graph;
mod keeper;
mod level;
mod session;

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use clap::builder::ValueParser;
use quell_core::settings::TABLE;
use quell_core::settings::table::place_of;
use quell_core::{Choice, Engine, LatencyMode};
use rustix::process::Signal;

use crate::setting_flags;
use config::Controls;
use level::Meters;
use session::{Place, Session};

const EXAMPLES: &str = "\
Examples:
  quell mic                      until Ctrl-C, with the levels before and after
  quell mic --background         until --stop
  quell mic --source alsa_input.usb-Mic-00.mono --engine hybrid
  quell mic --bypass on          hear the difference; 'off' or no word turns it back
  quell mic --doctor             what is missing, and what to do

Choose 'Quell' as the microphone in OBS, Discord or a browser. The signals USR1 and USR2 to 'quell
mic' turn the bypass on and off, for a key that is held.";

/// Make a clean microphone for every program (PipeWire)
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct MicArgs {
    #[command(flatten)]
    task: TaskArgs,
    /// Microphone to clean, by name or description [default: the one programs take by themselves]
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Quell's LADSPA plugin [default: the first in the usual places]
    #[arg(long, value_name = "FILE")]
    library: Option<PathBuf>,
    /// How far the noise is turned down
    #[arg(long, value_name = "dB", default_value = "-40", value_parser = parser("floor"))]
    #[arg(allow_hyphen_values = true)]
    reduction: f32,
    /// How far above the noise a sound must be to be kept
    #[arg(long, value_name = "NUMBER", default_value = "1.5", value_parser = parser("sensitivity"))]
    #[arg(allow_hyphen_values = true)]
    sensitivity: f32,
    /// gate, classic, neural or hybrid
    #[arg(long, default_value = "neural", value_parser = parser("engine"))]
    engine: f32,
    /// live (20 ms), standard (40 ms) or studio (80 ms)
    #[arg(long, default_value = "live", value_parser = parser("latency"))]
    latency: f32,
}

/// What is to be done, if not to start.
#[derive(Args, Debug)]
#[group(multiple = false)]
struct TaskArgs {
    /// Start it and leave it running
    #[arg(long)]
    background: bool,
    /// End it
    #[arg(long)]
    stop: bool,
    /// Say whether it runs, and the levels before and after
    #[arg(long)]
    status: bool,
    /// Let the microphone through as it is, equally late, or no longer
    #[arg(long, value_name = "on|off|toggle", num_args = 0..=1, default_missing_value = "toggle")]
    #[arg(value_parser = ["on", "off", "toggle"])]
    bypass: Option<String>,
    /// Say what is missing, and what to do
    #[arg(long)]
    doctor: bool,
}

/// Reads a value as the setting of this name does.
fn parser(id: &'static str) -> ValueParser {
    ValueParser::from(move |text: &str| setting_flags::parse(&TABLE[place_of(id)], text))
}

impl MicArgs {
    fn controls(&self) -> Controls {
        Controls {
            reduction_db: self.reduction,
            sensitivity: self.sensitivity,
            engine: Engine::at(self.engine as usize),
            latency: LatencyMode::at(self.latency as usize),
        }
    }

    /// The flags that these came from, for a process in the background.
    fn flags(&self) -> Vec<String> {
        let Controls { reduction_db, sensitivity, engine, latency } = self.controls();
        let mut flags = vec![
            format!("--reduction={reduction_db}"),
            format!("--sensitivity={sensitivity}"),
            format!("--engine={}", engine.id()),
            format!("--latency={}", latency.id()),
        ];
        flags.extend(self.source.iter().map(|source| format!("--source={source}")));
        flags.extend(self.library.iter().map(|path| format!("--library={}", path.display())));
        flags
    }
}

/// Runs `quell mic`.
pub fn run(args: &MicArgs) -> Result<()> {
    let library = args.library.as_deref();
    let task = &args.task;
    if task.doctor {
        return doctor::run(library, args.source.as_deref());
    }
    let place = Place::find()?;
    if task.stop {
        return stop(&place);
    }
    if task.status {
        return status(&place);
    }
    if let Some(way) = &task.bypass {
        return bypass(&place, way);
    }
    if task.background {
        return start_in_background(args, &place);
    }
    let library = doctor::library(library)?;
    keeper::keep(&place, &library, args.source.as_deref(), &args.controls())
}

/// What runs, or the way to start it.
fn running(place: &Place) -> Result<Session> {
    let session = place.running()?;
    session.ok_or_else(|| anyhow!("there is no microphone Quell now: start it with 'quell mic'"))
}

fn stop(place: &Place) -> Result<()> {
    let Some(session) = place.running()? else {
        place.end_orphan()?;
        println!("there is no microphone Quell now");
        return Ok(());
    };
    session.signal(Signal::TERM)?;
    place.wait_for_end()?;
    println!("the microphone Quell is gone");
    Ok(())
}

fn status(place: &Place) -> Result<()> {
    let session = running(place)?;
    println!("the microphone Quell runs: {}", session.sound);
    println!("it hears '{}'{}", session.source, bypass_words(session.is_bypassed));
    println!("configuration: {}", place.config().display());
    let meters = Meters::new(&session.source)?;
    let began = Instant::now();
    loop {
        std::thread::sleep(Duration::from_millis(50));
        if began.elapsed() > Duration::from_secs(5) {
            bail!("no sound comes: see 'quell mic --doctor'");
        }
        // The first ones are from before the filter has heard anything.
        if let (Some(line), true) = (meters.line(), began.elapsed() > Duration::from_secs(1)) {
            println!("{line}");
            return Ok(());
        }
    }
}

fn bypass_words(is_bypassed: bool) -> &'static str {
    if is_bypassed { ", and lets it through as it is (bypass)" } else { "" }
}

fn bypass(place: &Place, way: &str) -> Result<()> {
    let session = running(place)?;
    let is_wanted = match way {
        "on" => true,
        "off" => false,
        _ => !session.is_bypassed,
    };
    session.signal(if is_wanted { Signal::USR1 } else { Signal::USR2 })?;
    let began = Instant::now();
    while running(place)?.is_bypassed != is_wanted {
        if began.elapsed() > Duration::from_secs(5) {
            bail!("the bypass does not change: look into '{}'", place.log().display());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    println!("bypass {}", if is_wanted { "on" } else { "off" });
    Ok(())
}

fn start_in_background(args: &MicArgs, place: &Place) -> Result<()> {
    refuse_second(place)?;
    let log = std::fs::File::create(place.log())
        .with_context(|| format!("'{}' cannot be written", place.log().display()))?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("mic").args(args.flags()).stdin(Stdio::null());
    command.stdout(log.try_clone()?).stderr(log);
    // Out of reach of the terminal's Ctrl-C.
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn()?;
    loop {
        if child.try_wait()?.is_some() {
            let words = place.last_words();
            bail!("{}", words.strip_prefix("quell: ").unwrap_or(&words));
        }
        if let Some(Session { pid: Some(_), sound, source, .. }) = place.running()? {
            println!("the microphone Quell runs: {sound}; it hears '{source}'");
            println!("'quell mic --stop' ends it");
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn refuse_second(place: &Place) -> Result<()> {
    match place.running()? {
        Some(_) => bail!("the microphone Quell runs already: 'quell mic --stop' ends it"),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use clap::{Command, FromArgMatches};
    use quell_core::Settings;

    use super::*;

    fn controls(flags: &[&str]) -> Controls {
        let command = MicArgs::augment_args(Command::new("mic"));
        let matches = command.get_matches_from(["mic"].iter().chain(flags));
        MicArgs::from_arg_matches(&matches).unwrap().controls()
    }

    #[test]
    fn it_starts_with_the_usual_settings_and_the_least_delay() {
        let (ours, usual) = (controls(&[]), Settings::default());
        assert_eq!(ours.reduction_db, usual.reduction_db);
        assert_eq!((ours.sensitivity, ours.engine), (usual.sensitivity, usual.engine));
        assert_eq!(ours.latency, LatencyMode::Live);
        assert_eq!(controls(&["--latency", "studio"]).latency, LatencyMode::Studio);
    }
}
