//! Slots: the four places that a stream has for prints, and what is in force at a place between
//! two of them.

use std::sync::Arc;

use crate::config::PROFILE_BIN_HZ;
use crate::profile::{BinProfile, NoiseProfile};

/// How many there are.
pub const N_SLOTS: usize = 4;
/// What they are called.
pub const NAMES: [&str; N_SLOTS] = ["A", "B", "C", "D"];

/// What there is one of for each slot.
pub type Slots<T> = [T; N_SLOTS];

/// Nearer to a slot than this is on it: less would be shown as nothing.
const ON_IT: f32 = 0.005;

/// The slot below a position, and how far it is on the way to the next, 0 to 1: 0 on a slot.
fn split(position: f32) -> (usize, f32) {
    let position = position.clamp(0.0, (N_SLOTS - 1) as f32);
    let share = position.fract();
    match position as usize {
        below if share < ON_IT => (below, 0.0),
        below if share > 1.0 - ON_IT => (below + 1, 0.0),
        below => (below, share),
    }
}

/// The slot that a position is nearest to: what is captured there goes into it.
pub fn nearest(position: f32) -> usize {
    let (below, share) = split(position);
    below + usize::from(share >= 0.5)
}

/// How much each slot's print counts at a position; nothing where no print is in force.
///
/// On a slot it is the slot's own, and none where it is empty. Between two slots both count, in
/// decibels; where one of them is empty the other counts alone.
pub fn weights(position: f32, is_filled: Slots<bool>) -> Option<Slots<f32>> {
    let (below, share) = split(position);
    let above = below + usize::from(share > 0.0);
    let share = match (is_filled[below], is_filled[above]) {
        (true, true) => share,
        (true, false) => 0.0,
        (false, true) => 1.0,
        (false, false) => return None,
    };
    let mut weights = [0.0; N_SLOTS];
    weights[above] += share;
    weights[below] += 1.0 - share;
    Some(weights)
}

/// The print in force at a position, made of those in the slots.
pub fn in_force(
    position: f32,
    prints: &Slots<Option<Arc<NoiseProfile>>>,
) -> Option<Arc<NoiseProfile>> {
    let weights = weights(position, prints.each_ref().map(Option::is_some))?;
    let mut parts = prints.iter().zip(weights).filter(|(_, weight)| *weight > 0.0);
    let (first, _) = parts.next()?;
    let Some((second, share)) = parts.next() else { return first.clone() };
    let mut print = mix(first.as_ref()?, second.as_ref()?, share);
    print.about_mut().name = text(position);
    Some(Arc::new(print))
}

/// The print on the way from one to another, `share` of it: levels and spreads in between, in
/// decibels, on the larger layout. Its verdict is that of the nearer one.
fn mix(from: &NoiseProfile, to: &NoiseProfile, share: f32) -> NoiseProfile {
    let n_channels = from.n_channels().max(to.n_channels());
    let n_bins = from.n_bins().max(to.n_bins());
    let on_common_bins = |print: &NoiseProfile| -> Vec<BinProfile> {
        let channel = |idx: usize| {
            let mut out = BinProfile::new(n_bins);
            print.resolve(idx, n_channels, PROFILE_BIN_HZ, &mut out);
            out
        };
        (0..n_channels).map(channel).collect()
    };
    let mut levels = on_common_bins(from);
    for (levels, to) in levels.iter_mut().zip(&on_common_bins(to)) {
        levels.scale(1.0 - share);
        levels.add(to, share);
    }
    let between = |from: f32, to: f32| from + (to - from) * share;
    let mut print = NoiseProfile::default();
    print.fill_from(&levels, PROFILE_BIN_HZ, between(from.seconds(), to.seconds()));
    let dbfs = from.about().level_dbfs.zip(to.about().level_dbfs);
    let nearer = if share < 0.5 { from } else { to };
    print.describe(dbfs.map(|(from, to)| between(from, to)), nearer.about().verdict);
    print
}

/// A position as it is shown: `A`, `A → B 50 %`.
pub fn text(position: f32) -> String {
    let (below, share) = split(position);
    if share == 0.0 {
        return NAMES[below].to_owned();
    }
    let percent = (share * 100.0).round().clamp(1.0, 99.0);
    format!("{} \u{2192} {} {percent} %", NAMES[below], NAMES[below + 1])
}

