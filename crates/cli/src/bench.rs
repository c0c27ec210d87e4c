//! `quell bench`: what the engine costs on this machine.

use anyhow::Result;
use clap::Args;
use quell_audio::interrupt;
use quell_core::kernels::{Kernel, Level};
use quell_core::{Choice, Engine, LatencyMode, Settings, StreamSpec};
use quell_cost::{learned_stream, time_calls};
use serde_json::json;

const RATES_HZ: [u32; 6] = [16_000, 44_100, 48_000, 88_200, 96_000, 192_000];
const BLOCK_LENS: [usize; 5] = [32, 64, 128, 256, 1024];
/// Block of the table over rates.
const COMMON_BLOCK_LEN: usize = 256;

/// Measure what the engine costs on this machine
#[derive(Args, Debug)]
pub struct BenchArgs {
    /// Seconds of sound per measurement
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Channels
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    channels: u16,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Block of the table over kernels.
const SHORT_BLOCK_LEN: usize = 64;

/// Cost of one way to run the engine.
struct Cost {
    engine: Engine,
    /// What the network runs on.
    kernel: Level,
    mode: LatencyMode,
    rate_hz: u32,
    block_len: usize,
    /// Share of a core while running in real time, %.
    core_percent: f64,
    /// Time of a call, µs: half of all are faster, 99 %, and the worst.
    p50_us: f64,
    p99_us: f64,
    max_us: f64,
    /// Time in which a block must be done, µs.
    budget_us: f64,
}

/// Runs `quell bench`.
pub fn run(args: &BenchArgs) -> Result<()> {
    let n_channels = usize::from(args.channels);
    let seconds = args.seconds.clamp(0.1, 600.0);
    let by_rate = RATES_HZ.map(|rate_hz| (rate_hz, COMMON_BLOCK_LEN));
    let by_block = BLOCK_LENS.map(|block_len| (48_000, block_len));
    let tables = [every_way(&by_rate), every_way(&by_block), by_kernel()];
    let tables = tables.map(|cases: Vec<Case>| {
        cases.into_iter().map(|case| measure(case, n_channels, seconds)).collect::<Result<Vec<_>>>()
    });
    let tables = tables.into_iter().collect::<Result<Vec<_>>>()?;
    if args.json {
        let rows: serde_json::Value = tables.iter().flatten().map(to_json).collect();
        println!("{:#}", json!({ "channels": n_channels, "seconds": seconds, "runs": rows }));
        return Ok(());
    }
    println!("{n_channels} channel(s), {seconds} s each; one core of this machine\n");
    for rows in tables {
        print_table(&rows);
    }
    Ok(())
}

/// Engine, kernel of its network, mode, rate and block.
type Case = (Engine, Kernel, (LatencyMode, (u32, usize)));

/// Every engine in every mode.
fn every_way(cases: &[(u32, usize)]) -> Vec<Case> {
    let engines = Engine::ALL.into_iter();
    let ways = engines.flat_map(|engine| LatencyMode::ALL.map(|mode| (engine, mode)));
    ways.flat_map(|(engine, mode)| {
        cases.iter().map(move |case| (engine, Kernel::best(), (mode, *case)))
    })
    .collect()
}

/// The engines with a network on every kernel that this processor has.
fn by_kernel() -> Vec<Case> {
    let case = (LatencyMode::default(), (48_000, SHORT_BLOCK_LEN));
    let engines = Engine::ALL.into_iter().filter(|engine| engine.uses_network());
    engines
        .flat_map(|engine| {
            Level::ALL.into_iter().filter_map(Kernel::new).map(move |k| (engine, k, case))
        })
        .collect()
}

/// Runs the engine over noise with a captured profile, as a host would, and times every call.
fn measure(case: Case, n_channels: usize, seconds: f64) -> Result<Cost> {
    interrupt::check()?;
    let (engine, kernel, (mode, (rate_hz, block_len))) = case;
    let sample_rate_hz = f64::from(rate_hz);
    let spec = StreamSpec { sample_rate_hz, n_channels, n_noise_channels: 0, mode };
    let mut stream = learned_stream(spec, kernel)?;
    let settings = Settings { engine, ..Settings::default() };
    let times = time_calls(&mut stream, &settings, seconds, block_len);
    Ok(Cost {
        engine,
        kernel: kernel.level(),
        mode,
        rate_hz,
        block_len,
        core_percent: times.core_percent(),
        p50_us: times.within_us(0.5),
        p99_us: times.within_us(0.99),
        max_us: times.within_us(1.0),
        budget_us: block_len as f64 / sample_rate_hz * 1e6,
    })
}

/// What the network runs on, where there is one.
fn kernel_name(cost: &Cost) -> Option<String> {
    cost.engine.uses_network().then(|| format!("{:?}", cost.kernel).to_lowercase())
}

fn to_json(cost: &Cost) -> serde_json::Value {
    json!({
        "engine": cost.engine.id(), "kernel": kernel_name(cost),
        "mode": cost.mode.id(), "rate_hz": cost.rate_hz,
        "block": cost.block_len, "core_percent": cost.core_percent, "p50_us": cost.p50_us,
        "p99_us": cost.p99_us, "max_us": cost.max_us, "budget_us": cost.budget_us,
    })
}

fn print_table(rows: &[Cost]) {
    println!(
        "{:>8} {:>8} {:>8} {:>8} {:>6} {:>8} {:>10} {:>9} {:>9} {:>9} {:>10}",
        "engine",
        "network",
        "mode",
        "rate Hz",
        "block",
        "core %",
        "x realtime",
        "p50 us",
        "p99 us",
        "max us",
        "budget us"
    );
    for cost in rows {
        println!(
            "{:>8} {:>8} {:>8} {:>8} {:>6} {:>8.3} {:>10.0} {:>9.1} {:>9.1} {:>9.1} {:>10.0}",
            cost.engine.id(),
            kernel_name(cost).as_deref().unwrap_or("-"),
            cost.mode.id(),
            cost.rate_hz,
            cost.block_len,
            cost.core_percent,
            100.0 / cost.core_percent.max(1e-9),
            cost.p50_us,
            cost.p99_us,
            cost.max_us,
            cost.budget_us
        );
    }
    println!();
}
