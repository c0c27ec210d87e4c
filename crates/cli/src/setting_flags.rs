//! One flag for every setting of the engine, from one table.
//!
//! Defaults and ranges are asked of the core, so that the two can never disagree.

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use quell_core::curve::N_NODES;
use quell_core::{
    Engine, LatencyMode, Monitor, ProfileSource, Settings, ThresholdCurve, ThresholdNode,
};

use crate::units::parse_quantity;

/// A setting that is a number.
pub(crate) struct NumberFlag {
    long: &'static str,
    /// Id of the plugin's parameter, which has the same unit.
    pub(crate) param_id: &'static str,
    /// Unit of the flag; the setting itself holds `value / per_unit`.
    unit: &'static str,
    per_unit: f32,
    help: &'static str,
    field: fn(&mut Settings) -> &mut f32,
}

pub(crate) const NUMBER_FLAGS: &[NumberFlag] = &[
    NumberFlag {
        long: "reduction",
        param_id: "reduction",
        unit: "%",
        per_unit: 100.0,
        help: "Share of the noise to take away",
        field: |s| &mut s.reduction,
    },
    NumberFlag {
        long: "sensitivity",
        param_id: "sensitivity",
        unit: "",
        per_unit: 1.0,
        help: "How far above the noise a sound must be to be kept, in standard deviations of the \
               noise; higher takes away more",
        field: |s| &mut s.sensitivity,
    },
    NumberFlag {
        long: "floor",
        param_id: "floor",
        unit: "dB",
        per_unit: 1.0,
        help: "No frequency is ever turned down further than this",
        field: |s| &mut s.floor_db,
    },
    NumberFlag {
        long: "knee",
        param_id: "knee",
        unit: "dB",
        per_unit: 1.0,
        help: "Classic engine: width of the transition from noise to signal; 0 is a hard gate",
        field: |s| &mut s.knee_db,
    },
    NumberFlag {
        long: "freq-smoothing",
        param_id: "freq_smooth",
        unit: "Hz",
        per_unit: 1.0,
        help: "Neighbourhood that a frequency is judged with; wider means less warbling, less detail; the \
               neural engine judges all of them at once and does without",
        field: |s| &mut s.freq_smoothing_hz,
    },
    NumberFlag {
        long: "time-smoothing",
        param_id: "time_smooth",
        unit: "ms",
        per_unit: 1.0,
        help: "How far a frequency looks back and ahead in studio mode; the classic engine's release \
               time in the others",
        field: |s| &mut s.time_smoothing_ms,
    },
    NumberFlag {
        long: "attack",
        param_id: "attack",
        unit: "ms",
        per_unit: 1.0,
        help: "Time in which a frequency opens",
        field: |s| &mut s.attack_ms,
    },
    NumberFlag {
        long: "release",
        param_id: "release",
        unit: "ms",
        per_unit: 1.0,
        help: "Time in which a frequency closes",
        field: |s| &mut s.release_ms,
    },
    NumberFlag {
        long: "artifact-control",
        param_id: "artifact",
        unit: "%",
        per_unit: 100.0,
        help: "Gate and hybrid engine: keeps what remains of the noise from twinkling",
        field: |s| &mut s.artifact_control,
    },
    NumberFlag {
        long: "transient-protection",
        param_id: "transient",
        unit: "%",
        per_unit: 100.0,
        help: "Gate and hybrid engine: opens faster where sound begins",
        field: |s| &mut s.transient_protection,
    },
    NumberFlag {
        long: "mix",
        param_id: "mix",
        unit: "%",
        per_unit: 100.0,
        help: "Share of the processed signal in the output",
        field: |s| &mut s.mix,
    },
    NumberFlag {
        long: "output-gain",
        param_id: "gain",
        unit: "dB",
        per_unit: 1.0,
        help: "Gain of the output",
        field: |s| &mut s.output_gain_db,
    },
];

impl NumberFlag {
    fn get(&self, settings: &Settings) -> f32 {
        *(self.field)(&mut settings.clone()) * self.per_unit
    }

