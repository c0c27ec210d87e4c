//! Files that the plugin and the command line share; who calls reads and writes.

mod about;
pub mod noise_profile;
pub mod presets;
pub mod sox;
pub mod state;
pub mod vst3_preset;
