//! Files that appear only once they are whole: written beside their place and renamed at the end.

use std::fmt;
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Beginning of the names of what is not whole yet.
pub const DRAFT_PREFIX: &str = ".quell-";

/// A file being written; dropped before [`Self::finish`] it leaves nothing behind.
#[derive(Debug)]
pub struct Draft {
    path: PathBuf,
    file: NamedTempFile,
}

impl Draft {
    /// Starts a file in the folder of the target, so that renaming it cannot fail half-way.
    pub fn beside(path: &Path) -> Result<Self, WriteError> {
        if path.is_dir() {
            return Err(WriteError::new(path, WriteFault::IsFolder));
        }
        let is_read_only = path.metadata().is_ok_and(|metadata| metadata.permissions().readonly());
        if is_read_only {
            return Err(WriteError::new(path, WriteFault::IsReadOnly));
        }
        let folder = folder_of(path);
        if !folder.is_dir() {
            return Err(WriteError::new(path, WriteFault::NoFolder(folder.to_owned())));
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(DRAFT_PREFIX).suffix(".part");
        #[cfg(unix)]
        {
            // What the user's umask allows, as for any other new file; what is replaced keeps its
            // own.
            use std::os::unix::fs::PermissionsExt;
            let mode = path.metadata().map_or(0o666, |metadata| metadata.permissions().mode());
            builder.permissions(std::fs::Permissions::from_mode(mode));
        }
        let file = builder.tempfile_in(folder).map_err(|error| WriteError::of_io(path, error))?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Gives the file its name, in place of what may have been there.
    pub fn finish(self) -> Result<(), WriteError> {
        let Self { path, file } = self;
        file.persist(&path).map_err(|error| WriteError::of_io(&path, error.error))?;
        Ok(())
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Draft {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// Writes a small file in one go.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let mut draft = Draft::beside(path)?;
    draft.write_all(bytes).map_err(|error| WriteError::of_io(path, error))?;
    draft.finish()
}

/// The folder that a path lies in.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Why a file could not be written.
#[derive(Debug)]
pub struct WriteError {
    /// The file, or what stands for it (`standard output`).
    pub path: PathBuf,
    /// What stands in its way.
    pub fault: WriteFault,
}

/// What stands in the way of a file.
#[derive(Debug)]
#[non_exhaustive]
pub enum WriteFault {
    /// A folder has its name.
    IsFolder,
    /// A file has its name and may not be changed.
    IsReadOnly,
    /// There is no folder for it.
    NoFolder(PathBuf),
    /// The disk is full, or what the user may take of it.
    NoSpace,
    /// Its folder may not be changed.
    FolderIsReadOnly,
    /// It is a pipe whose reader has gone.
    NobodyReads,
    /// Anything else.
    Io(io::Error),
}

impl WriteError {
    /// A fault with the name of the file.
    pub fn new(path: &Path, fault: WriteFault) -> Self {
        Self { path: path.to_owned(), fault }
    }

    /// What the system says, told apart as far as advice differs.
    pub fn of_io(path: &Path, error: io::Error) -> Self {
        let fault = match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                WriteFault::NoSpace
            }
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                WriteFault::FolderIsReadOnly
            }
            ErrorKind::BrokenPipe => WriteFault::NobodyReads,
            _ => WriteFault::Io(error),
        };
        Self::new(path, fault)
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.path.display();
        match &self.fault {
            WriteFault::IsFolder => write!(f, "'{name}' is a folder: name a file in it"),
            WriteFault::IsReadOnly => {
                write!(f, "'{name}' is read-only: choose another name or change its permissions")
            }
            WriteFault::NoFolder(folder) => write!(
                f,
                "'{name}' cannot be written: create the folder '{}' first",
                folder.display()
            ),
            WriteFault::NoSpace => write!(
                f,
                "'{name}' cannot be written: no space left; free some or choose another disk"
            ),
            WriteFault::FolderIsReadOnly => write!(
                f,
                "'{name}' cannot be written: the folder is read-only; choose another or change \
                 its permissions"
            ),
            WriteFault::NobodyReads => write!(
                f,
                "'{name}' was closed before everything was written: nobody reads the pipe"
            ),
            WriteFault::Io(error) => {
                write!(f, "'{name}' cannot be written ({error}): choose another place")
            }
        }
    }
}

impl std::error::Error for WriteError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_in(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_draft_is_nothing_until_it_is_finished() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.txt");
        std::fs::write(&path, "old").unwrap();
        let mut draft = Draft::beside(&path).unwrap();
        draft.write_all(b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        drop(draft);
        assert_eq!(names_in(folder.path()), ["x.txt"]);
        write_whole(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(names_in(folder.path()), ["x.txt"]);
    }

    #[test]
    fn what_stands_in_the_way_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = write_whole(folder.path(), b"").unwrap_err();
        assert!(matches!(error.fault, WriteFault::IsFolder), "{error}");
        let error = write_whole(&folder.path().join("no/x.txt"), b"").unwrap_err();
        assert!(matches!(&error.fault, WriteFault::NoFolder(f) if f.ends_with("no")), "{error}");
        let path = folder.path().join("x.txt");
        std::fs::write(&path, "kept").unwrap();
        let mut permissions = path.metadata().unwrap().permissions();
        permissions.set_readonly(true);
        std::fs::set_permissions(&path, permissions).unwrap();
        let error = write_whole(&path, b"").unwrap_err();
        assert!(matches!(error.fault, WriteFault::IsReadOnly), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"kept");
    }

    #[test]
    fn what_the_system_says_becomes_advice() {
        for (kind, part) in [
            (ErrorKind::StorageFull, "no space left"),
            (ErrorKind::PermissionDenied, "read-only"),
            (ErrorKind::BrokenPipe, "nobody reads"),
            (ErrorKind::TimedOut, "choose another place"),
        ] {
            let text = WriteError::of_io(Path::new("x.wav"), kind.into()).to_string();
            assert!(text.contains("'x.wav'") && text.contains(part), "{text}");
        }
    }
}
