//! Why a picture cannot be drawn.

use std::fmt;
use std::path::PathBuf;

use quell_core::BuildError;
use quell_files::WriteError;

/// Why a picture could not be drawn or written.
#[derive(Debug)]
#[non_exhaustive]
pub enum PictureError {
    /// The ending of its name stands for no picture.
    Ending(PathBuf),
    /// The sound has a rate without a spectrogram.
    Rate(BuildError),
    /// Nothing can be drawn on so many pixels, width and height.
    Size(u32, u32),
    /// The pixels could not be made, for this reason.
    Render(String),
    /// It cannot be written.
    Write(WriteError),
}

impl PictureError {
    pub(super) fn render(error: impl fmt::Display) -> Self {
        Self::Render(error.to_string())
    }
}

impl From<BuildError> for PictureError {
    fn from(error: BuildError) -> Self {
        Self::Rate(error)
    }
}

impl From<WriteError> for PictureError {
    fn from(error: WriteError) -> Self {
        Self::Write(error)
    }
}

impl fmt::Display for PictureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ending(path) => {
                write!(f, "'{}' is no picture: end the name in .png or .svg", path.display())
            }
            Self::Rate(error) => write!(f, "{error}"),
            Self::Size(width, height) => write!(f, "no picture has {width} × {height} pixels"),
            Self::Render(reason) => write!(f, "the picture cannot be drawn: {reason}"),
            Self::Write(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for PictureError {}
