//! Signatures, where somebody who may sign says how.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::steps::sh;

/// Holds the command that signs, without the file, which comes last.
const VARIABLE: &str = "QUELL_SIGN";

/// Signs the files, or says that they are not signed.
pub(super) fn all(files: &[&Path]) -> Result<()> {
    let line = std::env::var(VARIABLE).unwrap_or_default();
    if line.trim().is_empty() {
        println!("not signed: {VARIABLE} names no command");
        return Ok(());
    }
    files.iter().try_for_each(|file| sign(&line, file))
}

fn sign(line: &str, file: &Path) -> Result<()> {
    let mut words = line.split_whitespace();
    let program = words.next().with_context(|| format!("{VARIABLE} is empty"))?;
    sh(Command::new(program).args(words).arg(file))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_file_comes_last_and_a_refusal_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("signed");
        sign("touch -c -a", &file).unwrap();
        assert!(!file.exists());
        sign("touch", &file).unwrap();
        assert!(file.exists());
        assert!(sign("false", &file).is_err());
        assert!(sign(" ", &file).is_err());
    }
}
