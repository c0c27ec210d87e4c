//! The plugin's parameters: one for each row of [`quell_core::settings::TABLE`].
//!
//! Ids are for ever: projects and automation name parameters by them. So is the number of variants
//! of a choice, as VST3 stores automation as a share of the range; another engine would come with a
//! parameter of its own.

use std::ops::Index;
use std::sync::Arc;

use nice_plug::context::remote_controls::RemoteControlsPage;
use nice_plug::params::internals::ParamPtr;
use nice_plug::params::range::{FloatRange, IntRange};
use nice_plug::params::{BoolParam, FloatParam, IntParam, InternalParamMut, Param, Params};
use quell_core::curve::N_NODES;
use quell_core::settings::row::{Kind, Number, Page, Scale, ValueError, Variants};
use quell_core::settings::table::place_of;
use quell_core::settings::{Setting, TABLE};
use quell_core::{Geometry, Settings, ThresholdCurve};

/// Collects noise while on.
pub const CAPTURE: usize = place_of("capture");
/// Learns from what was heard last when it goes on.
pub const RECENT: usize = place_of("recent");
/// Captures join the print.
pub const ADD: usize = place_of("add");
/// Which slot's print is in force.
pub const SLOT: usize = place_of("slot");
/// How far the noise is turned down, dB.
pub const REDUCTION: usize = place_of("floor");
/// What the output is.
pub const MONITOR: usize = place_of("monitor");
/// Where the noise is known from.
pub const SOURCE: usize = place_of("source");
/// Algorithm that makes the mask.
pub const ENGINE: usize = place_of("engine");
/// The host's bypass.
pub const BYPASS: usize = place_of("bypass");
/// The first node's shift and frequency; the others follow.
const OFFSET_1: usize = place_of("thr_1");
const HZ_1: usize = place_of("thr_hz_1");

/// Everything that a host can show, automate and store, in the order of the table.
pub struct QuellParams {
    controls: Vec<Control>,
}

impl Default for QuellParams {
    fn default() -> Self {
        Self { controls: (0..TABLE.len()).map(Control::new).collect() }
    }
}

impl Index<usize> for QuellParams {
    type Output = Control;

    /// By the place in the table.
    fn index(&self, place: usize) -> &Control {
        &self.controls[place]
    }
}

// SAFETY: the pointers are those of parameters in a list that never changes, so they are valid as
// long as this object is.
unsafe impl Params for QuellParams {
    /// In the order of the table, but for a dial in front: hosts keep the share of the range that
    /// they set last, and pluginval holds the first parameter against it, which no switch can give
    /// back.
    fn param_map(&self) -> Vec<(String, ParamPtr, String)> {
        let entry = |control: &Control| (control.row.id.to_owned(), control.ptr(), String::new());
        let is_first = |control: &&Control| control.place() == REDUCTION;
        let first = self.controls.iter().filter(is_first);
        first.chain(self.controls.iter().filter(|c| !is_first(c))).map(entry).collect()
    }
}

impl QuellParams {
    /// All of them, in the order of the table.
    pub fn iter(&self) -> impl Iterator<Item = &Control> {
        self.controls.iter()
    }

    /// The values as the denoiser takes them.
    pub fn settings(&self) -> Settings {
        let mut settings = Settings::default();
        for control in &self.controls {
            control.row.set_plain(&mut settings, control.plain());
        }
        settings
    }

    /// Delay that the next stream will have at a rate, samples; 0 where no engine can be built.
    pub fn latency_samples_at(&self, sample_rate_hz: f64) -> u32 {
        let mode = self.settings().latency;
        Geometry::for_rate(sample_rate_hz)
            .map_or(0, |geometry| geometry.latency_samples(mode) as u32)
    }

    /// The nodes of the threshold: where each stands, and how far it shifts.
    pub fn nodes(&self) -> [(&Control, &Control); N_NODES] {
        std::array::from_fn(|idx| (&self[HZ_1 + idx], &self[OFFSET_1 + idx]))
    }

    /// The threshold's shape over frequency.
    pub fn curve(&self) -> ThresholdCurve {
        self.settings().curve
    }

    /// What stands on a page of remote controls, in order.
    pub fn on_page(&self, page: Page) -> Vec<&Control> {
        self.sorted(|row| row.page.filter(|(of, _)| *of == page).map(|(_, rank)| rank))
    }

    /// Those that have a rank, in its order.
    pub fn sorted(&self, rank: impl Fn(&Setting) -> Option<u8>) -> Vec<&Control> {
        let mut ranked: Vec<_> =
            self.iter().filter_map(|control| Some((rank(control.row)?, control))).collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        ranked.into_iter().map(|(_, control)| control).collect()
    }
}

