//! Figures that compare a sound with the clean one that it should be.

mod figures;
mod image;
mod meter;
mod recordings;
pub mod resample;
mod stoi;
mod waveform;

pub use figures::Figures;
pub use meter::{Levels, Meter};
pub use recordings::{Mismatch, compare};
