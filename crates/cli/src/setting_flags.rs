//! A flag for every setting, made from the core's table of settings.

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use quell_core::curve::N_NODES;
use quell_core::settings::row::{Flag, Kind};
use quell_core::settings::table::place_of;
use quell_core::settings::{Setting, TABLE, Unit};
use quell_core::{Choice, Engine, ProfileSource, Settings, ThresholdCurve, ThresholdNode};
use serde_json::Value;

/// What `quell plot` shows the steps of where nobody asked for an engine: those of a network are
/// its own.
pub const PLOTTED_ENGINE: Engine = Engine::Gate;

const ENGINE: usize = place_of("engine");
const SOURCE: usize = place_of("source");
/// Rows that say how a node of the curve is given.
const NODE_HZ: usize = place_of("thr_hz_1");
const NODE_DB: usize = place_of("thr_1");

/// What the flags of the `Sound` section say.
#[derive(Clone, Debug)]
pub struct SettingFlags {
    /// Places in the table and values, in the settings' units, of the flags that were given.
    values: Vec<(usize, f32)>,
    curve: Option<ThresholdCurve>,
}

impl SettingFlags {
    /// Puts the flags that were given over `base`.
    pub fn apply(&self, base: Settings) -> Settings {
        let mut settings = base;
        for &(idx, plain) in &self.values {
            TABLE[idx].set_plain(&mut settings, plain);
        }
        if let Some(curve) = self.curve {
            settings.curve = curve;
        }
        settings
    }

    /// True where the noise is to be followed instead of learned.
    pub fn is_adaptive(&self) -> bool {
        self.given(SOURCE)
            .is_some_and(|at| ProfileSource::at(at as usize) == ProfileSource::Adaptive)
    }

    fn given(&self, wanted: usize) -> Option<f32> {
        self.values.iter().find(|(idx, _)| *idx == wanted).map(|(_, plain)| *plain)
    }
}

// ---- Reading -----------------------------------------------------------------------------------

pub(crate) fn parse(row: &Setting, text: &str) -> Result<f32, String> {
    let plain = row.parse(text).map_err(|error| match row.unit() {
        // It once was a share itself.
        Unit::Decibel if text.trim_end().ends_with('%') => format!("{error}; a share is --amount"),
        _ => error.to_string(),
    })?;
    match row.limits() {
        Some(limits) => in_range(row, text, plain, limits),
        None => Ok(plain),
    }
}

fn in_range(row: &Setting, text: &str, plain: f32, (low, high): (f32, f32)) -> Result<f32, String> {
    if (low..=high).contains(&plain) {
        return Ok(plain);
    }
    Err(format!("'{text}' is out of range: expected {low} to {}", row.short_text(high)))
}

/// Reads `200:-3,1.2k:0,7 kHz:6 dB`.
fn parse_curve(text: &str) -> Result<ThresholdCurve, String> {
    let mut points = Vec::new();
    for point in text.split(',') {
        let (hz, offset_db) = point
            .split_once(':')
            .ok_or_else(|| format!("'{point}' is no point: write HZ:DB, for example 7k:6"))?;
        points.push(ThresholdNode {
            hz: parse_hz(hz)?,
            offset_db: parse(&TABLE[NODE_DB], offset_db)?,
        });
    }
    ThresholdCurve::from_points(&points)
        .ok_or_else(|| format!("{} points are too many: give {N_NODES} at most", points.len()))
}

/// Where a point of the curve may stand is what can be heard, not what the engine could work with.
fn parse_hz(text: &str) -> Result<f32, String> {
    let row = &TABLE[NODE_HZ];
    let hz = Unit::Hertz.parse(text).map_err(|error| error.to_string())?;
    match row.kind {
        Kind::Number(number) => in_range(row, text, hz, (number.min, number.max)),
        Kind::Switch | Kind::Choice(_) => Ok(hz),
    }
}

// ---- Reports -----------------------------------------------------------------------------------

/// All settings of the command line, in the units of its flags.
pub fn settings_json(settings: &Settings) -> Value {
    let mut values = serde_json::Map::new();
    for row in TABLE {
        if let Some((key, value)) = reported(row, row.plain(settings)) {
            values.insert(key, value);
        }
    }
    let node = |node: &ThresholdNode| serde_json::json!([node.hz, node.offset_db]);
    values.insert("curve".into(), settings.curve.nodes.iter().map(node).collect());
    values.into()
}