// ---- One parameter -----------------------------------------------------------------------------

/// A parameter and the row it was made from.
pub struct Control {
    place: usize,
    row: &'static Setting,
    param: Kinds,
}

/// A choice is a whole number to the framework: the place of its variant.
enum Kinds {
    Number(FloatParam),
    Switch(BoolParam),
    Choice(IntParam),
}

/// The same call for all three kinds.
macro_rules! each {
    ($kinds:expr, $param:ident => $call:expr) => {
        match $kinds {
            Kinds::Number($param) => $call,
            Kinds::Switch($param) => $call,
            Kinds::Choice($param) => $call,
        }
    };
}

impl Control {
    fn new(place: usize) -> Self {
        let row = &TABLE[place];
        let param = match row.kind {
            Kind::Number(number) => Kinds::Number(number_param(row, number)),
            Kind::Switch if place == BYPASS => Kinds::Switch(switch_param(row).make_bypass()),
            Kind::Switch => Kinds::Switch(switch_param(row)),
            Kind::Choice(variants) => Kinds::Choice(choice_param(row, variants)),
        };
        Self { place, row, param }
    }

    /// Place in the table.
    pub fn place(&self) -> usize {
        self.place
    }

    /// What the table says of it.
    pub fn row(&self) -> &'static Setting {
        self.row
    }

    /// What it is now, in the setting's unit.
    pub fn plain(&self) -> f32 {
        match &self.param {
            Kinds::Number(param) => param.value(),
            Kinds::Switch(param) => f32::from(u8::from(param.value())),
            Kinds::Choice(param) => param.value() as f32,
        }
    }

    /// Whether a switch is on.
    pub fn is_on(&self) -> bool {
        self.plain() > 0.5
    }

    /// What is saved: the value without a host's modulation, in the setting's unit.
    pub fn saved_plain(&self) -> f32 {
        match &self.param {
            Kinds::Number(param) => param.unmodulated_plain_value(),
            Kinds::Switch(param) => f32::from(u8::from(param.unmodulated_plain_value())),
            Kinds::Choice(param) => param.unmodulated_plain_value() as f32,
        }
    }

    /// Sets it from a value in the setting's unit, from any thread; the host does not hear of it.
    pub fn set_plain(&self, plain: f32) {
        // SAFETY: the setters are marked as the framework's own; all they do is store to atomics.
        unsafe {
            match &self.param {
                Kinds::Number(param) => param._internal_set_plain_value(plain),
                Kinds::Switch(param) => param._internal_set_plain_value(plain > 0.5),
                Kinds::Choice(param) => param._internal_set_plain_value(plain as i32),
            }
        };
    }

    /// Sets it from a share of the range, from any thread; the host does not hear of it.
    pub fn set_normalized(&self, normalized: f32) {
        // SAFETY: as in `set_plain`.
        unsafe { each!(&self.param, param => param._internal_set_normalized_value(normalized)) };
    }

    /// The value without a host's modulation, as a share of the range.
    pub fn normalized(&self) -> f32 {
        each!(&self.param, param => param.unmodulated_normalized_value())
    }

    /// The default as a share of the range.
    pub fn default_normalized(&self) -> f32 {
        each!(&self.param, param => param.default_normalized_value())
    }

    /// A value in the setting's unit as a share of the range.
    pub fn normalize(&self, plain: f32) -> f32 {
        match &self.param {
            Kinds::Number(param) => param.preview_normalized(plain),
            Kinds::Switch(param) => param.preview_normalized(plain > 0.5),
            Kinds::Choice(param) => param.preview_normalized(plain as i32),
        }
    }

    /// A share of the range as text with its unit.
    pub fn text(&self, normalized: f32) -> String {
        each!(&self.param, param => param.normalized_value_to_string(normalized, true))
    }

    /// Reads what somebody wrote, as a share of the range.
    pub fn parse(&self, text: &str) -> Result<f32, ValueError> {
        self.row.parse(text).map(|plain| self.normalize(plain))
    }

    /// As the framework knows it; valid as long as the [`QuellParams`] that it belongs to.
    pub fn ptr(&self) -> ParamPtr {
        each!(&self.param, param => param.as_ptr())
    }

    /// Puts it on a page of a host's remote controls.
    pub fn add_to(&self, page: &mut impl RemoteControlsPage) {
        each!(&self.param, param => page.add_param(param));
    }
}

