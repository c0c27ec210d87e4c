//! What lies where an output goes is replaced only when somebody says so.

use std::io::{IsTerminal, Write};
use std::path::Path;

use anyhow::{Result, bail};
use clap::Args;

/// Whether files may be replaced.
#[derive(Args, Debug, Clone, Copy)]
pub struct Overwrite {
    /// Replace what is there without asking; in a script nothing is replaced otherwise
    #[arg(short, long)]
    force: bool,
}

impl Overwrite {
    /// Refuses outputs that exist already, unless they may be replaced or a person says so.
    pub fn allow<'a>(self, outputs: impl IntoIterator<Item = &'a Path>) -> Result<()> {
        if self.force {
            return Ok(());
        }
        // A device such as /dev/null is no file.
        let mut there = outputs.into_iter().filter(|path| path.is_file());
        let Some(first) = there.next() else { return Ok(()) };
        let (what, them) = match there.count() {
            0 => (format!("'{}' exists already", first.display()), "it"),
            n => (format!("'{}' and {n} more outputs exist already", first.display()), "them"),
        };
        if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
            bail!("{what}: choose another name, or add --force to replace {them}");
        }
        if !is_agreed(&format!("{what}. Replace {them}? [y/N] "))? {
            bail!("{what} and stayed as before");
        }
        Ok(())
    }
}

fn is_agreed(question: &str) -> Result<bool> {
    eprint!("{question}");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes" | "Yes"))
}
