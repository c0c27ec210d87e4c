//! One flag for every setting of the engine, from one table.
//!
//! Defaults and ranges are asked of the core, so that the two can never disagree.

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use quell_core::{LatencyMode, Monitor, ProfileSource, Settings};

use crate::units::parse_quantity;

/// A setting that is a number.
struct NumberFlag {
    long: &'static str,
    /// Unit of the flag; the setting itself holds `value / per_unit`.
    unit: &'static str,
    per_unit: f32,
    help: &'static str,
    field: fn(&mut Settings) -> &mut f32,
}

const NUMBER_FLAGS: &[NumberFlag] = &[
    NumberFlag {
        long: "reduction",
        unit: "%",
        per_unit: 100.0,
        help: "Share of the noise to take away",
        field: |s| &mut s.reduction,
    },
    NumberFlag {
        long: "sensitivity",
        unit: "",
        per_unit: 1.0,
        help: "How far above the noise a sound must be to be kept, in standard deviations of the \
               noise; higher takes away more",
        field: |s| &mut s.sensitivity,
    },
    NumberFlag {
        long: "floor",
        unit: "dB",
        per_unit: 1.0,
        help: "No frequency is ever turned down further than this",
        field: |s| &mut s.floor_db,
    },
    NumberFlag {
        long: "knee",
        unit: "dB",
        per_unit: 1.0,
        help: "Width of the transition from noise to signal; 0 is a hard gate",
        field: |s| &mut s.knee_db,
    },
    NumberFlag {
        long: "freq-smoothing",
        unit: "Hz",
        per_unit: 1.0,
        help: "Smooths the mask over frequency; more means less warbling, less detail",
        field: |s| &mut s.freq_smoothing_hz,
    },
    NumberFlag {
        long: "time-smoothing",
        unit: "ms",
        per_unit: 1.0,
        help: "Smooths the mask over time in studio mode",
        field: |s| &mut s.time_smoothing_ms,
    },
    NumberFlag {
        long: "attack",
        unit: "ms",
        per_unit: 1.0,
        help: "Time in which a frequency opens",
        field: |s| &mut s.attack_ms,
    },
    NumberFlag {
        long: "release",
        unit: "ms",
        per_unit: 1.0,
        help: "Time in which a frequency closes",
        field: |s| &mut s.release_ms,
    },
    NumberFlag {
        long: "offset-low",
        unit: "dB",
        per_unit: 1.0,
        help: "Shifts the threshold at 200 Hz and below",
        field: |s| &mut s.offset_low_db,
    },
    NumberFlag {
        long: "offset-mid",
        unit: "dB",
        per_unit: 1.0,
        help: "Shifts the threshold at 1.2 kHz",
        field: |s| &mut s.offset_mid_db,
    },
    NumberFlag {
        long: "offset-high",
        unit: "dB",
        per_unit: 1.0,
        help: "Shifts the threshold at 7 kHz and above",
        field: |s| &mut s.offset_high_db,
    },
    NumberFlag {
        long: "mix",
        unit: "%",
        per_unit: 100.0,
        help: "Share of the processed signal in the output",
        field: |s| &mut s.mix,
    },
    NumberFlag {
        long: "output-gain",
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

    fn set(&self, settings: &mut Settings, value: f32) {
        *(self.field)(settings) = value / self.per_unit;
    }

    /// The default, rounded to what the flag would print: 90, not 89.99999.
    fn default(&self) -> f32 {
        (self.get(&Settings::default()) * 1000.0).round() / 1000.0
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
        let space = if self.unit.is_empty() { "" } else { " " };
        let help = format!("{} [default: {}{space}{}]", self.help, self.default(), self.unit);
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
    is_removed: bool,
    is_unlinked: bool,
    is_adaptive: bool,
}

impl SettingFlags {
    /// Puts the flags that were given over `base`.
    pub fn apply(&self, base: Settings) -> Settings {
        let mut settings = base;
        for &(idx, value) in &self.numbers {
            NUMBER_FLAGS[idx].set(&mut settings, value);
        }
        if self.is_removed {
            settings.monitor = Monitor::Removed;
        }
        if self.is_unlinked {
            settings.stereo_link = false;
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

fn parse_mode(text: &str) -> Result<LatencyMode, String> {
    LatencyMode::ALL
        .into_iter()
        .find(|&mode| mode_name(mode) == text.to_ascii_lowercase())
        .ok_or_else(|| "expected live, standard or studio".into())
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
            is_removed: matches.get_flag("removed"),
            is_unlinked: matches.get_flag("unlink"),
            is_adaptive: matches.get_flag("adaptive"),
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
                        "Sound of the plugin's latency mode: live, standard or studio; studio \
                         looks ahead and sounds best [default: standard]",
                    )
                    .value_parser(ValueParser::from(parse_mode)),
            )
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
    fn a_value_out_of_range_is_refused_with_the_range() {
        let error = parse(&["--reduction", "120"]).unwrap_err().to_string();
        assert!(error.contains("expected 0 to 100 %"), "{error}");
    }
}
