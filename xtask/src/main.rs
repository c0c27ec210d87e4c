//! The project's own commands: `cargo xtask <command>`.

mod book;
mod bundle;
mod dist;
mod install;
mod kernels;
mod ladspa;
mod needs;
mod picture;
mod places;
mod presets;
mod proof;
mod publish;
mod screenshots;
mod serve;
mod sounds;
mod steps;
mod test;
mod tidy;
mod validate;
mod web;

use anyhow::{Result, bail};

const USAGE: &str = "\
Usage: cargo xtask <command>

  bundle [--target TRIPLE]   build the release plugin and pack it as CLAP and VST3
  dist [--tag TAG]           packages for this system into target/dist, each installed and used once
  dist --windows             the same for Windows, on Linux, tried under wine
  dist --registry FOLDER     the entry for open-audio-stack of the packages in a folder
  install                    bundle, copy to your plugin folders, and prove it there by ear and eye
  uninstall                  take it away again
  test                       everything that must hold before a change is published
  test --training            the same of training/, with PyTorch in an environment of its own
  ladspa                     the LADSPA plugin in analyseplugin, ffmpeg and PipeWire: a part of test
  picture                    what ffmpeg's filters make of grain: the table in docs/picture.md
  tidy                       crate edges, `unsafe`, widths, lengths, invariants: a part of test
  screenshots [--update] [SCENE...]
                             the editor's pictures from a real host; --update for the README
  screenshots --gallery      every state in every size and look, and as other eyes see it
  validate [--clap-validator PATH] [--pluginval PATH] [--vst3-validator PATH] [--rounds N]
                             run outside validators on the bundle
  book                       the manual with its sounds, into target/web/manual
  web [--serve [PORT]] [--test [--minute]]
                             the page that denoises in a browser, into target/web
";

fn main() -> Result<()> {
    std::env::set_current_dir(places::root())?;
    let mut args = std::env::args().skip(1);
    let command = args.next();
    let rest: Vec<String> = args.collect();
    match command.as_deref() {
        Some("book") => book::run(&rest),
        Some("bundle") => bundle::run(&rest).map(|_| ()),
        Some("dist") => dist::run(&rest),
        Some("install") => install::run(&rest),
        Some("uninstall") => install::remove(&rest),
        Some("test") => test::run(&rest),
        Some("screenshots") => screenshots::run(&rest),
        Some("ladspa") => ladspa::run_alone(&rest),
        Some("picture") => picture::run(&rest),
        Some("tidy") => tidy::run(&rest),
        Some("validate") => validate::run(&rest),
        Some("web") => web::run(&rest),
        Some("help" | "--help" | "-h") => {
            print!("{USAGE}");
            Ok(())
        }
        Some(other) => bail!("there is no command '{other}'\n\n{USAGE}"),
        None => bail!("a command is missing\n\n{USAGE}"),
    }
}