fn number_param(row: &'static Setting, number: Number) -> FloatParam {
    let Number { unit, min, max, scale, .. } = number;
    let skewed = |factor| FloatRange::Skewed { min, max, factor };
    let range = match scale {
        Scale::Even => FloatRange::Linear { min, max },
        Scale::Short => skewed(0.1f32.log(0.5).recip()),
        Scale::Octaves => skewed(0.5f32.log(((min * max).sqrt() - min) / (max - min))),
    };
    FloatParam::new(row.name, row.default_plain(), range)
        .with_unit(unit.suffix())
        .with_value_to_string(Arc::new(|value| row.text(value)))
        .with_string_to_value(Arc::new(|text| row.parse(text).ok()))
}

/// The framework reads any text as on or off; ours must be one of the two.
fn switch_param(row: &'static Setting) -> BoolParam {
    BoolParam::new(row.name, row.default_plain() > 0.5)
        .with_value_to_string(Arc::new(|is_on| row.text(f32::from(u8::from(is_on)))))
        .with_string_to_value(Arc::new(|text| row.parse(text).ok().map(|plain| plain > 0.5)))
}

fn choice_param(row: &'static Setting, variants: Variants) -> IntParam {
    let range = IntRange::Linear { min: 0, max: variants.len as i32 - 1 };
    IntParam::new(row.name, row.default_plain() as i32, range)
        .with_value_to_string(Arc::new(|value| row.text(value as f32)))
        .with_string_to_value(Arc::new(|text| row.parse(text).ok().map(|plain| plain as i32)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_parameters_are_the_cores_default_settings() {
        assert_eq!(QuellParams::default().settings(), Settings::default());
    }

    #[test]
    fn every_default_lies_inside_its_range() {
        for control in QuellParams::default().iter() {
            let normalized = control.default_normalized();
            assert!((0.0..=1.0).contains(&normalized), "{}: {normalized}", control.row.id);
        }
    }

    #[test]
    fn a_value_that_is_set_is_the_one_that_the_engine_gets_and_the_project_keeps() {
        for place in 0..TABLE.len() {
            let params = QuellParams::default();
            let plain = match TABLE[place].kind {
                Kind::Number(number) => number.min + 0.37 * (number.max - number.min),
                Kind::Switch => 1.0 - TABLE[place].default_plain(),
                Kind::Choice(_) => 1.0,
            };
            params[place].set_plain(plain);
            assert_eq!(params[place].saved_plain(), plain, "{}", TABLE[place].id);
            let mut expected = Settings::default();
            TABLE[place].set_plain(&mut expected, plain);
            assert_eq!(params.settings(), expected, "{}", TABLE[place].id);
        }
    }

    #[test]
    fn text_is_read_with_and_without_units() {
        let p = QuellParams::default();
        let near = |id: &str, text: &str, expected: f32| {
            let control = p.iter().find(|control| control.row.id == id).unwrap();
            control.set_plain(expected);
            let read = control.parse(text).unwrap();
            assert!((read - control.normalized()).abs() < 1e-5, "{id}: {text}");
        };
        near("floor", "-12", -12.0);
        near("floor", "\u{2212}12dB", -12.0);
        near("floor", "12", -12.0);
        near("gain", "12", 12.0);
        near("freq_smooth", "0.5 kHz", 500.0);
        near("attack", "0.04 s", 40.0);
        near("reduction", "87,5%", 87.5);
        near("engine", "Classic", 1.0);
        for junk in ["", "dB", "loud", "12 ms", "1e9e9", "NaN", "--3", "inf"] {
            assert!(p[REDUCTION].parse(junk).is_err(), "{junk:?}");
        }
    }

    #[test]
    fn shown_text_is_read_back_as_the_same_text() {
        for control in QuellParams::default().iter() {
            for step in 0..=200 {
                let shown = control.text(step as f32 / 200.0);
                let read = control.parse(&shown).expect("own text is readable");
                assert_eq!(control.text(read), shown, "{}", control.row.id);
            }
        }
    }

    #[test]
    fn pages_hold_what_the_table_says_in_its_order() {
        let params = QuellParams::default();
        let ids = |page| params.on_page(page).iter().map(|c| c.row.id).collect::<Vec<_>>();
        let main =
            ["capture", "floor", "reduction", "sensitivity", "source", "monitor", "mix", "gain"];
        assert_eq!(ids(Page::Main), main);
        assert_eq!(ids(Page::Mask)[..3], ["knee", "freq_smooth", "attack"]);
        assert_eq!(ids(Page::Threshold).len(), N_NODES);
    }
}
