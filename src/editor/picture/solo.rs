//! The band of a node, heard alone.

use std::ops::Range;

use egui::{CornerRadius, Painter, Rect, pos2};

use crate::editor::picture::axes::{Axes, hz_text};
use crate::editor::theme::{Theme, faded};
use crate::params::QuellParams;

/// What ears can hear, Hz.
const HEARD_HZ: Range<f32> = 20.0..20_000.0;
/// A band is at least this wide, as a ratio of its edges: a third of an octave.
const LEAST_RATIO: f32 = 1.26;

/// Half the way to the nodes beside it; what lies beyond the outermost is theirs.
pub(in crate::editor) fn band_of(params: &QuellParams, node: usize) -> Range<f32> {
    let hz = params.nodes().map(|(hz, _)| hz.plain());
    let own = hz[node];
    let others = || hz.iter().copied().enumerate().filter(|(idx, _)| *idx != node);
    let below = others().map(|(_, hz)| hz).filter(|hz| *hz < own).reduce(f32::max);
    let above = others().map(|(_, hz)| hz).filter(|hz| *hz > own).reduce(f32::min);
    let half = LEAST_RATIO.sqrt();
    let low = below.map_or(HEARD_HZ.start, |hz| (hz * own).sqrt().min(own / half));
    let high = above.map_or(HEARD_HZ.end, |hz| (hz * own).sqrt().max(own * half));
    low..high
}

/// What is said over the picture.
pub(in crate::editor) fn banner(band_hz: &Range<f32>) -> String {
    format!("You hear {} to {} alone", hz_text(band_hz.start), hz_text(band_hz.end))
}

/// Darkens what is not heard.
pub(in crate::editor) fn shade(painter: &Painter, t: &Theme, axes: &Axes, band_hz: &Range<f32>) {
    let (left, right) = (axes.x(band_hz.start), axes.x(band_hz.end));
    let [low, high] = [(axes.rect.left(), left), (right, axes.rect.right())];
    for (from, to) in [low, high] {
        if to > from {
            let y = axes.rect.y_range();
            let place = Rect::from_min_max(pos2(from, y.min), pos2(to, y.max));
            painter.rect_filled(place, CornerRadius::ZERO, faded(t.ground, 0.7));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_lie_side_by_side_and_never_vanish() {
        let params = QuellParams::default();
        let bands: Vec<_> = (0..6).map(|node| band_of(&params, node)).collect();
        assert_eq!((bands[0].start, bands[5].end), (20.0, 20_000.0));
        for pair in bands.windows(2) {
            assert!((pair[0].end / pair[1].start - 1.0).abs() < 1e-3, "{pair:?}");
        }
        // Two nodes on one another.
        let (hz, _) = params.nodes()[2];
        let (other_hz, _) = params.nodes()[3];
        hz.set_normalized(hz.normalize(other_hz.plain() * 0.999));
        let band = band_of(&params, 3);
        assert!(band.end / band.start > LEAST_RATIO, "{band:?}");
    }
}
