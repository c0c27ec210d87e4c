//! From the command line to a list of inputs and outputs.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use quell_audio::video::is_video;
use quell_audio::{FileKind, Reader, has_readable_ending};

use super::args::{DenoiseArgs, is_pipe};
use super::common::Common;
use crate::units::clock;

/// One file to denoise.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Job {
    pub(super) input: PathBuf,
    pub(super) output: PathBuf,
}

/// What there is to do.
pub(super) struct Plan {
    pub(super) jobs: Vec<Job>,
    /// Files of the folders that were named, by whose names nothing knows how to read them.
    pub(super) skipped: Vec<PathBuf>,
}

/// Pairs every input with its output, and refuses what would destroy something.
pub(super) fn plan(args: &DenoiseArgs) -> Result<Plan> {
    let Found { inputs, skipped } = collect_inputs(args)?;
    let goes_to_folder = args.output.as_deref().is_some_and(|output| {
        output.is_dir() || ends_with_separator(output) || args.inputs.iter().any(|i| i.is_dir())
    });
    if let Some(output) = args.output.as_deref().filter(|_| !goes_to_folder) {
        if inputs.len() > 1 {
            bail!(
                "'{}' is no folder, and {} inputs need one: create it, or end its name in '/'",
                output.display(),
                inputs.len()
            );
        }
        if !is_pipe(output) && !is_video(output) {
            FileKind::of_path(output)?;
        }
    }
    let mut jobs = Vec::with_capacity(inputs.len());
    for Input { path, relative } in inputs {
        let output = match &args.output {
            None => in_place_target(&path)?,
            Some(folder) if goes_to_folder => folder_target(args, folder, &relative)?,
            Some(file) => file.clone(),
        };
        if args.output.is_some() && is_same_file(&path, &output) {
            bail!(
                "'{}' would be overwritten by its own output: choose another name, or say \
                 --in-place",
                path.display()
            );
        }
        jobs.push(Job { input: path, output });
    }
    refuse_collisions(&jobs)?;
    if args.picture.is_some() && !jobs.iter().any(|job| is_video(&job.output)) {
        bail!("--picture is for videos: '{}' will be none", jobs[0].output.display());
    }
    if !args.in_place && !args.dry_run {
        args.overwrite.allow(jobs.iter().map(|job| job.output.as_path()))?;
    }
    if let Some(folder) = args.output.as_deref().filter(|_| goes_to_folder && !args.dry_run) {
        create_folders(folder, &jobs)?;
    }
    Ok(Plan { jobs, skipped })
}

/// A file, and its place below the folder that was named.
struct Input {
    path: PathBuf,
    relative: PathBuf,
}

/// What the names on the command line stand for.
#[derive(Default)]
struct Found {
    inputs: Vec<Input>,
    skipped: Vec<PathBuf>,
}

fn collect_inputs(args: &DenoiseArgs) -> Result<Found> {
    let mut found = Found::default();
    for path in &args.inputs {
        if !path.is_dir() {
            let name = if is_pipe(path) { Path::new("stdin.wav") } else { path.as_path() };
            let relative = name.file_name().map(PathBuf::from).unwrap_or_default();
            found.inputs.push(Input { path: path.clone(), relative });
            continue;
        }
        if !args.recursive {
            bail!("'{}' is a folder: name files in it, or add --recursive", path.display());
        }
        let first = found.inputs.len();
        collect_folder(path, Path::new(""), args.output.as_deref(), &mut found)?;
        if found.inputs.len() == first {
            bail!("'{}' holds no audio files: name a folder that does", path.display());
        }
    }
    Ok(found)
}

/// Adds the files of a folder in the order of their names; hidden ones, and a folder that is
/// written to, are left alone.
fn collect_folder(
    folder: &Path,
    relative: &Path,
    output: Option<&Path>,
    found: &mut Found,
) -> Result<()> {
    let advice = "check its permissions";
    let entries = std::fs::read_dir(folder)
        .map_err(|error| anyhow!("'{}' cannot be listed ({error}): {advice}", folder.display()))?;
    let mut names: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.file_name())).collect();
    names.sort();
    for name in names {
        let (path, relative) = (folder.join(&name), relative.join(&name));
        if name.to_string_lossy().starts_with('.') {
            continue;
        }
        if path.is_dir() {
            // A link to a folder could lead back up.
            let is_written_to = output.is_some_and(|output| is_same_file(output, &path));
            if !path.is_symlink() && !is_written_to {
                collect_folder(&path, &relative, output, found)?;
            }
        } else if has_readable_ending(&path) || is_video(&path) {
            found.inputs.push(Input { path, relative });
        } else {
            found.skipped.push(path);
        }
    }
    Ok(())
}

