//! What a row of the table of settings holds, and what follows from it.

use crate::geometry::LatencyMode;
use crate::settings::choice::{Choice, Engine, Monitor, ProfileSource, Variant};
use crate::settings::quantity::{QuantityError, Unit};

/// One setting of those that `S` holds: everything about it that is not its effect.
pub struct Row<S> {
    /// Permanent name in states and automation.
    pub id: &'static str,
    /// As hosts, the window and the README call it.
    pub name: &'static str,
    /// What it does to the sound, for tooltips, `quell help` and the README.
    pub help: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// Engines that it acts on.
    pub acts_on: &'static [Engine],
    /// Those of them on which it acts in Studio mode alone.
    pub studio_only_for: &'static [Engine],
    /// How the command line takes it.
    pub flag: Flag,
    /// What that flag was called before, if anything; scripts may still call it so.
    pub former_flag: &'static str,
    /// Where the window shows it.
    pub shown: Shown,
    /// Page of a host's remote controls, and the place on it.
    pub page: Option<(Page, u8)>,
    /// What it belongs to.
    pub scope: Scope,
    /// What the engine can work with, as the setting itself holds it; nothing where every value
    /// is possible.
    pub(super) limits: &'static [f32],
    pub(super) get: fn(&S) -> f32,
    pub(super) set: fn(&mut S, f32),
}

/// What values a setting takes.
#[derive(Clone, Copy)]
pub enum Kind {
    /// Any number of a range.
    Number(Number),
    /// On or off.
    Switch,
    /// One of a few.
    Choice(Variants),
}

/// A range as hosts and the window offer it.
#[derive(Clone, Copy)]
pub struct Number {
    /// Of both ends.
    pub unit: Unit,
    /// Least value.
    pub min: f32,
    /// Greatest value.
    pub max: f32,
    /// Which values lie close together on a dial.
    pub scale: Scale,
    /// The least value is the most of it: a dial turns the other way.
    pub is_more_below: bool,
}

/// How a dial divides a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Evenly.
    Even,
    /// Half of the way is a tenth of the range: short times differ most.
    Short,
    /// Half of the way is the middle between the ends as one hears it.
    Octaves,
}

/// The variants of a [`Choice`], whichever it is.
#[derive(Clone, Copy)]
pub struct Variants {
    /// How many there are.
    pub len: usize,
    at: fn(usize) -> Variant,
}

impl Variants {
    pub(super) const fn of<T: Choice>() -> Self {
        Self { len: T::ROWS.len(), at: |idx| T::ROWS[idx.min(T::ROWS.len() - 1)].1 }
    }

    /// All in order.
    pub fn iter(self) -> impl Iterator<Item = Variant> {
        (0..self.len).map(self.at)
    }

    /// Place of the one with this permanent name.
    pub fn place_of(self, id: &str) -> Option<usize> {
        self.iter().position(|variant| variant.id == id)
    }

    /// The one at this place; the last one for places beyond.
    pub fn at(self, idx: usize) -> Variant {
        (self.at)(idx)
    }
}

/// How the command line takes a setting.
#[derive(Clone, Copy)]
pub enum Flag {
    /// Not at all.
    None,
    /// `--name VALUE`.
    Value(&'static str),
    /// `--name`, which stands for one value.
    Alone {
        /// Without the dashes.
        name: &'static str,
        /// The value, in the setting's unit.
        plain: f32,
        /// What is said of the flag, which may mean the opposite of the setting.
        help: &'static str,
    },
    /// Together with the other nodes as `--curve`.
    Curve,
}

/// Where the window shows a setting; the number orders those of one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// In a place made for it alone.
    Own,
    /// Always: a list or a dial.
    Basic(u8),
    /// Behind 'Advanced': a dial or a button.
    Advanced(u8),
}

/// A page of a host's remote controls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// What is needed most.
    Main,
    /// How the mask is made.
    Mask,
    /// The threshold over frequency.
    Threshold,
}

impl Page {
    /// All, in the order in which hosts show them.
    pub const ALL: [Self; 3] = [Self::Main, Self::Mask, Self::Threshold];

    /// As hosts show it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Main => "Noise reduction",
            Self::Mask => "Mask",
            Self::Threshold => "Threshold",
        }
    }
}

/// What a setting belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The sound: part of presets and of what A and B compare.
    Sound,
    /// The stream, which starts anew when it changes: part of presets that name it.
    Stream,
    /// The session: part of projects alone.
    Session,
}

impl<S> Row<S> {
    /// The value in the setting's unit: a number, 0 or 1 of a switch, the place of a variant.
    pub fn plain(&self, settings: &S) -> f32 {
        (self.get)(settings) * self.per_one()
    }

    /// Sets it from such a value.
    pub fn set_plain(&self, settings: &mut S, plain: f32) {
        (self.set)(settings, plain / self.per_one());
    }

    /// Least and greatest value that the engine can work with, in the setting's unit.
    pub fn limits(&self) -> Option<(f32, f32)> {
        match self.limits {
            [low, high] => Some((low * self.per_one(), high * self.per_one())),
            _ => None,
        }
    }

    /// The unit; a plain number's where it has none.
    pub const fn unit(&self) -> Unit {
        match self.kind {
            Kind::Number(number) => number.unit,
            Kind::Switch | Kind::Choice(_) => Unit::Plain,
        }
    }

    const fn per_one(&self) -> f32 {
        self.unit().per_one()
    }

