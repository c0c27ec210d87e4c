//! What a listener can set: the plugin's parameters, the command line's flags and saved states all
//! end up here.
//!
//! [`table`] holds a row for each setting, from which everything else is made; [`row`] says what a
//! row is, [`choice`] what the variants of a choice are, [`quantity`] how numbers are written.

pub mod choice;
mod declare;
pub mod quantity;
pub mod row;
pub mod table;

pub use choice::{Choice, Engine, Monitor, ProfileSource};
pub use quantity::{QuantityError, Unit};
pub use table::{Setting, Settings, TABLE};
