//! The program: arguments, threads, window, exit status.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use nice_plug::editor::{Editor, EditorHandle};

use crate::Quell;
use crate::editor::{self, QuellEditor};
use crate::standalone::args::{HELP, Task, parse};
use crate::standalone::backend::{Backend, Format, NoSound, Wish};
use crate::standalone::desk::{Desk, Shown};
use crate::standalone::edits;
use crate::standalone::host::Host;
use crate::standalone::kept::Kept;
use crate::standalone::librarian::Librarian;
use crate::standalone::shelf::Order;
use crate::standalone::sound::Sound;

/// Time between two looks of the host.
const TICK: Duration = Duration::from_millis(50);

/// Set when somebody wants it to end: the window was closed, or a signal came.
type End = Arc<AtomicBool>;

/// Runs the program with its arguments, without its name.
pub fn run(args: impl IntoIterator<Item = String>) -> ExitCode {
    let task = match parse(args) {
        Ok(task) => task,
        Err(error) => {
            eprintln!("quell-standalone: {error}");
            return ExitCode::from(2);
        }
    };
    let done = match task {
        Task::Help => {
            print!("{HELP}");
            Ok(())
        }
        Task::Version => {
            println!("quell-standalone {}", env!("CARGO_PKG_VERSION"));
            Ok(())
        }
        Task::List => list(),
        Task::Play { wish, is_bare, files } => play(wish, is_bare, files),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("quell-standalone: {error}");
            ExitCode::FAILURE
        }
    }
}

fn list() -> Result<(), String> {
    let devices = Sound::default().devices().map_err(|error| error.to_string())?;
    for (title, names) in [("Inputs", &devices.inputs), ("Outputs", &devices.outputs)] {
        println!("{title}:");
        names.iter().for_each(|name| println!("  {name}"));
    }
    if devices.inputs.is_empty() || devices.outputs.is_empty() {
        let what = if devices.inputs.is_empty() { "input" } else { "output" };
        let advice = "plug a device in, or start JACK or PipeWire";
        return Err(NoSound(format!("there is no {what}: {advice}")).to_string());
    }
    Ok(())
}

fn play(wish: Wish, is_bare: bool, files: Vec<PathBuf>) -> Result<(), String> {
    let kept = Kept::at_home()?;
    let (engine, desk, end) = (Box::<Quell>::default(), Desk::default(), End::default());
    let shared = engine.shared().clone();
    listen(&end);
    // Devices belong to the thread that opens them; what was kept is in force once it is ready.
    let (ready, when_ready) = channel();
    let host = {
        let (desk, end) = (desk.clone(), end.clone());
        let new = move || Host::new(Sound::default(), kept, wish, engine, desk);
        std::thread::Builder::new()
            .name("quell host".to_owned())
            .spawn(move || look_after(new(), &end, is_bare, &ready))
            .map_err(no_threads)?
    };
    let shelf = desk.shelf.clone();
    let reader = read_recordings(Librarian::new(&desk, shared.clone()), &end)?;
    if !files.is_empty() {
        desk.shelf.order(Order::Open(files));
    }
    let shown = match when_ready.recv() {
        Ok(()) if !is_bare => open_window(QuellEditor::for_program(shared.clone(), desk), &shared),
        _ => Ok(()),
    };
    if !is_bare || shown.is_err() {
        end.store(true, Ordering::Relaxed);
    }
    let ended = host.join().unwrap_or_else(|_| Err("the host ended unforeseen".to_owned()));
    shelf.end();
    let _ = reader.join();
    shown.and(ended)
}

/// The thread that reads and writes recordings.
fn read_recordings(mut librarian: Librarian, end: &End) -> Result<JoinHandle<()>, String> {
    let end = end.clone();
    let work = move || {
        while !end.load(Ordering::Relaxed) {
            librarian.tick();
            std::thread::sleep(TICK);
        }
    };
    let thread = std::thread::Builder::new().name("quell recordings".to_owned());
    thread.spawn(work).map_err(no_threads)
}

fn no_threads(error: std::io::Error) -> String {
    format!("there are no more threads ({error}): end other programs")
}

/// Ctrl-C and the system's wish to end.
fn listen(end: &End) {
    let end = end.clone();
    // Without a handler the program ends at once, and what was changed in the last seconds is lost.
    let _ = ctrlc::set_handler(move || {
        end.store(true, Ordering::Relaxed);
    });
}

/// The host's thread.
fn look_after(
    mut host: Host<Sound>,
    end: &End,
    is_bare: bool,
    ready: &Sender<()>,
) -> Result<(), String> {
    let started = host.start();
    let _ = ready.send(());
    match started {
        Ok(()) if is_bare => {
            let shown = host.shown();
            println!("{}", describe(&shown));
            shown.notice.iter().for_each(|notice| eprintln!("quell-standalone: {notice}"));
        }
        Ok(()) => {}
        Err(error) if is_bare => return Err(error.to_string()),
        Err(error) => eprintln!("quell-standalone: {error}"),
    }
    while !end.load(Ordering::Relaxed) {
        host.tick();
        if is_bare && let Some(error) = host.shown().error {
            host.end()?;
            return Err(NoSound(error).to_string());
        }
        std::thread::sleep(TICK);
    }
    host.close_window();
    let error = host.shown().error.map(|error| NoSound(error).to_string());
    host.end().and(error.map_or(Ok(()), Err))
}

/// The stream in words, for the terminal.
fn describe(shown: &Shown) -> String {
    let Some(format) = &shown.format else { return String::new() };
    let Format { input, output, rate_hz, n_channels, .. } = format;
    let buffer = format.buffer_frames.map(|frames| format!(", {frames} frames at once"));
    let buffer = buffer.unwrap_or_default();
    let channels = if *n_channels == 1 { "mono" } else { "stereo" };
    format!("{input} to {output}: {rate_hz} Hz, {channels}{buffer}")
}

fn open_window(editor: Option<QuellEditor>, shared: &crate::Shared) -> Result<(), String> {
    let advice = "is there a screen? --no-window works without one";
    let failed = |error: &dyn std::fmt::Display| format!("no window ({error}): {advice}");
    let editor = editor.ok_or_else(|| failed(&"it cannot be made"))?;
    let spawned = editor
        .spawn(None, false, None, edits::context(shared), None)
        .map_err(|error| failed(&error))?;
    let _handle = spawned.handle;
    editor::Handle::run_until_closed(spawned.window).map_err(|error| failed(&format!("{error:?}")))
}