/// Reads what [`text`] writes, a letter, or a number from 0 to 3.
pub fn parse(text: &str) -> Option<f32> {
    let place = |name: &str| NAMES.iter().position(|known| known.eq_ignore_ascii_case(name));
    let text = text.trim().replace(',', ".");
    if let Some(place) = place(&text) {
        return Some(place as f32);
    }
    let Some((below, rest)) = text.split_once(['\u{2192}', '>']) else {
        let number = text.parse().ok()?;
        return (0.0..=(N_SLOTS - 1) as f32).contains(&number).then_some(number);
    };
    let below = place(below.trim_end_matches(['-', ' ']))?;
    let (above, percent) = rest.trim().split_at_checked(1)?;
    let percent: f32 = percent.trim().trim_end_matches('%').trim_end().parse().ok()?;
    let is_next = place(above)? == below + 1 && (0.0..=100.0).contains(&percent);
    is_next.then_some(below as f32 + percent / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_shown_and_read_as_people_say_it() {
        for (position, shown) in [
            (0.0, "A"),
            (0.004, "A"),
            (0.5, "A \u{2192} B 50 %"),
            (0.994, "A \u{2192} B 99 %"),
            (0.996, "B"),
            (1.000_000_1, "B"),
            (2.25, "C \u{2192} D 25 %"),
            (3.0, "D"),
            (7.0, "D"),
        ] {
            assert_eq!(text(position), shown);
            assert_eq!(text(parse(shown).unwrap()), shown);
        }
        for (text, position) in
            [("b", 1.0), (" D ", 3.0), ("1,5", 1.5), ("a->b 30%", 0.3), ("B > C 100 %", 2.0)]
        {
            assert_eq!(parse(text), Some(position), "{text}");
        }
        for junk in ["", "E", "never", "3.1", "-1", "NaN", "A \u{2192} C 5 %", "A \u{2192}", "D > "]
        {
            assert_eq!(parse(junk), None, "{junk}");
        }
    }

    #[test]
    fn between_two_prints_both_count_and_beside_an_empty_slot_the_other_alone() {
        let all = [true; N_SLOTS];
        assert_eq!(weights(0.0, all), Some([1.0, 0.0, 0.0, 0.0]));
        assert_eq!(weights(2.25, all), Some([0.0, 0.0, 0.75, 0.25]));
        assert_eq!(weights(3.0, all), Some([0.0, 0.0, 0.0, 1.0]));
        let a_and_d = [true, false, false, true];
        assert_eq!(weights(0.9, a_and_d), Some([1.0, 0.0, 0.0, 0.0]), "the one that is there");
        assert_eq!(weights(2.1, a_and_d), Some([0.0, 0.0, 0.0, 1.0]));
        for none in [1.0, 1.5, 2.0, 0.999, 1.003] {
            assert_eq!(weights(none, a_and_d), None, "{none}");
        }
    }

    #[test]
    fn a_mix_lies_between_in_decibels_on_the_larger_layout() {
        let flat = |n_channels: usize, n_bins: usize, level_db: f32, std_db: f32, seconds: f32| {
            let n = n_channels * n_bins;
            let levels = (vec![level_db; n], vec![std_db; n]);
            NoiseProfile::new(n_channels, n_bins, levels.0, levels.1, seconds).unwrap()
        };
        let (quiet, loud) = (flat(1, 321, -80.0, 5.0, 1.0), flat(2, 961, -40.0, 9.0, 3.0));
        let between = mix(&quiet, &loud, 0.25);
        let size = (between.n_channels(), between.n_bins(), between.seconds());
        assert_eq!(size, (2, 961, 1.5));
        assert!(between.mean_db().iter().all(|level| (level + 70.0).abs() < 1e-4));
        assert!(between.std_db().iter().all(|std| (std - 6.0).abs() < 1e-5));
        assert_eq!(mix(&quiet, &quiet, 0.5), quiet);
    }

    #[test]
    fn a_capture_goes_into_the_nearest() {
        for (position, slot) in [(0.0, 0), (0.49, 0), (0.5, 1), (2.6, 3), (3.0, 3), (9.0, 3)] {
            assert_eq!(nearest(position), slot, "{position}");
        }
    }
}