    pub(crate) fn set(&self, settings: &mut Settings, value: f32) {
        *(self.field)(settings) = value / self.per_unit;
    }

    /// An engine's default, rounded to what the flag would print: 90, not 89.99999.
    fn default_of(&self, engine: Engine) -> f32 {
        let mut settings = Settings::default();
        settings.choose_engine(engine);
        (self.get(&settings) * 1000.0).round() / 1000.0
    }

    /// The default as help tells it, with that of the engines with a network where it is another.
    fn default_text(&self) -> String {
        let space = if self.unit.is_empty() { "" } else { " " };
        let text = |engine| format!("{}{space}{}", self.default_of(engine), self.unit);
        let [usual, network] = [Engine::default(), Engine::Neural].map(text);
        if usual == network { usual } else { format!("{usual}; with a network {network}") }
    }

    /// The range that the engine accepts, found by asking it for too little and too much.
    fn range(&self) -> (f32, f32) {
        let clamped = |value: f32| {
            let mut settings = Settings::default();
            self.set(&mut settings, value);
            self.get(&settings.sanitised())
        };
        (clamped(-1e9), clamped(1e9))
    }

    fn parse(&self, text: &str) -> Result<f32, String> {
        let value = parse_quantity(text, self.unit)?;
        let (low, high) = self.range();
        if (low..=high).contains(&value) {
            return Ok(value);
        }
        let space = if self.unit.is_empty() { "" } else { " " };
        Err(format!("expected {low} to {high}{space}{}", self.unit))
    }

    fn arg(&'static self) -> Arg {
        let help = format!("{} [default: {}]", self.help, self.default_text());
        Arg::new(self.long)
            .long(self.long)
            .value_name(if self.unit.is_empty() { "NUMBER" } else { self.unit })
            .help(help)
            .help_heading("Sound")
            .allow_hyphen_values(true)
            .value_parser(ValueParser::from(move |text: &str| self.parse(text)))
    }
}

/// What the flags of the `Sound` section say.
#[derive(Clone, Debug)]
pub struct SettingFlags {
    /// Values of the number flags that were given, by position in the table.
    numbers: Vec<(usize, f32)>,
    mode: Option<LatencyMode>,
    engine: Option<Engine>,
    curve: Option<ThresholdCurve>,
    is_removed: bool,
    is_unlinked: bool,
    is_adaptive: bool,
    keeps_hum: bool,
}

impl SettingFlags {
    /// Puts the flags that were given over `base`.
    pub fn apply(&self, base: Settings) -> Settings {
        let mut settings = base;
        if let Some(engine) = self.engine {
            settings.choose_engine(engine);
        }
        for &(idx, value) in &self.numbers {
            NUMBER_FLAGS[idx].set(&mut settings, value);
        }
        if let Some(curve) = self.curve {
            settings.curve = curve;
        }
        if self.is_removed {
            settings.monitor = Monitor::Removed;
        }
        if self.is_unlinked {
            settings.stereo_link = false;
        }
        if self.keeps_hum {
            settings.remove_hum = false;
        }
        if self.is_adaptive {
            settings.profile_source = ProfileSource::Adaptive;
        }
        settings
    }

    /// The latency mode, if one was given.
    pub fn mode(&self) -> Option<LatencyMode> {
        self.mode
    }

    /// True where the noise is to be followed instead of learned.
    pub fn is_adaptive(&self) -> bool {
        self.is_adaptive
    }
}

/// Name of a latency mode on the command line and in reports.
pub fn mode_name(mode: LatencyMode) -> &'static str {
    match mode {
        LatencyMode::Live => "live",
        LatencyMode::Standard => "standard",
        LatencyMode::Studio => "studio",
    }
}

/// Name of an engine on the command line and in reports.
pub fn engine_name(engine: Engine) -> &'static str {
    match engine {
        Engine::Gate => "gate",
        Engine::Classic => "classic",
        Engine::Neural => "neural",
        Engine::Hybrid => "hybrid",
    }
}

