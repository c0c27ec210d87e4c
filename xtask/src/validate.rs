//! `validate`: outside validators on the bundle. They are installed by whoever makes a release and
//! named by path; a named one that is missing or complains fails the command.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::steps::{Steps, sh};
use crate::{bundle, places};

/// How often pluginval runs where nothing else is said, and how often each run does all of its
/// tests, in another order each time: its faults are races, and what one test leaves to the next.
const DEFAULT_ROUNDS: u32 = 3;
const REPEATS: &str = "20";

#[derive(Default)]
struct Tools {
    clap_validator: Option<PathBuf>,
    pluginval: Option<PathBuf>,
    vst3_validator: Option<PathBuf>,
    n_rounds: u32,
}

pub(crate) fn run(args: &[String]) -> Result<()> {
    let tools = parse(args)?;
    let bundles = bundle::run(&[])?;
    let mut steps = Steps::default();
    if let Some(tool) = &tools.clap_validator {
        steps.run("clap-validator", || {
            sh(Command::new(tool).arg("validate").arg(places::clap_library(&bundles.clap)))
        });
    }
    if let Some(tool) = &tools.vst3_validator {
        steps.run("Steinberg's validator", || {
            let output = Command::new(tool).arg(&bundles.vst3).output()?;
            let text = String::from_utf8_lossy(&output.stdout);
            println!("{text}");
            ensure!(output.status.success(), "it ended with {}", output.status);
            // It counts tests only; a printed error is none of them.
            ensure!(!text.contains("ERROR"), "it printed an ERROR");
            Ok(())
        });
    }
    if let Some(tool) = &tools.pluginval {
        for round in 1..=tools.n_rounds {
            steps.run(&format!("pluginval, round {round}"), || {
                sh(Command::new(tool)
                    .args(["--strictness-level", "10", "--randomise", "--repeat", REPEATS])
                    .args(["--validate-in-process", "--validate"])
                    .arg(&bundles.vst3))
            });
        }
    }
    steps.close()
}

fn parse(args: &[String]) -> Result<Tools> {
    let mut tools = Tools { n_rounds: DEFAULT_ROUNDS, ..Tools::default() };
    let mut args = args.iter();
    while let Some(option) = args.next() {
        let value = args.next().with_context(|| format!("{option} needs a value"))?;
        let tool = match option.as_str() {
            "--clap-validator" => &mut tools.clap_validator,
            "--pluginval" => &mut tools.pluginval,
            "--vst3-validator" => &mut tools.vst3_validator,
            "--rounds" => {
                tools.n_rounds = value.parse().context("--rounds takes a number")?;
                continue;
            }
            _ => bail!("validate knows no option {option}"),
        };
        let path = PathBuf::from(value);
        ensure!(path.is_file(), "{option}: there is no file '{value}'");
        *tool = Some(std::path::absolute(path)?);
    }
    let is_any = tools.clap_validator.is_some()
        || tools.pluginval.is_some()
        || tools.vst3_validator.is_some();
    ensure!(is_any, "name at least one validator: --clap-validator, --pluginval, --vst3-validator");
    Ok(tools)
}
