//! What may be written behind the program's name.

use std::io::ErrorKind;
use std::path::PathBuf;

use crate::standalone::backend::Wish;

/// What `--help` prints.
pub const HELP: &str = "\
Quell: takes steady noise out of sound while it plays.

Usage: quell-standalone [OPTIONS] [FILE...]

  FILE             recordings to open: hear them before and after, learn the noise from a
                   stretch, save them clean

  --input NAME     the microphone or other source; a part of its name is enough
  --output NAME    where the clean sound goes
  --rate HZ        sampling rate; without it the device's own
  --buffer FRAMES  frames that are fetched at once, 16 to 8192; fewer come sooner
  --list           names inputs and outputs, and ends
  --no-window      works without a window until it is stopped
  --version        names the version, and ends
  --help           says this, and ends

What is not named is as it was last time. Print, settings and devices are kept in
'standalone.json' in Quell's folder, which QUELL_HOME moves.
Exit status: 0 all is well, 1 no sound or nothing kept, 2 arguments that make no sense.
";

/// Rates that are asked for, Hz: what the denoiser takes.
const RATES_HZ: std::ops::RangeInclusive<u32> = 8_000..=384_000;
/// Frames that are fetched at once.
const BUFFERS: std::ops::RangeInclusive<u32> = 16..=8_192;

/// What somebody wants of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// Sound, with a window or without; what is named takes the place of what was kept.
    Play {
        /// Devices and their settings.
        wish: Wish,
        /// Without a window.
        is_bare: bool,
        /// Recordings to open.
        files: Vec<PathBuf>,
    },
    /// The names of the devices.
    List,
    /// The version.
    Version,
    /// The help.
    Help,
}

/// Reads arguments, without the program's name; says what is wrong with them and what to do.
pub fn parse(args: impl IntoIterator<Item = String>) -> Result<Task, String> {
    let mut args = args.into_iter();
    let (mut wish, mut is_bare, mut is_list) = (Wish::default(), false, false);
    let mut files = Vec::new();
    while let Some(arg) = args.next() {
        let (name, value) = match arg.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (arg.as_str(), None),
        };
        let mut value = || {
            let value = value.clone().or_else(|| args.next());
            value.filter(|value| !value.is_empty()).ok_or(format!("{name} needs a value behind it"))
        };
        match name {
            "--input" => wish.input = Some(value()?),
            "--output" => wish.output = Some(value()?),
            "--rate" => wish.rate_hz = Some(number(name, &value()?, RATES_HZ)?),
            "--buffer" => wish.buffer_frames = Some(number(name, &value()?, BUFFERS)?),
            "--list" => is_list = true,
            "--no-window" => is_bare = true,
            "--version" | "-V" => return Ok(Task::Version),
            "--help" | "-h" => return Ok(Task::Help),
            _ if arg.starts_with('-') => {
                return Err(format!("'{arg}' is not known: --help says what is"));
            }
            _ => files.push(existing(&arg)?),
        }
    }
    if is_bare && !files.is_empty() {
        return Err("recordings are opened in a window: leave --no-window out, or use \
                    'quell denoise' for files"
            .to_owned());
    }
    Ok(if is_list { Task::List } else { Task::Play { wish, is_bare, files } })
}

/// The path, from wherever the program may go.
fn existing(file: &str) -> Result<PathBuf, String> {
    std::fs::canonicalize(file).map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!("'{file}' does not exist: check the name"),
        _ => format!("'{file}' cannot be opened ({error})"),
    })
}

fn number(name: &str, text: &str, range: std::ops::RangeInclusive<u32>) -> Result<u32, String> {
    let (min, max) = (range.start(), range.end());
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or(format!("{name} takes a whole number from {min} to {max}, not '{text}'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Task, String> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn both_ways_of_writing_a_value_are_read() {
        let wish = Wish {
            input: Some("Scarlett".to_owned()),
            output: None,
            rate_hz: Some(44_100),
            buffer_frames: Some(128),
        };
        let files = Vec::new();
        let expected = Ok(Task::Play { wish, is_bare: false, files: files.clone() });
        assert_eq!(read("--input Scarlett --rate 44100 --buffer 128"), expected);
        assert_eq!(read("--input=Scarlett --rate=44100 --buffer=128"), expected);
        assert_eq!(read(""), Ok(Task::Play { wish: Wish::default(), is_bare: false, files }));
        assert_eq!(read("--list"), Ok(Task::List));
        assert_eq!(read("--version"), Ok(Task::Version));
        assert_eq!(read("--help"), Ok(Task::Help));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (line, part) in [
            ("--rate", "--rate needs a value"),
            ("--rate=", "--rate needs a value"),
            ("--rate fast", "from 8000 to 384000, not 'fast'"),
            ("--buffer 0", "from 16 to 8192, not '0'"),
            ("--inputs x", "'--inputs' is not known"),
            ("stray.wav", "'stray.wav' does not exist"),
            ("--no-window Cargo.toml", "leave --no-window out"),
        ] {
            let error = read(line).unwrap_err();
            assert!(error.contains(part), "{line}: {error}");
        }
    }

    #[test]
    fn the_help_names_every_argument() {
        for name in ["input", "output", "rate", "buffer", "list", "no-window", "version", "help"] {
            assert!(HELP.contains(&format!("--{name} ")), "{name}");
        }
    }
}
