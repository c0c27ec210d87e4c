//! What older states leave unsaid, said as it was meant.

use quell_core::{Choice, Engine, ThresholdCurve};
use serde_json::{Map, Value};

use super::number;

/// What makes the values of an older state sound as they did, in the order in which the format
/// grew.
pub(super) const MIGRATIONS: [fn(&mut Map<String, Value>); 3] =
    [add_inner_nodes, keep_hum, name_engine];

/// States from before the threshold had six nodes know the second, fourth and sixth; the others
/// then lie on the lines between.
fn add_inner_nodes(params: &mut Map<String, Value>) {
    const INNER: [(&str, usize); 3] = [("thr_1", 0), ("thr_3", 2), ("thr_5", 4)];
    if INNER.iter().any(|(id, _)| params.contains_key(*id)) {
        return;
    }
    let offset_db = |id: &str| params.get(id).and_then(Value::as_f64).unwrap_or(0.0) as f32;
    let [low, mid, high] = ["thr_low", "thr_mid", "thr_high"].map(offset_db);
    let curve = ThresholdCurve::from_three(low, mid, high);
    for (id, node_idx) in INNER {
        params.insert(id.to_owned(), number(curve.nodes[node_idx].offset_db));
    }
}

/// The default of what was called the floor, before there was another engine than the gates.
const GATES_FLOOR_DB: f32 = -24.0;

/// States that name no engine, or no reduction in decibels, were made when both were the gate's.
fn name_engine(params: &mut Map<String, Value>) {
    params.entry("engine").or_insert_with(|| Value::from(Engine::Gate.id()));
    params.entry("floor").or_insert_with(|| number(GATES_FLOOR_DB));
}

/// States from before hum could be removed.
fn keep_hum(params: &mut Map<String, Value>) {
    params.entry("hum").or_insert(Value::Bool(false));
}
