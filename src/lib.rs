//! Quell as a plugin: the shell between hosts and [`quell_core`]. No signal processing happens
//! here but what is done for ears alone.
//!
//! ```text
//! host ── clap_shell ──┐                      ┌── editor
//!                      ├── nice-plug ── Quell ┤
//! host ── vst3_shell ──┘                      └── quell_core::Denoiser
//! ```
//!
//! The two shells stand in front of the framework's wrappers and own what must be exact: saved
//! state, latency and restarts, and in VST3 the parameters (`vst3_shell` says why).
//!
//! | where | what |
//! |---|---|
//! | [`plugin`] | an instance: a stream of the denoiser, fed by the framework |
//! | [`params`] | the table of settings as parameters |
//! | [`state`], [`session`] | what a project keeps of an instance |
//! | [`bridge`], [`feed`] | to and from the audio thread, without locks |
//! | [`grip`] | from the window's corner to the host |
//! | [`shared`] | what the above have in common for one instance |
//! | [`editor`] | the window |
//! | [`clap_shell`], [`vst3_shell`] | between hosts and the framework |
//! | [`ears`] | what is done only for one who listens: the same loudness, a band alone |
//! | [`standalone`] | a program of its own, without a host |

pub mod bridge;
pub mod clap_shell;
pub mod columns;
pub mod ears;
pub mod editor;
pub mod feed;
pub mod grip;
pub mod params;
pub mod plugin;
pub mod session;
pub mod shared;
pub mod standalone;
pub mod state;
pub mod vst3_shell;

pub use plugin::Quell;
pub use shared::Shared;
