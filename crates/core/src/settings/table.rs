//! The table of settings. A row here, and its use where the sound is made, is all that a new
//! setting takes: the plugin's parameters, the bounds that the engine relies on, flags, reports,
//! tooltips, remote controls, saved states and the README's table are read from it.

use crate::config;
use crate::curve::{ThresholdCurve, ThresholdNode, within};
use crate::geometry::LatencyMode;
use crate::settings::choice::{Engine, Monitor, ProfileSource};
use crate::settings::declare::settings;
use crate::settings::quantity::Unit;
use crate::settings::row::{Flag, Kind, Number, Page, Plain, Row, Scale, Scope, Shown, Variants};

const fn number(unit: Unit, min: f32, max: f32) -> Kind {
    Kind::Number(Number { unit, min, max, scale: Scale::Even, is_more_below: false })
}

const fn percent() -> Kind {
    number(Unit::Percent, 0.0, 100.0)
}

const fn milliseconds(max: f32) -> Kind {
    Kind::Number(Number {
        unit: Unit::Millisecond,
        min: 0.0,
        max,
        scale: Scale::Short,
        is_more_below: false,
    })
}

/// A row of the table.
pub type Setting = Row<Settings>;

/// What rows leave out.
const USUAL: Setting = Row {
    id: "",
    name: "",
    former_flag: "",
    help: "",
    kind: Kind::Switch,
    acts_on: &Engine::ALL,
    studio_only_for: &[],
    flag: Flag::None,
    shown: Shown::Own,
    page: None,
    scope: Scope::Sound,
    limits: &[],
    get: |_| 0.0,
    set: |_, _| {},
};

