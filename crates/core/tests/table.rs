//! The table of settings: what its rows say is so.

use quell_core::settings::row::{Flag, Kind, Scope};
use quell_core::settings::table::place_of;
use quell_core::settings::{Setting, TABLE, Unit};
use quell_core::{Engine, LatencyMode, Settings};
use quell_testkit::signals::{hum, sine, white};
use quell_testkit::stream::{denoiser, learn, run};

#[test]
fn names_are_taken_once_and_every_help_is_a_sentence() {
    let mut taken = std::collections::BTreeSet::new();
    for row in TABLE {
        assert!(taken.insert(("id", row.id)), "two settings have the id '{}'", row.id);
        assert!(taken.insert(("name", row.name)), "two settings are called '{}'", row.name);
        if let Flag::Value(name) | Flag::Alone { name, .. } = row.flag {
            assert!(taken.insert(("flag", name)), "two settings have the flag '--{name}'");
        }
        assert!(row.help.ends_with('.'), "{}: {}", row.id, row.help);
        assert!(
            row.scope == Scope::Session || !matches!(row.flag, Flag::None),
            "the command line cannot set '{}'",
            row.id
        );
    }
    const MIX: usize = place_of("mix");
    assert_eq!(TABLE[MIX].id, "mix");
}

#[test]
fn what_hosts_offer_lies_inside_what_the_engine_can_work_with() {
    for row in TABLE {
        let Kind::Number(number) = row.kind else { continue };
        let (low, high) = row.limits().expect("a number has limits");
        assert!(low <= number.min && number.min < number.max && number.max <= high, "{}", row.id);
        assert!((number.min..=number.max).contains(&row.default_plain()), "{}", row.id);
    }
}

/// Every value that a setting can have: ends and default of a range, variants of a choice.
fn values_of(row: &Setting) -> Vec<f32> {
    match row.kind {
        Kind::Number(number) => vec![number.min, number.max, row.default_plain()],
        Kind::Switch => vec![0.0, 1.0],
        Kind::Choice(variants) => (0..variants.len).map(|idx| idx as f32).collect(),
    }
}

#[test]
fn a_setting_is_set_alone_and_its_own_text_is_read_back() {
    for (idx, row) in TABLE.iter().enumerate() {
        for plain in values_of(row) {
            let mut settings = Settings::default();
            row.set_plain(&mut settings, plain);
            assert_eq!(row.plain(&settings), plain, "{}", row.id);
            for (other_idx, other) in TABLE.iter().enumerate() {
                let is_default = other.plain(&settings) == other.default_plain();
                assert!(is_default || other_idx == idx, "{} moves {}", row.id, other.id);
            }
            let text = row.text(plain);
            let read = row.parse(&text).unwrap_or_else(|error| panic!("{}: {error}", row.id));
            assert_eq!(row.text(read), text, "{}", row.id);
        }
        assert!(row.parse("never").is_err(), "{}", row.id);
    }
}

#[test]
fn sanitising_brings_every_number_inside_its_limits_and_moves_nothing_else() {
    for row in TABLE {
        let sanitised = |plain: f32| {
            let mut settings = Settings::default();
            row.set_plain(&mut settings, plain);
            row.plain(&settings.sanitised())
        };
        match row.limits() {
            Some((low, high)) => {
                assert_eq!((sanitised(-1e9), sanitised(1e9)), (low, high), "{}", row.id);
                assert_eq!((sanitised(low), sanitised(high)), (low, high), "{}", row.id);
                for no_number in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                    assert_eq!(sanitised(no_number), row.default_plain(), "{}", row.id);
                }
            }
            None => values_of(row).iter().for_each(|&v| assert_eq!(sanitised(v), v, "{}", row.id)),
        }
    }
}

const RATE_HZ: f64 = 8_000.0;

