//! Quell as a program of its own (feature `standalone`).

fn main() {
    nice_plug::prelude::nice_export_standalone::<quell::Quell>();
}
