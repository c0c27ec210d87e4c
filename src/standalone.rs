//! Quell as a program of its own: sound from an input to an output, and the window.
//!
//! | where | what |
//! |---|---|
//! | [`args`] | what may be written behind its name |
//! | [`backend`] | what brings sound, as the rest sees it |
//! | [`player`] | the audio thread's end, and how boxes change hands |
//! | [`deck`] | plays a recording in the place of what comes in |
//! | [`shelf`] | the recordings that are open, as the window sees them |
//! | [`librarian`] | reads, learns from and writes recordings, on a thread of its own |
//! | [`host`] | starts, restarts and stops the sound |
//! | [`desk`] | what window and host tell each other |
//! | [`kept`] | the file that keeps print, settings and devices |
//! | [`duplex`] | from an input to an output that call at their own times |
//! | `sound` | the two ways to sound that there are (feature `standalone`) |
//! | `jack` | a JACK server (feature `standalone`) |
//! | `cpal` | the system's own sound (feature `standalone`) |
//! | `program` | arguments, threads, window, exit status (feature `standalone`) |
//! | [`edits`] | the window's way to the parameters |

pub mod args;
pub mod backend;
#[cfg(feature = "standalone")]
mod cpal;
pub mod deck;
pub mod desk;
pub mod duplex;
pub mod edits;
pub mod host;
#[cfg(feature = "standalone")]
mod jack;
pub mod kept;
pub mod librarian;
pub mod player;
#[cfg(feature = "standalone")]
pub mod program;
pub mod shelf;
#[cfg(feature = "standalone")]
mod sound;

#[cfg(test)]
mod tests;