/// A setting goes by the name of its flag; a switch by its own, as its flag may mean the opposite.
fn reported(row: &Setting, plain: f32) -> Option<(String, Value)> {
    let (name, value) = match (row.flag, row.kind) {
        (Flag::None | Flag::Curve, _) => return None,
        (_, Kind::Switch) => (row.name, (plain > 0.5).into()),
        (Flag::Alone { name, plain: wanted, .. }, _) => (name, (plain == wanted).into()),
        (Flag::Value(name), Kind::Choice(variants)) => {
            (name, variants.at(plain as usize).id.into())
        }
        (Flag::Value(name), Kind::Number(_)) => {
            (name, ((f64::from(plain) * 1000.0).round() / 1000.0).into())
        }
    };
    Some((name.to_lowercase().replace(['-', ' '], "_"), value))
}

// ---- Flags ------------------------------------------------------------------------------------

fn flag(row: &'static Setting) -> Option<Arg> {
    let arg = |name: &'static str| Arg::new(name).long(name).help_heading("Sound");
    match row.flag {
        Flag::None | Flag::Curve => None,
        Flag::Alone { name, help, .. } => Some(arg(name).help(help).action(ArgAction::SetTrue)),
        Flag::Value(name) => Some(
            arg(name)
                .aliases((!row.former_flag.is_empty()).then_some(row.former_flag))
                .value_name(value_name(row))
                .help(format!("{} {}", row.explained(), values_help(row)))
                .allow_hyphen_values(true)
                .value_parser(ValueParser::from(move |text: &str| parse(row, text))),
        ),
    }
}

fn value_name(row: &Setting) -> &'static str {
    match row.kind {
        Kind::Number(number) if number.unit == Unit::Plain => "NUMBER",
        Kind::Number(number) => number.unit.symbol(),
        Kind::Switch | Kind::Choice(_) => "NAME",
    }
}

/// What can be given, and what is taken where nothing is.
fn values_help(row: &Setting) -> String {
    match row.kind {
        Kind::Choice(variants) => {
            let ids: Vec<_> = variants.iter().map(|variant| variant.id).collect();
            let mut default = variants.at(row.default_plain() as usize).id.to_owned();
            if row.id == TABLE[ENGINE].id {
                default += &format!("; for plot {}", PLOTTED_ENGINE.id());
            }
            format!("[{}; default: {default}]", ids.join(", "))
        }
        Kind::Number(_) | Kind::Switch => format!("[default: {}]", row.default_text()),
    }
}

fn curve_flag() -> Arg {
    Arg::new("curve")
        .long("curve")
        .value_name("HZ:DB,...")
        .help_heading("Sound")
        .help(
            "Shifts the threshold over frequency, up to six points: '200:0,7k:6' takes more hiss \
             [default: flat]",
        )
        .allow_hyphen_values(true)
        .value_parser(ValueParser::from(parse_curve))
}