fn parse_engine(text: &str) -> Result<Engine, String> {
    let wanted = text.to_ascii_lowercase();
    let found = Engine::ALL.into_iter().find(|&engine| engine_name(engine) == wanted);
    found.ok_or_else(|| "expected gate, classic, neural or hybrid".into())
}

/// All settings under the names of their flags, in the units of their flags.
pub fn settings_json(settings: &Settings) -> serde_json::Value {
    let mut values = serde_json::Map::new();
    for flag in NUMBER_FLAGS {
        let value = (f64::from(flag.get(settings)) * 1000.0).round() / 1000.0;
        values.insert(flag.long.replace('-', "_"), value.into());
    }
    let node = |node: &ThresholdNode| serde_json::json!([node.hz, node.offset_db]);
    values.insert("curve".into(), settings.curve.nodes.iter().map(node).collect());
    values.insert("removed".into(), (settings.monitor == Monitor::Removed).into());
    values.insert("stereo_link".into(), settings.stereo_link.into());
    values.insert("remove_hum".into(), settings.remove_hum.into());
    let is_adaptive = settings.profile_source == ProfileSource::Adaptive;
    values.insert("adaptive".into(), is_adaptive.into());
    values.into()
}

fn parse_mode(text: &str) -> Result<LatencyMode, String> {
    LatencyMode::ALL
        .into_iter()
        .find(|&mode| mode_name(mode) == text.to_ascii_lowercase())
        .ok_or_else(|| "expected live, standard or studio".into())
}

/// Reads `200:-3,1.2k:0,7 kHz:6 dB`.
fn parse_curve(text: &str) -> Result<ThresholdCurve, String> {
    let mut points = Vec::new();
    for point in text.split(',') {
        let (hz, offset_db) = point
            .split_once(':')
            .ok_or_else(|| format!("'{point}' is no point: write HZ:DB, for example 7k:6"))?;
        points.push(ThresholdNode {
            hz: parse_range(hz, "Hz", 20.0, 20_000.0)?,
            offset_db: parse_range(offset_db, "dB", -60.0, 60.0)?,
        });
    }
    ThresholdCurve::from_points(&points)
        .ok_or_else(|| format!("{} points are too many: give {N_NODES} at most", points.len()))
}

fn parse_range(text: &str, unit: &str, low: f32, high: f32) -> Result<f32, String> {
    // `7k` is how people write it.
    let text = text.trim();
    let value = match text.strip_suffix(['k', 'K']).filter(|_| unit == "Hz") {
        Some(thousands) => parse_quantity(thousands, "Hz")? * 1000.0,
        None => parse_quantity(text, unit)?,
    };
    if (low..=high).contains(&value) {
        return Ok(value);
    }
    Err(format!("'{text}' is out of range: expected {low} to {high} {unit}"))
}

