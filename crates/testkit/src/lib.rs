//! What tests and `xtask` share; never part of what users get. Whatever fails here panics, as in
//! the tests that use it.

pub mod allocator;
#[cfg(feature = "host")]
pub mod host;
#[cfg(feature = "host")]
pub mod presets;
pub mod signals;
pub mod stream;