/// Voice-like tones over hiss and hum, other on the second channel, and one that the highest node
/// is near.
fn scene(n: usize) -> [Vec<f32>; 2] {
    let mut rng = fastrand::Rng::with_seed(0x7ab1e);
    [(440.0, 1_500), (700.0, 2_350)].map(|(tone_hz, period)| {
        let (tone, hum) = (sine(RATE_HZ, tone_hz, n, 0.2), hum(RATE_HZ, 50.0, n, 0.05));
        let high = sine(RATE_HZ, 3_600.0, n, 0.02);
        let mut sound = white(&mut rng, n, 0.02);
        for (idx, sample) in sound.iter_mut().enumerate() {
            let is_on = idx / period % 2 == 1;
            *sample += hum[idx] + if is_on { tone[idx] + high[idx] } else { 0.0 };
        }
        sound
    })
}

/// The print is of hiss alone, so that there is something for every setting to do.
fn heard(settings: &Settings, mode: LatencyMode, scene: &[Vec<f32>; 2]) -> Vec<Vec<f32>> {
    let mut stream = denoiser(RATE_HZ, 2, mode);
    let noise = white(&mut fastrand::Rng::with_seed(7), 8_000, 0.02);
    learn(&mut stream, &noise);
    let mut channels = scene.to_vec();
    run(&mut stream, &mut channels, settings, || 512);
    channels
}

/// Settings with which every other one has something to do.
fn busy(engine: Engine) -> Settings {
    let mut settings =
        Settings { engine, reduction_db: -40.0, sensitivity: 2.0, ..Settings::default() };
    // Level nodes do not show where they stand.
    for (idx, node) in settings.curve.nodes.iter_mut().enumerate() {
        node.offset_db = 3.0 * idx as f32;
    }
    settings
}

/// Rows that can be heard while a stream runs with one print: captures are heard after them, the
/// latency after a restart, and the engine is what the others are tried with.
fn heard_rows() -> impl Iterator<Item = &'static Setting> {
    const NOT_HEARD: [&str; 6] = ["capture", "recent", "add", "slot", "latency", "engine"];
    TABLE.iter().filter(|row| !NOT_HEARD.contains(&row.id))
}

/// How far each of a row's values moves the sound, dB of the usual sound's power; the furthest.
fn change_db(
    row: &Setting,
    mode: LatencyMode,
    scene: &[Vec<f32>; 2],
    base: &Settings,
    usual: &[Vec<f32>],
) -> f64 {
    let power = |sound: &[Vec<f32>]| {
        sound.iter().flatten().map(|s| f64::from(*s) * f64::from(*s)).sum::<f64>()
    };
    let mut furthest = 0.0f64;
    for value in values_of(row).into_iter().filter(|&value| value != row.plain(base)) {
        let mut settings = *base;
        row.set_plain(&mut settings, value);
        let mut moved = heard(&settings, mode, scene);
        for (moved, usual) in moved.iter_mut().flatten().zip(usual.iter().flatten()) {
            *moved -= usual;
        }
        furthest = furthest.max(power(&moved));
    }
    10.0 * (furthest / power(usual)).log10()
}

#[test]
fn a_setting_is_heard_where_the_table_says_and_nowhere_else() {
    let scene = scene(2 * 8_000);
    for mode in LatencyMode::ALL {
        for engine in Engine::ALL {
            let base = busy(engine);
            let usual = heard(&base, mode, &scene);
            for row in heard_rows() {
                let is_heard = change_db(row, mode, &scene, &base, &usual) > f64::NEG_INFINITY;
                assert_eq!(
                    is_heard,
                    row.acts(engine, mode),
                    "{} with {engine:?}, {mode:?}",
                    row.id
                );
                assert_eq!(is_heard, row.idle_because(engine, mode, true).is_none());
            }
        }
    }
}

/// Without a print Hybrid is Neural, and what acts on its gate does nothing.
#[test]
fn hybrid_says_what_does_nothing_without_a_print() {
    let scene = scene(2 * 8_000);
    let heard = |settings: &Settings| {
        let mut stream = denoiser(RATE_HZ, 2, LatencyMode::Standard);
        let mut channels = scene.to_vec();
        run(&mut stream, &mut channels, settings, || 512);
        channels
    };
    let base = busy(Engine::Hybrid);
    assert!(heard(&base) == heard(&Settings { engine: Engine::Neural, ..base }));
    for id in ["freq_smooth", "artifact", "transient"] {
        let row = TABLE.iter().find(|row| row.id == id).unwrap();
        let mut other = base;
        row.set_plain(&mut other, 0.0);
        assert!(heard(&base) == heard(&other), "{id}");
        let why = row.idle_because(Engine::Hybrid, LatencyMode::Standard, false);
        assert_eq!(why.as_deref(), Some("With a print"), "{id}");
        assert_eq!(row.idle_because(Engine::Hybrid, LatencyMode::Standard, true), None, "{id}");
    }
}

