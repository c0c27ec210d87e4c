//! The process that keeps the microphone: starts the filter, listens to signals, ends it.

use std::fs::File;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use quell_audio::interrupt;
use quell_core::Choice;
use quell_files::write_whole;
use signal_hook::consts::{SIGTERM, SIGUSR1, SIGUSR2};

use super::config::{self, Controls};
use super::graph::{self, Graph};
use super::level::Meters;
use super::session::{Place, Session};

/// How long PipeWire may take until the microphone is there.
const PATIENCE: Duration = Duration::from_secs(10);
const TICK: Duration = Duration::from_millis(50);

/// Makes the microphone and keeps it until somebody asks for an end.
pub(super) fn keep(
    place: &Place,
    library: &Path,
    source: Option<&str>,
    controls: &Controls,
) -> Result<()> {
    let lock = place.claim()?;
    let _lock = lock
        .ok_or_else(|| anyhow!("the microphone Quell runs already: 'quell mic --stop' ends it"))?;
    place.end_orphan()?;
    let signals = Signals::listen()?;
    let graph = Graph::read().context("see 'quell mic --doctor'")?;
    let source = graph.source(source)?.name.clone();
    write_whole(&place.config(), config::text(library, &source, controls).as_bytes())?;
    let mut filter = Filter::start(place)?;
    let mut session = Session {
        pid: None,
        filter_pid: Some(filter.child.id() as i32),
        source,
        sound: words(controls),
        is_bypassed: false,
    };
    place.save(&session)?;
    filter.wait_until_there(place)?;
    session.pid = Some(std::process::id() as i32);
    place.save(&session)?;
    println!("the microphone Quell runs: {}; it hears '{}'", session.sound, session.source);
    // Somebody has to look: listening keeps the microphone busy.
    let is_seen = std::io::stdout().is_terminal();
    let mut line = is_seen.then(|| LevelLine::new(&session.source)).transpose()?;
    while !signals.is_end() {
        std::thread::sleep(TICK);
        filter.check(place)?;
        if let Some(is_wanted) = signals.bypass(session.is_bypassed) {
            filter.let_through(if is_wanted { 0.0 } else { controls.reduction_db })?;
            session.is_bypassed = is_wanted;
            place.save(&session)?;
        }
        if let Some(line) = &mut line {
            line.show(session.is_bypassed)?;
        }
    }
    println!("\nthe microphone Quell is gone");
    Ok(())
}

/// What is made of the sound, in words.
fn words(controls: &Controls) -> String {
    let Controls { reduction_db, engine, latency, .. } = controls;
    format!("{}, {}, reduction {reduction_db} dB", name(*engine), name(*latency))
}

fn name<T: Choice>(choice: T) -> &'static str {
    T::ROWS[choice.idx()].1.name
}

/// What was asked for from outside.
struct Signals {
    end: Arc<AtomicBool>,
    on: Arc<AtomicBool>,
    off: Arc<AtomicBool>,
}

impl Signals {
    fn listen() -> Result<Self> {
        let flag = |signal| {
            let flag = Arc::new(AtomicBool::new(false));
            signal_hook::flag::register(signal, Arc::clone(&flag)).map(|_| flag)
        };
        Ok(Self { end: flag(SIGTERM)?, on: flag(SIGUSR1)?, off: flag(SIGUSR2)? })
    }

    fn is_end(&self) -> bool {
        // Ctrl-C is listened to by the program as a whole.
        self.end.load(Ordering::Relaxed) || interrupt::is_requested()
    }

    /// Whether to bypass from now on; nothing where that stays. A key that was pressed and let go
    /// within a tick leaves it off.
    fn bypass(&self, is_bypassed: bool) -> Option<bool> {
        let on = self.on.swap(false, Ordering::Relaxed);
        let off = self.off.swap(false, Ordering::Relaxed);
        let wanted = if off { false } else { on || is_bypassed };
        (wanted != is_bypassed).then_some(wanted)
    }
}

/// The PipeWire client that is the filter; it ends with this.
struct Filter {
    child: Child,
}

impl Filter {
    fn start(place: &Place) -> Result<Self> {
        let open = || File::options().create(true).append(true).open(place.log());
        let log =
            open().with_context(|| format!("'{}' cannot be written", place.log().display()))?;
        let mut command = Command::new("pipewire");
        command.arg("-c").arg(place.config()).stdin(Stdio::null());
        command.stdout(log.try_clone()?).stderr(log);
        // Ctrl-C is for the keeper, which ends it in its turn.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let child = command.spawn().map_err(|error| {
            anyhow!("pipewire cannot be started ({error}): see 'quell mic --doctor'")
        })?;
        Ok(Self { child })
    }

    fn wait_until_there(&mut self, place: &Place) -> Result<()> {
        let began = Instant::now();
        while !Graph::read().is_ok_and(|graph| graph.has_quell && graph.filter_id.is_some()) {
            self.check(place)?;
            interrupt::check()?;
            if began.elapsed() > PATIENCE {
                bail!("the microphone does not appear: see 'quell mic --doctor'");
            }
            std::thread::sleep(TICK);
        }
        Ok(())
    }

    /// An error once it has ended by itself.
    fn check(&mut self, place: &Place) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(_) => bail!("PipeWire ended the filter ({})", place.last_words()),
        }
    }

    fn let_through(&self, reduction_db: f32) -> Result<()> {
        let id = Graph::read()?.filter_id.ok_or_else(|| anyhow!("the filter is not there"))?;
        graph::set_params(id, &config::reduction_params(reduction_db))
    }
}

impl Drop for Filter {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The line that tells the levels, again and again in one place.
struct LevelLine {
    meters: Meters,
    shown: Instant,
}

impl LevelLine {
    fn new(source: &str) -> Result<Self> {
        println!(
            "Ctrl-C ends it; 'quell mic --bypass' in another terminal lets everything through"
        );
        Ok(Self { meters: Meters::new(source)?, shown: Instant::now() })
    }

    fn show(&mut self, is_bypassed: bool) -> Result<()> {
        if self.shown.elapsed() < Duration::from_millis(200) {
            return Ok(());
        }
        self.shown = Instant::now();
        let Some(line) = self.meters.line() else { return Ok(()) };
        print!("\r{line}{}\x1b[K", if is_bypassed { "   bypass" } else { "" });
        Ok(std::io::stdout().flush()?)
    }
}
