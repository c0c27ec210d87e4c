#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

mod capture;
pub mod config;
pub mod curve;
mod denoiser;
mod engines;
mod follower;
mod geometry;
mod hum;
pub mod kernels;
mod level;
mod mask;
mod offline;
mod profile;
mod quiet;
mod recent;
mod ring;
mod room_tone;
pub mod settings;
mod silence;
pub mod slot;
mod smoothing;
pub mod stft;
pub mod unet;
mod verdict;

pub use capture::{CaptureProgress, CaptureRefusal, Captured};
pub use curve::{ThresholdCurve, ThresholdNode};
pub use denoiser::{Denoiser, FrameView, NoiseChange, StreamSpec, Tap};
pub use geometry::{BuildError, Geometry, LatencyMode};
pub use hum::Hum;
pub use offline::{
    AlignedStream, LearnError, NoiseLearner, Treatment, denoise, denoise_into, learn_noise,
};
pub use profile::{About, NoiseProfile, ProfileError};
pub use quiet::{NotNoise, QuietFinder, Stretch, accept_as_noise};
pub use settings::{Choice, Engine, Monitor, ProfileSource, Settings};
pub use verdict::Verdict;