settings! {
before the curve: {
    /// While true, frames are collected; when it falls, they become the captured profile.
    capture: bool = false;
    {
        id: "capture",
        name: "Capture",
        help: "On while you play noise alone; what was heard then becomes the print.",
        page: Some((Page::Main, 1)),
        scope: Scope::Session,
    }
    /// As it becomes true, the quietest steady stretches of the last seconds become the captured
    /// profile.
    use_recent: bool = false;
    {
        id: "recent",
        name: "Use last seconds",
        help: "Turned on, learns the noise from the quietest steady stretches of the last 20 \
               seconds, as a capture of them would.",
        page: Some((Page::Mask, 10)),
        scope: Scope::Session,
    }
    /// What is captured joins the print, by its length, instead of taking its place.
    add_to_print: bool = false;
    {
        id: "add",
        name: "Add to print",
        help: "A capture joins the print, by its length, instead of taking its place.",
        page: Some((Page::Mask, 11)),
        scope: Scope::Session,
    }
    /// Which slot's print is in force, 0 to 3 for A to D; between two, both are, in decibels. A
    /// jump takes [`config::SLOT_GLIDE_S`]. What is captured goes into the nearest slot.
    slot: f32 = 0.0, 0.0..=3.0;
    {
        id: "slot",
        name: "Print",
        help: "Which of the four prints says what noise is; between two it glides, half-way in \
               decibels at 50 %. What is captured goes into the nearest. While an empty one is \
               chosen, the noise is followed; on the way to it the other stays.",
        kind: number(Unit::Slot, 0.0, 3.0),
        page: Some((Page::Mask, 13)),
        scope: Scope::Session,
    }
    /// Share of what `reduction_db` lets go that goes, 0 to 1.
    amount: f32 = 1.0, 0.0..=1.0;
    {
        // Old projects and automation say how much of the noise goes by this.
        id: "reduction",
        name: "Amount",
        help: "Share of the noise that goes, as far as Reduction lets it: 50 % is 6 dB at most, \
               90 % 20 dB. For automation that turns the whole of it up and down.",
        kind: percent(),
        flag: Flag::Value("amount"),
        shown: Shown::Advanced(0),
        page: Some((Page::Main, 3)),
    }
    /// How far noise is turned down, dB (negative): no bin goes further.
    reduction_db: f32 = config::DEFAULT_REDUCTION_DB, -200.0..=0.0;
    {
        // It was called the floor.
        id: "floor",
        name: "Reduction",
        help: "How far the noise is turned down. Less of it leaves a bed of quiet noise, which \
               hides what any engine does wrong.",
        kind: Kind::Number(Number {
            unit: Unit::Decibel,
            min: -100.0,
            max: 0.0,
            scale: Scale::Even,
            is_more_below: true,
        }),
        flag: Flag::Value("reduction"),
        former_flag: "floor",
        page: Some((Page::Main, 2)),
    }
    /// Standard deviations of the noise above its mean at which a bin counts as signal. For the
    /// network, each more than the default's is 5.6 dB more noise for its mask to meet.
    sensitivity: f32 = config::DEFAULT_SENSITIVITY, -20.0..=20.0;
    {
        id: "sensitivity",
        name: "Sensitivity",
        help: "How far above the noise a sound must be to be kept, in standard deviations of the \
               noise. Higher takes more noise, and sooner quiet sound with it.",
        kind: number(Unit::Plain, -3.0, 6.0),
        flag: Flag::Value("sensitivity"),
        shown: Shown::Basic(4),
        page: Some((Page::Main, 4)),
    }
    /// Where the noise profile comes from.
    profile_source: ProfileSource = ProfileSource::Captured;
    {
        id: "source",
        name: "Noise from",
        help: "What the noise is known by.",
        kind: Kind::Choice(Variants::of::<ProfileSource>()),
        flag: Flag::Alone {
            name: "adaptive",
            plain: ProfileSource::Adaptive as u8 as f32,
            help: "Follow the noise as it changes instead of learning it once",
        },
        shown: Shown::Basic(3),
        page: Some((Page::Main, 5)),
    }
    /// What is sent to the output.
    monitor: Monitor = Monitor::Denoised;
    {
        id: "monitor",
        name: "Hear",
        help: "What goes to the output.",
        kind: Kind::Choice(Variants::of::<Monitor>()),
        flag: Flag::Alone {
            name: "removed",
            plain: Monitor::Removed as u8 as f32,
            help: "Write what is taken away instead of what remains",
        },
        page: Some((Page::Main, 6)),
        // A preset saved while listening to the noise would play noise for ever.
        scope: Scope::Session,
    }
    /// Share of the processed signal in the output, 0 (dry) to 1 (wet).
    mix: f32 = 1.0, 0.0..=1.0;
    {
        id: "mix",
        name: "Mix",
        help: "Share of the denoised sound in the output.",
        kind: percent(),
        flag: Flag::Value("mix"),
        shown: Shown::Basic(7),
        page: Some((Page::Main, 7)),
    }
    /// Gain of the output, dB; bypass ignores it.
    output_gain_db: f32 = 0.0, -120.0..=60.0;
    {
        id: "gain",
        name: "Output gain",
        help: "Level of the output.",
        kind: number(Unit::Decibel, -24.0, 24.0),
        flag: Flag::Value("output-gain"),
        shown: Shown::Basic(8),
        page: Some((Page::Main, 8)),
    }
    /// Classic engine: width of the transition from noise to signal around the threshold, dB; 0 is
    /// a hard gate.
    knee_db: f32 = 6.0, 0.0..=60.0;
    {
        id: "knee",
        name: "Knee",
        help: "How gradual the border between noise and sound is; 0 is a hard gate.",
        kind: number(Unit::Decibel, 0.0, 24.0),
        acts_on: &[Engine::Classic],
        flag: Flag::Value("knee"),
        shown: Shown::Advanced(6),
        page: Some((Page::Mask, 1)),
    }
    /// Full width of the neighbourhood that a bin is judged with, Hz. Classic: the triangle that
    /// smooths the mask (counted as noisereduce counts it). Gate: where sound is searched for.
    /// Neural: nothing, as it sees all frequencies at once; Hybrid: its gate.
    freq_smoothing_hz: f32 = 600.0, 0.0..=2_000.0;
    {
        id: "freq_smooth",
        name: "Smoothing",
        help: "The width of the neighbourhood that a frequency is judged with. Wide is calm, \
               narrow is detailed.",
        kind: number(Unit::Hertz, 0.0, 1_000.0),
        acts_on: &[Engine::Gate, Engine::Classic, Engine::Hybrid],
        flag: Flag::Value("smoothing"),
        former_flag: "freq-smoothing",
        shown: Shown::Basic(6),
        page: Some((Page::Mask, 2)),
    }
    /// How long a bin looks back and ahead, ms: the half width of a triangle over time in Studio
    /// mode. Elsewhere there is nothing to look ahead at: Classic uses it as a release time, the
    /// others not at all.
    time_smoothing_ms: f32 = 20.0, 0.0..=1_000.0;
    {
        id: "time_smooth",
        name: "Time smoothing",
        help: "Looks back and ahead (Studio); in the other modes a release time (Classic). More \
               means less warble and softer onsets.",
        kind: milliseconds(500.0),
        studio_only_for: &[Engine::Gate, Engine::Neural, Engine::Hybrid],
        flag: Flag::Value("time-smoothing"),
        shown: Shown::Advanced(1),
        page: Some((Page::Mask, 7)),
    }
    /// Time constant with which a bin opens, ms; 0 is at once.
    attack_ms: f32 = 0.0, 0.0..=10_000.0;
    {
        id: "attack",
        name: "Attack",
        help: "How fast a frequency opens, beyond what the engine does itself.",
        kind: milliseconds(500.0),
        flag: Flag::Value("attack"),
        shown: Shown::Advanced(2),
        page: Some((Page::Mask, 3)),
    }
    /// Time constant with which a bin closes, ms; 0 is at once.
    release_ms: f32 = 0.0, 0.0..=10_000.0;
    {
        id: "release",
        name: "Release",
        help: "How fast a frequency closes, beyond what the engine does itself. Longer keeps tails \
               of rooms.",
        kind: milliseconds(2_000.0),
        flag: Flag::Value("release"),
        shown: Shown::Advanced(3),
        page: Some((Page::Mask, 4)),
    }
}
after the curve: {
    /// Gate, and the gate of Hybrid: how much the gain of bins that hold only noise is averaged
    /// over their neighbourhood, so that none of them twinkles, 0 to 1.
    artifact_control: f32 = 1.0, 0.0..=1.0;
    {
        id: "artifact",
        name: "Artifact control",
        help: "Stops single frequencies from twinkling where only noise is.",
        kind: percent(),
        acts_on: &[Engine::Gate, Engine::Hybrid],
        flag: Flag::Value("artifact-control"),
        shown: Shown::Advanced(4),
        page: Some((Page::Mask, 5)),
    }
    /// Gate, and the gate of Hybrid: how much faster bins open where sound is, 0 to 1.
    transient_protection: f32 = 1.0, 0.0..=1.0;
    {
        id: "transient",
        name: "Transients",
        help: "Keeps onsets and consonants sharp.",
        kind: percent(),
        acts_on: &[Engine::Gate, Engine::Hybrid],
        flag: Flag::Value("transients"),
        former_flag: "transient-protection",
        shown: Shown::Advanced(5),
        page: Some((Page::Mask, 6)),
    }
    /// Takes hum of the mains out of the sound in phase, before any engine: as far as `amount`
    /// and `reduction_db` let noise be taken away, and only where there is some.
    remove_hum: bool = true;
    {
        id: "hum",
        name: "Remove hum",
        help: "Finds hum of the mains (50 or 60 Hz) and subtracts it before any engine, so that \
               music in the same place stays. Where there is none, nothing happens.",
        flag: Flag::Alone {
            name: "keep-hum",
            plain: 0.0,
            help: "Leave hum of the mains to the mask instead of subtracting it",
        },
        shown: Shown::Advanced(7),
        page: Some((Page::Mask, 8)),
    }
    /// One mask for all channels, so that the stereo image does not move.
    stereo_link: bool = true;
    {
        id: "link",
        name: "Stereo link",
        help: "One mask for both sides, so the image does not move.",
        flag: Flag::Alone {
            name: "unlink",
            plain: 0.0,
            help: "Give every channel its own mask; the stereo image may move",
        },
        shown: Shown::Advanced(8),
        page: Some((Page::Mask, 9)),
    }
    /// Level at which what is left of the noise is held, dB re the noise; there is none at
    /// `config::ROOM_TONE_OFF_DB` and below.
    room_tone_db: f32 = config::ROOM_TONE_OFF_DB, -200.0..=0.0;
    {
        id: "tone",
        name: "Room tone",
        help: "Holds what is left of the noise at this level, in its own colour, so that it does \
               not come and go with words. Reduction must go further; at the least it is off.",
        kind: number(Unit::Decibel, config::ROOM_TONE_OFF_DB, 0.0),
        flag: Flag::Value("room-tone"),
        shown: Shown::Advanced(9),
        page: Some((Page::Mask, 12)),
    }
    /// Algorithm that makes the mask.
    engine: Engine = Engine::DEFAULT;
    {
        id: "engine",
        name: "Engine",
        help: "What tells sound from noise; switching crossfades.",
        kind: Kind::Choice(Variants::of::<Engine>()),
        flag: Flag::Value("engine"),
        shown: Shown::Basic(1),
    }
    /// Delay that the next stream takes; one that runs keeps its own.
    latency: LatencyMode = LatencyMode::Standard;
    {
        id: "latency",
        name: "Latency",
        help: "Delay against quality; changing it makes the host restart the plugin.",
        kind: Kind::Choice(Variants::of::<LatencyMode>()),
        flag: Flag::Value("latency"),
        former_flag: "mode",
        shown: Shown::Basic(2),
        scope: Scope::Stream,
    }
    /// Sends the delayed input to the output, untouched.
    bypass: bool = false;
    {
        id: "bypass",
        name: "Bypass",
        help: "The sound as it came, equally late.",
        scope: Scope::Session,
    }
}
}

