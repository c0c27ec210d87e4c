//! Gate and network together, joined bin by bin. Where the noise is only followed, the gate does
//! not know it well enough to help: there the network is alone.

use crate::config;

/// Adds the share of the joined mask; `spread_db` is that of the noise, if it is not only followed.
pub(super) fn add(
    sum: &mut [f32],
    share: f32,
    gate: &[f32],
    network: &[f32],
    spread_db: Option<&[f32]>,
) {
    let Some(spread_db) = spread_db else { return super::add(sum, share, network) };
    let bins = gate.iter().zip(network).zip(spread_db);
    for (sum, ((gate, network), spread_db)) in sum.iter_mut().zip(bins) {
        *sum += share * join(*gate, *network, *spread_db);
    }
}

/// Joins the masks of gate and network in one bin: the square of the weighted mean of their roots,
/// which leans to the smaller of the two. Steady noise is what the gate knows best; where the noise
/// swells, the network counts for more yet.
fn join(gate: f32, network: f32, spread_db: f32) -> f32 {
    let excess_db = spread_db - config::GAUSSIAN_LOG_STD_DB;
    let share = config::HYBRID_NETWORK_SHARE + config::HYBRID_SHARE_PER_DB * excess_db;
    let root = gate.sqrt() + share.clamp(0.0, 1.0) * (network.sqrt() - gate.sqrt());
    root * root
}
