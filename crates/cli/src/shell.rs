//! `quell completions` and `quell man`: what shells and `man` know of the program.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use clap::{Args, Command};
use clap_complete::Shell;

use quell_files::write_whole;

/// Print completions for a shell
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  quell completions bash > ~/.local/share/bash-completion/completions/quell
  quell completions zsh > ~/.zfunc/_quell
  quell completions fish > ~/.config/fish/completions/quell.fish")]
pub struct CompletionsArgs {
    /// bash, elvish, fish, powershell or zsh
    shell: Shell,
}

/// Runs `quell completions`.
pub fn run_completions(args: &CompletionsArgs, command: &mut Command) -> Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, command, "quell", &mut text);
    std::io::stdout().write_all(&text).context("standard output was closed")
}

/// Print the manual page, or write one per command
#[derive(Args, Debug)]
pub struct ManArgs {
    /// Folder that takes a page per command, e.g. ~/.local/share/man/man1
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// Runs `quell man`.
pub fn run_man(args: &ManArgs, command: Command) -> Result<()> {
    let Some(folder) = &args.output else {
        let page = render(command)?;
        return std::io::stdout().write_all(&page).context("standard output was closed");
    };
    std::fs::create_dir_all(folder)
        .map_err(|error| anyhow!("'{}' cannot be created ({error})", folder.display()))?;
    for sub in command.get_subcommands() {
        let name = format!("quell-{}", sub.get_name());
        // A page's name is made from the command's, which must live as long as the program.
        let page = render(sub.clone().name(name.clone().leak() as &'static str))?;
        write_whole(&folder.join(format!("{name}.1")), &page)?;
    }
    Ok(write_whole(&folder.join("quell.1"), &render(command)?)?)
}

fn render(command: Command) -> Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    Ok(page)
}