/// How far a node of the curve shifts the threshold.
const fn offset<const NODE: usize>(id: &'static str, name: &'static str) -> Setting {
    Row {
        id,
        name,
        help: "Shifts the threshold there: up takes away more, down protects. For hiss raise it \
               above 5 kHz, for rumble below 200 Hz.",
        kind: number(Unit::Decibel, -24.0, 24.0),
        flag: Flag::Curve,
        page: Some((Page::Threshold, NODE as u8)),
        limits: &ThresholdNode::OFFSET_LIMITS_DB,
        get: |settings| settings.curve.nodes[NODE].offset_db,
        set: |settings, plain| settings.curve.nodes[NODE].offset_db = plain,
        ..USUAL
    }
}

/// Where a node of the curve stands.
const fn frequency<const NODE: usize>(id: &'static str, name: &'static str) -> Setting {
    Row {
        id,
        name,
        help: "Where that node stands.",
        kind: Kind::Number(Number {
            unit: Unit::Hertz,
            min: 20.0,
            max: 20_000.0,
            scale: Scale::Octaves,
            is_more_below: false,
        }),
        flag: Flag::Curve,
        limits: &ThresholdNode::LIMITS_HZ,
        get: |settings| settings.curve.nodes[NODE].hz,
        set: |settings, plain| settings.curve.nodes[NODE].hz = plain,
        ..USUAL
    }
}

impl Setting {
    /// The default, in the setting's unit.
    pub fn default_plain(&self) -> f32 {
        self.plain(&Settings::default())
    }

    /// The default as help texts name it.
    pub fn default_text(&self) -> String {
        self.short_text(self.default_plain())
    }
}

/// Place of a setting in the table, known while the program is compiled: `const MIX: usize =
/// place_of("mix")`.
///
/// # Panics
/// Where no row has this id, which in a constant ends the compilation.
pub const fn place_of(id: &str) -> usize {
    let mut idx = 0;
    while idx < TABLE.len() {
        if is_same(TABLE[idx].id.as_bytes(), id.as_bytes()) {
            return idx;
        }
        idx += 1;
    }
    panic!("no setting has this id");
}

const fn is_same(a: &[u8], b: &[u8]) -> bool {
    let mut idx = 0;
    while idx < a.len() && idx < b.len() && a[idx] == b[idx] {
        idx += 1;
    }
    idx == a.len() && idx == b.len()
}
