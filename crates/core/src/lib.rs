//! Quell's denoiser.
//!
//! The core knows no host, no screen and no file. `new` allocates, `reset` clears all state,
//! `process` never fails, allocates, locks or panics, whatever the samples are.
#![deny(unsafe_code)]

pub mod capture;
pub mod config;
pub mod curve;
pub mod denoiser;
mod follower;
pub mod gate;
pub mod geometry;
mod hum;
pub mod kernels;
mod level;
mod mask;
mod neural;
mod offline;
pub mod profile;
pub mod settings;
mod silence;
mod smoothing;
pub mod stft;
pub mod unet;

pub use capture::{CaptureRefusal, CaptureStatus, Verdict};
pub use curve::{ThresholdCurve, ThresholdNode};
pub use denoiser::{Denoiser, FrameView, StreamSpec, Tap};
pub use geometry::{BuildError, Geometry, LatencyMode};
pub use offline::{AlignedStream, Treatment, denoise_all};
pub use profile::{NoiseProfile, ProfileError};
pub use settings::{Engine, Monitor, ProfileSource, Settings};
