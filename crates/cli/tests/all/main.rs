//! Everything that the program promises, in one binary so that it is linked once.

mod commands;
mod common;
mod denoise;
mod quiet;
