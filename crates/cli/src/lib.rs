//! Quell on the command line: the same denoiser as the plugin, for files and folders.
//!
//! The library half holds everything that other programs of the workspace use: reading and writing
//! audio files and drawing spectrograms.

pub mod audio;
pub mod cli;
pub mod denoise;
pub mod files;
pub mod learn;
pub mod picture;
pub mod setting_flags;
pub mod units;