    /// A value in the setting's unit as text without the unit.
    pub fn text(&self, plain: f32) -> String {
        match self.kind {
            Kind::Number(number) => number.unit.digits(plain),
            Kind::Switch => if plain > 0.5 { "On" } else { "Off" }.to_owned(),
            Kind::Choice(variants) => variants.at(plain as usize).name.to_owned(),
        }
    }

    /// Reads what somebody wrote.
    pub fn parse(&self, text: &str) -> Result<f32, ValueError> {
        match self.kind {
            Kind::Number(number) => {
                let plain = number.unit.parse(text).map_err(ValueError::Quantity)?;
                // Where only negative values are, nobody needs to type the sign.
                Ok(if number.max <= 0.0 { -plain.abs() } else { plain })
            }
            Kind::Switch => match text.trim().to_lowercase().as_str() {
                "on" | "yes" | "true" | "1" => Ok(1.0),
                "off" | "no" | "false" | "0" => Ok(0.0),
                _ => Err(ValueError::OneOf(vec!["On", "Off"])),
            },
            Kind::Choice(variants) => {
                let wanted = text.trim();
                let is_it = |variant: Variant| {
                    variant.name == wanted || variant.id.eq_ignore_ascii_case(wanted)
                };
                let found = variants.iter().position(is_it);
                let ids = || variants.iter().map(|variant| variant.id).collect();
                found.map(|idx| idx as f32).ok_or_else(|| ValueError::OneOf(ids()))
            }
        }
    }

    /// A value in the setting's unit as help texts and errors name it.
    pub fn short_text(&self, plain: f32) -> String {
        match self.kind {
            Kind::Number(number) => number.unit.short(plain),
            Kind::Switch | Kind::Choice(_) => self.text(plain),
        }
    }

    /// Whether its least value is the most of it.
    pub const fn is_more_below(&self) -> bool {
        matches!(self.kind, Kind::Number(Number { is_more_below: true, .. }))
    }

    /// Whether it does anything with this engine in this mode.
    pub fn acts(&self, engine: Engine, mode: LatencyMode) -> bool {
        let is_studio = mode == LatencyMode::Studio;
        self.acts_on.contains(&engine) && (is_studio || !self.studio_only_for.contains(&engine))
    }

    /// Where it acts, in two or three words, if it does nothing with this engine in this mode.
    /// Noise is known where it is not only followed: otherwise Hybrid is Neural.
    pub fn idle_because(
        &self,
        engine: Engine,
        mode: LatencyMode,
        is_noise_known: bool,
    ) -> Option<String> {
        if self.acts(engine, mode) {
            let is_neural = engine == Engine::Hybrid && !is_noise_known;
            let is_idle = is_neural && !self.acts(Engine::Neural, mode);
            return is_idle.then(|| "With a print".to_owned());
        }
        if self.acts_on.contains(&engine) {
            return Some("Studio only".to_owned());
        }
        if self.acts_on.len() + 1 == Engine::ALL.len() {
            return Some(format!("Not with {}", engine.name()));
        }
        let names: Vec<_> = self.acts_on.iter().map(|engine| engine.name()).collect();
        Some(match &names[..] {
            [others @ .., last] if !others.is_empty() => {
                format!("{} and {last} only", others.join(", "))
            }
            _ => format!("{} only", names.join("")),
        })
    }

    /// What it does to the sound, which engines it acts on and what its variants mean.
    pub fn explained(&self) -> String {
        let mut text = self.help.to_owned();
        if self.acts_on.len() < Engine::ALL.len() {
            let engines: Vec<_> = self.acts_on.iter().map(|engine| engine.name()).collect();
            let mut help = text.chars();
            let first = help.next().map(|first| first.to_lowercase().to_string());
            text =
                format!("{}: {}{}", engines.join(", "), first.unwrap_or_default(), help.as_str());
        }
        if let Kind::Choice(variants) = self.kind {
            for Variant { name, help, .. } in variants.iter() {
                text += &format!(" {name}: {help}.");
            }
        }
        text
    }
}

/// Why text is no value of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueError {
    /// It is no number in the setting's unit.
    Quantity(QuantityError),
    /// It is none of these.
    OneOf(Vec<&'static str>),
}

impl core::fmt::Display for ValueError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Quantity(error) => write!(f, "{error}"),
            Self::OneOf(names) => match names.split_last() {
                Some((last, others)) if !others.is_empty() => {
                    write!(f, "expected {} or {last}", others.join(", "))
                }
                _ => write!(f, "expected {}", names.join("")),
            },
        }
    }
}

impl core::error::Error for ValueError {}

/// What a setting can be of, as a plain number and back.
pub(super) trait Plain: Copy {
    fn to_plain(self) -> f32;
    fn from_plain(plain: f32) -> Self;
}

impl Plain for f32 {
    fn to_plain(self) -> f32 {
        self
    }

    fn from_plain(plain: f32) -> Self {
        plain
    }
}

impl Plain for bool {
    fn to_plain(self) -> f32 {
        f32::from(u8::from(self))
    }

    fn from_plain(plain: f32) -> Self {
        plain > 0.5
    }
}

/// A blanket `impl` for every [`Choice`] would forbid that for numbers.
macro_rules! choices_are_plain {
    ($($choice:ty),*) => {$(
        impl Plain for $choice {
            fn to_plain(self) -> f32 {
                self.idx() as f32
            }

            fn from_plain(plain: f32) -> Self {
                Self::at(plain as usize)
            }
        }
    )*};
}

choices_are_plain!(Engine, ProfileSource, Monitor, LatencyMode);
