//! Files that appear only once they are whole.

use std::io::Write;
use std::path::Path;

use anyhow::{Result, anyhow, bail};
use tempfile::NamedTempFile;

/// A temporary file in the folder of the target, so that renaming it cannot fail half-way.
pub fn temporary_beside(path: &Path) -> Result<NamedTempFile> {
    let name = path.display();
    if path.is_dir() {
        bail!("'{name}' is a folder: name a file in it");
    }
    let is_read_only = path.metadata().is_ok_and(|metadata| metadata.permissions().readonly());
    if is_read_only {
        bail!("'{name}' is read-only: choose another name or change its permissions");
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        bail!("'{name}' cannot be written: create the folder '{}' first", folder.display());
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(".quell-").suffix(".part");
    #[cfg(unix)]
    {
        // What the user's umask allows, as for any other new file; what is replaced keeps its own.
        use std::os::unix::fs::PermissionsExt;
        let mode = path.metadata().map_or(0o666, |metadata| metadata.permissions().mode());
        builder.permissions(std::fs::Permissions::from_mode(mode));
    }
    builder.tempfile_in(folder).map_err(|error| write_error(path, error.into()))
}

/// Writes a small file in one go.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut temporary = temporary_beside(path)?;
    temporary.write_all(bytes).map_err(|error| write_error(path, error.into()))?;
    temporary.persist(path).map_err(|error| write_error(path, error.error.into()))?;
    Ok(())
}

/// Says what stands in the way of a file and what to do about it.
pub fn write_error(path: &Path, error: anyhow::Error) -> anyhow::Error {
    use std::io::ErrorKind;
    let name = path.display();
    let kind = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    match kind {
        Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge) => {
            anyhow!("'{name}' cannot be written: no space left; free some or choose another disk")
        }
        Some(ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) => anyhow!(
            "'{name}' cannot be written: the folder is read-only; choose another or change its \
             permissions"
        ),
        Some(ErrorKind::BrokenPipe) => {
            anyhow!("'{name}' was closed before everything was written: nobody reads the pipe")
        }
        _ => error.context(format!("'{name}' cannot be written")),
    }
}
