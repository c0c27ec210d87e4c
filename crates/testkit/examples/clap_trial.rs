//! Loads the CLAP plugin of this path and has it take noise away: for systems on which the project
//! is not built, as its programs for Windows under wine.

use clack_host::entry::PluginEntry;
use quell_testkit::host::Rig;
use quell_testkit::signals::{rms_db, seeded, white};

const RATE_HZ: usize = 48_000;
const BLOCK: usize = 512;
/// Less than this, and it does not work, dB.
const LEAST_DROP_DB: f64 = 6.0;

fn main() {
    let path = std::env::args_os().nth(1).expect("the path of a CLAP plugin");
    // SAFETY: whoever calls this trusts the plugin.
    let entry = unsafe { PluginEntry::load(path) }.expect("the plugin loads");
    let mut rig = Rig::new(&entry);
    rig.activate(RATE_HZ as f64, BLOCK);
    // Two channels that differ; without a print the noise is followed.
    let mut random = seeded(1);
    let noise = [(); 2].map(|()| white(&mut random, 3 * RATE_HZ, 0.02));
    let output = rig.play(&noise, &[]);
    for (before, after) in noise.iter().zip(&output) {
        let [before_db, after_db] = [before, after].map(|sound| rms_db(&sound[2 * RATE_HZ..]));
        println!("noise {before_db:.1} dBFS -> {after_db:.1} dBFS, {} samples late", rig.latency());
        assert!(before_db - after_db >= LEAST_DROP_DB, "the noise is still there");
    }
}