#[test]
fn what_does_nothing_says_where_it_would() {
    const KNEE: usize = place_of("knee");
    const SMOOTHING: usize = place_of("freq_smooth");
    const TRANSIENTS: usize = place_of("transient");
    const TIME: usize = place_of("time_smooth");
    let why = |place: usize, engine, mode| TABLE[place].idle_because(engine, mode, true);
    let standard = LatencyMode::Standard;
    assert_eq!(why(KNEE, Engine::Gate, standard).as_deref(), Some("Classic only"));
    assert_eq!(why(SMOOTHING, Engine::Neural, standard).as_deref(), Some("Not with Neural"));
    let two = why(TRANSIENTS, Engine::Neural, standard);
    assert_eq!(two.as_deref(), Some("Gate and Hybrid only"));
    assert_eq!(why(TIME, Engine::Gate, standard).as_deref(), Some("Studio only"));
    assert_eq!(why(TIME, Engine::Classic, standard), None);
    assert_eq!(why(TIME, Engine::Gate, LatencyMode::Studio), None);
}

/// Prints the table of `docs/results.md`: how far a setting can move the sound at most.
#[test]
#[ignore = "prints a table of docs/results.md, which names the command"]
fn how_far_each_setting_moves_the_sound() {
    let scene = scene(4 * 8_000);
    println!("| | {} |", Engine::ALL.map(Engine::name).join(" | "));
    println!("|---|{}", "---|".repeat(Engine::ALL.len()));
    for row in heard_rows() {
        let cells = Engine::ALL.map(|engine| {
            let base = busy(engine);
            let dbs = LatencyMode::ALL.map(|mode| {
                let usual = heard(&base, mode, &scene);
                change_db(row, mode, &scene, &base, &usual)
            });
            dbs.map(|db| if db.is_finite() { format!("{db:.0}") } else { "–".to_owned() })
                .join(" / ")
        });
        println!("| {} | {} |", row.name, cells.join(" | ").replace('-', "\u{2212}"));
    }
}

/// The README's table, as the rows make it: one line for settings of one help.
fn readme_table() -> String {
    let mut lines =
        String::from("| control | range | default | what it does |\n|---|---|---|---|\n");
    let mut rest = TABLE;
    while let Some(first) = rest.first() {
        let n_alike = rest.iter().take_while(|row| row.help == first.help).count();
        let (alike, others) = rest.split_at(n_alike);
        let name = match n_alike {
            1 => first.name.to_owned(),
            n => first.name.replacen('1', &format!("1 to {n}"), 1),
        };
        let range = match first.kind {
            Kind::Number(number) if number.unit == Unit::Slot => {
                format!("{} to {}", number.unit.short(number.min), number.unit.short(number.max))
            }
            Kind::Number(number) => {
                format!("{} to {}", number.min, number.unit.short(number.max))
            }
            Kind::Switch => "on, off".to_owned(),
            Kind::Choice(variants) => {
                variants.iter().map(|variant| variant.name).collect::<Vec<_>>().join(", ")
            }
        };
        let mut defaults: Vec<_> = alike.iter().map(Setting::default_text).collect();
        defaults.dedup();
        let [range, default] =
            [range, defaults.join(", ")].map(|cell| cell.replace('-', "\u{2212}"));
        lines += &format!("| {name} | {range} | {default} | {} |\n", first.explained());
        rest = others;
    }
    lines
}

#[test]
fn the_readmes_table_of_controls_is_this_one() {
    let readme = include_str!("../../../README.md");
    let ours = readme_table();
    let start = readme.find("| control |").expect("a table of controls");
    let theirs: String = readme[start..]
        .lines()
        .take_while(|line| line.starts_with('|'))
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(theirs == ours, "the README should hold this table:\n{ours}");
}