impl FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = |row: &Setting| match row.flag {
            Flag::Value(name) => matches.get_one::<f32>(name).copied(),
            Flag::Alone { name, plain, .. } => matches.get_flag(name).then_some(plain),
            Flag::None | Flag::Curve => None,
        };
        let values = TABLE.iter().enumerate().filter_map(|(idx, row)| Some((idx, given(row)?)));
        Ok(Self {
            values: values.collect(),
            curve: matches.get_one::<ThresholdCurve>("curve").copied(),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for SettingFlags {
    fn augment_args(command: Command) -> Command {
        command.args(TABLE.iter().filter_map(flag)).arg(curve_flag())
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_flags(args: &[&str]) -> Result<Settings, clap::Error> {
        let command = SettingFlags::augment_args(Command::new("quell"));
        let matches = command.try_get_matches_from([&["quell"], args].concat())?;
        Ok(SettingFlags::from_arg_matches(&matches)?.apply(Settings::default()))
    }

    #[test]
    fn without_flags_the_engine_keeps_its_defaults() {
        assert_eq!(parse_flags(&[]).unwrap(), Settings::default());
        assert!(!parse_flags(&["--keep-hum"]).unwrap().remove_hum);
    }

    #[test]
    fn reduction_is_in_decibels_with_a_sign_or_without_and_a_share_is_told_where_it_belongs() {
        for given in ["-24", "24", "24dB", "\u{2212}24 dB"] {
            let settings = parse_flags(&["--engine", "gate", "--reduction", given]).unwrap();
            assert_eq!(settings.reduction_db, -24.0, "{given}");
        }
        assert_eq!(parse_flags(&["--floor", "-24"]).unwrap().reduction_db, -24.0);
        let error = parse_flags(&["--reduction", "80 %"]).unwrap_err().to_string();
        assert!(error.contains("expected dB; a share is --amount"), "{error}");
        assert_eq!(parse_flags(&["--amount", "80 %"]).unwrap().amount, 0.8);
    }

    #[test]
    fn every_flag_reaches_its_own_setting() {
        for row in TABLE {
            let mut expected = Settings::default();
            let args = match row.flag {
                Flag::None | Flag::Curve => continue,
                Flag::Alone { name, plain, .. } => {
                    row.set_plain(&mut expected, plain);
                    vec![format!("--{name}")]
                }
                Flag::Value(name) => {
                    let (plain, text) = match row.kind {
                        Kind::Choice(variants) => {
                            let other = usize::from(row.default_plain() == 0.0);
                            (other as f32, variants.at(other).id.to_owned())
                        }
                        _ => {
                            // The end that is not the default.
                            let (low, high) = row.limits().unwrap();
                            let end = if low == row.default_plain() { high } else { low };
                            (end, end.to_string())
                        }
                    };
                    row.set_plain(&mut expected, plain);
                    vec![format!("--{name}"), text]
                }
            };
            let mut args: Vec<&str> = args.iter().map(String::as_str).collect();
            assert_eq!(parse_flags(&args).unwrap(), expected, "{args:?}");
            let former = format!("--{}", row.former_flag);
            if former != "--" {
                args[0] = &former;
                assert_eq!(parse_flags(&args).unwrap(), expected, "{args:?}");
            }
            assert_ne!(expected, Settings::default(), "{args:?} changes nothing");
        }
    }

    #[test]
    fn a_curve_is_read_point_by_point() {
        let settings = parse_flags(&["--curve", "-3"]).unwrap_err().to_string();
        assert!(settings.contains("no point"), "{settings}");
        let curve = parse_flags(&["--curve", "200:-3, 1.2 kHz:0 dB,7k:6"]).unwrap().curve;
        assert_eq!(curve, ThresholdCurve::from_points(&curve.nodes[..3]).unwrap());
        assert_eq!((curve.nodes[0].hz, curve.nodes[0].offset_db), (200.0, -3.0));
        assert_eq!((curve.nodes[1].hz, curve.nodes[2].hz), (1_200.0, 7_000.0));
        assert_eq!(curve.offset_db_at(20_000.0), 6.0);
        for bad in ["200", "x:3", "200:loud", "1:0", "200:99", "1:1,2:2,3:3,4:4,5:5,6:6,7:7"] {
            assert!(parse_flags(&["--curve", bad]).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_value_out_of_range_is_refused_with_the_range() {
        let error = parse_flags(&["--amount", "120"]).unwrap_err().to_string();
        assert!(error.contains("expected 0 to 100 %"), "{error}");
    }

    #[test]
    fn reports_name_every_setting_that_has_a_flag_as_they_always_did() {
        let values = settings_json(&Settings { remove_hum: false, ..Settings::default() });
        for (key, value) in [
            ("reduction", (-40.0).into()),
            ("amount", 100.0.into()),
            ("smoothing", 600.0.into()),
            ("output_gain", 0.0.into()),
            ("removed", false.into()),
            ("adaptive", false.into()),
            ("stereo_link", true.into()),
            ("remove_hum", false.into()),
            ("engine", Engine::DEFAULT.id().into()),
            ("latency", Value::from("standard")),
        ] {
            assert_eq!(values[key], value, "{key}");
        }
        assert_eq!(values["curve"].as_array().map(Vec::len), Some(N_NODES));
        let n_flags = TABLE.iter().filter(|row| flag(row).is_some()).count();
        assert_eq!(values.as_object().unwrap().len(), n_flags + 1, "{values}");
    }
}
