//! Files that the plugin and the command line share, as JSON values; who calls reads and writes.

pub mod noise_profile;
pub mod sox;
