//! Placeholder for the shell.
