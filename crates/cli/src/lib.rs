//! Quell on the command line: the same denoiser as the plugin, for files and folders.

pub mod bench;
pub mod cli;
pub mod compare;
pub mod demo;
pub mod denoise;
pub mod interrupt;
pub mod learn;
pub mod material;
#[cfg(target_os = "linux")]
pub mod mic;
pub mod overwrite;
pub mod plot;
pub mod preset;
pub mod profile;
pub mod profile_file;
pub mod progress;
pub mod quiet;
pub mod setting_flags;
pub mod shell;
pub mod units;