fn ends_with_separator(path: &Path) -> bool {
    path.to_string_lossy().ends_with(['/', std::path::MAIN_SEPARATOR])
}

fn in_place_target(input: &Path) -> Result<PathBuf> {
    if is_pipe(input) {
        bail!("standard input cannot be replaced: name an output with -o");
    }
    if !is_video(input) && FileKind::of_path(input).is_err() {
        bail!(
            "'{}' cannot be replaced, only .wav and .flac can be written: name an output with -o",
            input.display()
        );
    }
    Ok(input.to_owned())
}

fn folder_target(args: &DenoiseArgs, folder: &Path, relative: &Path) -> Result<PathBuf> {
    let output = folder.join(relative);
    if is_video(relative) && args.format.is_none() {
        return Ok(output);
    }
    let kind = args.format.or_else(|| FileKind::of_path(&output).ok());
    Ok(match (kind, FileKind::of_path(&output)) {
        (Some(wanted), Ok(named)) if wanted == named => output,
        (kind, _) => output.with_extension(kind.unwrap_or(FileKind::Wav).extension()),
    })
}

fn is_same_file(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

/// Two inputs must not write to one output, nor one to the input of another.
fn refuse_collisions(jobs: &[Job]) -> Result<()> {
    let mut owners: HashMap<&Path, &Path> = HashMap::new();
    for job in jobs.iter().filter(|job| !is_pipe(&job.output)) {
        if let Some(other) = owners.insert(&job.output, &job.input) {
            bail!(
                "'{}' and '{}' would both be written to '{}': rename one, or run twice",
                other.display(),
                job.input.display(),
                job.output.display()
            );
        }
    }
    Ok(())
}

fn create_folders(folder: &Path, jobs: &[Job]) -> Result<()> {
    let folders = jobs.iter().filter_map(|job| job.output.parent());
    for folder in std::iter::once(folder).chain(folders) {
        std::fs::create_dir_all(folder).map_err(|error| {
            anyhow!(
                "'{}' cannot be created ({error}): choose another folder or change its permissions",
                folder.display()
            )
        })?;
    }
    Ok(())
}

/// What `--dry-run` says; a file that cannot be opened fails here as it would later.
pub(super) fn print(jobs: &[Job], common: &Common) -> Result<()> {
    let is_replaced = |job: &Job| !common.args.in_place && job.output.is_file();
    let mut n_failed = 0;
    for job in jobs {
        if is_pipe(&job.input) {
            println!("standard input -> {}: noise {}", job.output.display(), common.noise.plan());
            continue;
        }
        match Reader::open(&job.input) {
            Ok(reader) => {
                let spec = reader.spec();
                let seconds =
                    reader.n_frames().map(|n| clock(n as f64 / f64::from(spec.sample_rate_hz)));
                println!(
                    "{} -> {}{}: {}, {} Hz, {} channel{}, {}; noise {}",
                    job.input.display(),
                    job.output.display(),
                    if is_replaced(job) { " (exists already)" } else { "" },
                    seconds.unwrap_or_else(|| "unknown length".into()),
                    spec.sample_rate_hz,
                    spec.n_channels,
                    if spec.n_channels == 1 { "" } else { "s" },
                    spec.format,
                    common.noise.plan()
                );
            }
            Err(error) => {
                eprintln!("quell: {error:#}");
                n_failed += 1;
            }
        }
    }
    if n_failed > 0 {
        bail!("{n_failed} of {} files cannot be read", jobs.len());
    }
    Ok(())
}

/// Length of all files together; nothing where one does not say.
pub(super) fn total_ms(jobs: &[Job]) -> Option<u64> {
    jobs.iter()
        .map(|job| {
            let reader = Reader::open_file(&job.input).ok()?;
            Some(reader.n_frames()? * 1000 / u64::from(reader.spec().sample_rate_hz.max(1)))
        })
        .sum()
}
