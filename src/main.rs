//! Quell as a program of its own (feature `standalone`).

fn main() -> std::process::ExitCode {
    quell::standalone::program::run(std::env::args().skip(1))
}
