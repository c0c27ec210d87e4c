//! What is needed to judge a denoiser: test material, measures and pictures.

pub mod metrics;
pub mod mix;
pub mod picture;
pub mod profile;
pub mod synth;