impl FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let numbers = NUMBER_FLAGS
            .iter()
            .enumerate()
            .filter_map(|(idx, flag)| Some((idx, *matches.get_one::<f32>(flag.long)?)))
            .collect();
        Ok(Self {
            numbers,
            mode: matches.get_one::<LatencyMode>("mode").copied(),
            engine: matches.get_one::<Engine>("engine").copied(),
            curve: matches.get_one::<ThresholdCurve>("curve").copied(),
            is_removed: matches.get_flag("removed"),
            is_unlinked: matches.get_flag("unlink"),
            is_adaptive: matches.get_flag("adaptive"),
            keeps_hum: matches.get_flag("keep-hum"),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for SettingFlags {
    fn augment_args(command: Command) -> Command {
        let switch = |name: &'static str, help: &'static str| {
            Arg::new(name).long(name).help(help).help_heading("Sound").action(ArgAction::SetTrue)
        };
        command
            .args(NUMBER_FLAGS.iter().map(NumberFlag::arg))
            .arg(
                Arg::new("mode")
                    .long("mode")
                    .value_name("MODE")
                    .help_heading("Sound")
                    .help(
                        "Sound of the plugin's latency mode: live, standard or studio, which looks \
                         40 ms ahead [default: standard]",
                    )
                    .value_parser(ValueParser::from(parse_mode)),
            )
            .arg(
                Arg::new("engine")
                    .long("engine")
                    .value_name("ENGINE")
                    .help_heading("Sound")
                    .help(
                        "gate: Quell's own; classic: the textbook's spectral gate; neural: the network; \
                         hybrid: gate and network together [default: neural; for plot gate]",
                    )
                    .value_parser(ValueParser::from(parse_engine)),
            )
            .arg(
                Arg::new("curve")
                    .long("curve")
                    .value_name("HZ:DB,...")
                    .help_heading("Sound")
                    .help(
                        "Shifts the threshold over frequency, up to six points: '200:0,7k:6' takes \
                         more hiss [default: flat]",
                    )
                    .allow_hyphen_values(true)
                    .value_parser(ValueParser::from(parse_curve)),
            )
            .arg(switch("keep-hum", "Leave hum of the mains to the mask instead of subtracting it"))
            .arg(switch("removed", "Write what is taken away instead of what remains"))
            .arg(switch("unlink", "Give every channel its own mask; the stereo image may move"))
            .arg(switch("adaptive", "Follow the noise as it changes instead of learning it once"))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Settings, clap::Error> {
        let command = SettingFlags::augment_args(Command::new("quell"));
        let matches = command.try_get_matches_from([&["quell"], args].concat())?;
        Ok(SettingFlags::from_arg_matches(&matches)?.apply(Settings::default()))
    }

    #[test]
    fn without_flags_the_engine_keeps_its_defaults() {
        assert_eq!(parse(&[]).unwrap(), Settings::default());
        assert!(!parse(&["--keep-hum"]).unwrap().remove_hum);
    }

    #[test]
    fn the_floor_goes_with_the_engine_unless_it_is_given() {
        let floor = |args: &[&str]| parse(args).unwrap().floor_db;
        let [gate, network] = [Engine::Gate, Engine::Neural].map(Engine::usual_floor_db);
        assert!(network < gate);
        assert_eq!(floor(&[]), gate);
        assert_eq!(floor(&["--engine", "classic"]), gate);
        assert_eq!(floor(&["--engine", "neural"]), network);
        assert_eq!(floor(&["--engine", "hybrid"]), network);
        let asked = gate.to_string();
        assert_eq!(floor(&["--engine", "neural", "--floor", &asked]), gate);
        assert_eq!(floor(&["--floor", &asked, "--engine", "neural"]), gate);
    }

    #[test]
    fn every_number_flag_reaches_its_own_setting() {
        for flag in NUMBER_FLAGS {
            let (low, _) = flag.range();
            let mut expected = Settings::default();
            flag.set(&mut expected, low);
            let long = format!("--{}", flag.long);
            assert_eq!(parse(&[&long, &low.to_string()]).unwrap(), expected, "{long}");
        }
    }

    #[test]
    fn a_curve_is_read_point_by_point() {
        let settings = parse(&["--curve", "-3"]).unwrap_err().to_string();
        assert!(settings.contains("no point"), "{settings}");
        let curve = parse(&["--curve", "200:-3, 1.2 kHz:0 dB,7k:6"]).unwrap().curve;
        assert_eq!(curve, ThresholdCurve::from_points(&curve.nodes[..3]).unwrap());
        assert_eq!((curve.nodes[0].hz, curve.nodes[0].offset_db), (200.0, -3.0));
        assert_eq!((curve.nodes[1].hz, curve.nodes[2].hz), (1_200.0, 7_000.0));
        assert_eq!(curve.offset_db_at(20_000.0), 6.0);
        for bad in ["200", "x:3", "200:loud", "1:0", "200:99", "1:1,2:2,3:3,4:4,5:5,6:6,7:7"] {
            assert!(parse(&["--curve", bad]).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_value_out_of_range_is_refused_with_the_range() {
        let error = parse(&["--reduction", "120"]).unwrap_err().to_string();
        assert!(error.contains("expected 0 to 100 %"), "{error}");
    }
}
