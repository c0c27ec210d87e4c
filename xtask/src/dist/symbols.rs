//! What a library wants of the system that loads it: no GLIBC newer than promised, and no library
//! that a machine without a screen may lack.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// GLIBC's own parts. X and OpenGL are looked for only when a window opens.
const LIBRARIES: [&str; 7] = [
    "libc.so.6",
    "libm.so.6",
    "libdl.so.2",
    "libpthread.so.0",
    "librt.so.1",
    "ld-linux-x86-64.so.2",
    "ld-linux-aarch64.so.1",
];

/// An error where the file wants more than GLIBC of this version and these libraries.
pub(super) fn check(file: &Path, oldest: (u32, u32), others: &[&str]) -> Result<()> {
    let output = Command::new("objdump").arg("-p").arg(file).output()?;
    ensure!(output.status.success(), "objdump cannot read '{}'", file.display());
    let newest = newest_glibc(&String::from_utf8_lossy(&output.stdout), oldest, others)
        .with_context(|| format!("'{}'", file.display()))?;
    println!("{} wants GLIBC {}.{}", file.display(), newest.0, newest.1);
    Ok(())
}

/// The newest GLIBC that a table of objdump's names.
fn newest_glibc(table: &str, oldest: (u32, u32), others: &[&str]) -> Result<(u32, u32)> {
    let mut newest = None;
    for line in table.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let ["NEEDED", library] = words[..] {
            let is_known = LIBRARIES.contains(&library) || others.contains(&library);
            ensure!(is_known, "it links {library}");
        }
        let Some(name) = words.last().and_then(|word| word.strip_prefix("GLIBC_")) else {
            continue;
        };
        let version = version_of(name).with_context(|| format!("it wants GLIBC_{name}"))?;
        ensure!(version <= oldest, "it wants GLIBC {name}, newer than {}.{}", oldest.0, oldest.1);
        newest = newest.max(Some(version));
    }
    newest.context("it names no GLIBC: objdump's table is not what it was")
}

/// Major and minor; what follows, as in 2.2.5, is older than any that matters.
fn version_of(name: &str) -> Option<(u32, u32)> {
    let mut parts = name.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "
  NEEDED               libc.so.6
Version References:
  required from libc.so.6:
    0x09691a75 0x00 05 GLIBC_2.2.5
    0x069691b0 0x00 10 GLIBC_2.30
";

    #[test]
    fn the_newest_version_counts() {
        assert_eq!(newest_glibc(TABLE, (2, 31), &[]).unwrap(), (2, 30));
        assert!(newest_glibc(TABLE, (2, 30), &[]).is_ok());
        let error = newest_glibc(TABLE, (2, 29), &[]).unwrap_err().to_string();
        assert!(error.contains("2.30, newer than 2.29"), "{error}");
    }

    #[test]
    fn what_cannot_be_read_or_is_not_everywhere_is_an_error() {
        assert!(newest_glibc("", (2, 31), &[]).is_err());
        assert!(newest_glibc(&TABLE.replace("2.30", "PRIVATE"), (2, 31), &[]).is_err());
        assert!(
            newest_glibc(&TABLE.replace("libc.so.6\nV", "libX11.so.6\nV"), (2, 31), &[]).is_err()
        );
        let alsa = TABLE.replace("libc.so.6\nV", "libasound.so.2\nV");
        assert!(newest_glibc(&alsa, (2, 31), &[]).is_err());
        assert!(newest_glibc(&alsa, (2, 31), &["libasound.so.2"]).is_ok());
    }
}
