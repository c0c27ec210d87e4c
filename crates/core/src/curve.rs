//! The threshold's shape over frequency: six nodes, straight lines over log frequency between them,
//! level beyond the outermost.

use crate::config;

/// Nodes of the curve.
pub const N_NODES: usize = 6;

/// One point of the curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThresholdNode {
    /// Where it stands, Hz.
    pub hz: f32,
    /// Shift of the threshold there, dB; up takes away more.
    pub offset_db: f32,
}

/// The value inside its range, or the default where it is no number.
pub(crate) fn within(value: f32, [low, high]: [f32; 2], default: f32) -> f32 {
    if value.is_finite() { value.clamp(low, high) } else { default }
}

impl ThresholdNode {
    /// Where the curve can have nodes, Hz.
    pub const LIMITS_HZ: [f32; 2] = [1.0, 1e6];
    /// How far it can shift the threshold, dB.
    pub const OFFSET_LIMITS_DB: [f32; 2] = [-60.0, 60.0];
}

/// Six nodes in any order; where two share a frequency, the later one holds from there on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThresholdCurve {
    /// The nodes as they were set.
    pub nodes: [ThresholdNode; N_NODES],
}

impl Default for ThresholdCurve {
    fn default() -> Self {
        Self { nodes: config::NODE_HZ.map(|hz| ThresholdNode { hz, offset_db: 0.0 }) }
    }
}

impl ThresholdCurve {
    /// The curve of older states: shifts at 200 Hz, 1.2 kHz and 7 kHz, which are the nodes 2, 4
    /// and 6; the others lie on the lines between.
    pub fn from_three(low_db: f32, mid_db: f32, high_db: f32) -> Self {
        let mut curve = Self::default();
        let known = [(1, low_db), (3, mid_db), (5, high_db)];
        for (idx, offset_db) in known {
            curve.nodes[idx].offset_db = offset_db;
        }
        let lines = Sorted::new(&[curve.nodes[1], curve.nodes[3], curve.nodes[5]]);
        for idx in [0, 2, 4] {
            curve.nodes[idx].offset_db = lines.at(curve.nodes[idx].hz.ln());
        }
        curve
    }

    /// Up to six points; where there are fewer, the last one stands for the rest.
    pub fn from_points(points: &[ThresholdNode]) -> Option<Self> {
        let last = *points.last()?;
        let mut nodes = [last; N_NODES];
        nodes.get_mut(..points.len())?.copy_from_slice(points);
        Some(Self { nodes })
    }

    /// Shift of the threshold at a frequency, dB.
    pub fn offset_db_at(&self, hz: f32) -> f32 {
        Sorted::new(&self.nodes).at(hz.max(1.0).ln())
    }

    /// Writes the shift of every bin, whose frequencies come as logarithms in rising order.
    pub(crate) fn write(&self, log_hz: &[f32], out: &mut [f32]) {
        let sorted = Sorted::new(&self.nodes);
        for (out, &log_hz) in out.iter_mut().zip(log_hz) {
            *out = sorted.at(log_hz);
        }
    }

    /// The curve with every number finite and in range.
    pub(crate) fn sanitised(mut self) -> Self {
        for (node, default_hz) in self.nodes.iter_mut().zip(config::NODE_HZ) {
            node.hz = within(node.hz, ThresholdNode::LIMITS_HZ, default_hz);
            node.offset_db = within(node.offset_db, ThresholdNode::OFFSET_LIMITS_DB, 0.0);
        }
        self
    }
}

/// The nodes in the order of their frequencies, as logarithms.
struct Sorted<const N: usize> {
    points: [(f32, f32); N],
}

impl<const N: usize> Sorted<N> {
    fn new(nodes: &[ThresholdNode; N]) -> Self {
        let mut points = nodes.map(|node| (node.hz.max(1.0).ln(), node.offset_db));
        // By insertion: stable, and it needs no memory.
        for end in 1..N {
            let mut idx = end;
            while idx > 0 && points[idx - 1].0 > points[idx].0 {
                points.swap(idx - 1, idx);
                idx -= 1;
            }
        }
        Self { points }
    }

    fn at(&self, log_hz: f32) -> f32 {
        let (first, last) = (self.points[0], self.points[N - 1]);
        if log_hz < first.0 {
            return first.1;
        }
        for pair in self.points.windows(2) {
            let ((from, from_db), (to, to_db)) = (pair[0], pair[1]);
            if log_hz < to {
                return from_db + (to_db - from_db) * (log_hz - from) / (to - from);
            }
        }
        last.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(actual: f32, expected: f32) {
        assert!((actual - expected).abs() < 1e-4, "{actual} instead of {expected}");
    }

    /// The closed form that states with three shifts were made with.
    fn three(low: f64, mid: f64, high: f64, hz: f64) -> f64 {
        let corners = [200f64, 1_200.0, 7_000.0].map(f64::ln);
        let rise = |a: f64, b: f64| ((hz.max(1.0).ln() - a) / (b - a)).clamp(0.0, 1.0);
        let (first, second) = (rise(corners[0], corners[1]), rise(corners[1], corners[2]));
        low * (1.0 - first) + mid * (first - second) + high * second
    }

    #[test]
    fn three_old_shifts_give_the_old_curve() {
        let curve = ThresholdCurve::from_three(-6.0, 3.0, 11.0);
        for bin_idx in 0..4_000 {
            let hz = bin_idx as f64 * 25.0;
            near(curve.offset_db_at(hz as f32), three(-6.0, 3.0, 11.0, hz) as f32);
        }
    }

    #[test]
    fn lines_run_straight_over_log_frequency_in_any_order_of_nodes() {
        let node = |hz: f32, offset_db: f32| ThresholdNode { hz, offset_db };
        let points = [node(4_000.0, 12.0), node(1_000.0, 0.0), node(4_000.0, -4.0)];
        let curve = ThresholdCurve::from_points(&points).unwrap();
        near(curve.offset_db_at(10.0), 0.0);
        near(curve.offset_db_at(2_000.0), 6.0);
        near(curve.offset_db_at(3_999.99), 12.0);
        near(curve.offset_db_at(4_000.0), -4.0);
        near(curve.offset_db_at(20_000.0), -4.0);
        assert_eq!(ThresholdCurve::from_points(&[]), None);
        assert_eq!(ThresholdCurve::from_points(&[points[0]; 7]), None);
    }

    #[test]
    fn no_number_is_too_wild() {
        let mut curve = ThresholdCurve::default();
        curve.nodes[0] = ThresholdNode { hz: f32::NAN, offset_db: f32::INFINITY };
        curve.nodes[5] = ThresholdNode { hz: -1.0, offset_db: 1e9 };
        let curve = curve.sanitised();
        assert_eq!(curve.nodes[0].offset_db, 0.0);
        assert!(curve.offset_db_at(0.0).is_finite() && curve.offset_db_at(1e9).is_finite());
    }
}
