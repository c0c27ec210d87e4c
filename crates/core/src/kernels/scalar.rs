//! The reference.

use super::{BLOCK_INPUTS, BLOCK_LEN, BLOCK_OUTPUTS, PackedWeights};

pub(super) fn multiply(
    weights: &PackedWeights<'_>,
    activations: &[u8],
    stride: usize,
    sums: &mut [i32],
) {
    let row_blocks = weights.n_inputs / BLOCK_INPUTS * BLOCK_LEN;
    for (row_idx, sums) in sums.chunks_exact_mut(weights.n_outputs).enumerate() {
        let row = &activations[row_idx * stride..][..weights.n_inputs];
        let outputs = sums.chunks_exact_mut(BLOCK_OUTPUTS);
        for (sums, blocks) in outputs.zip(weights.bytes.chunks_exact(row_blocks)) {
            sums.fill(0);
            for (block, quad) in blocks.chunks_exact(BLOCK_LEN).zip(row.chunks_exact(BLOCK_INPUTS))
            {
                for (sum, weights) in sums.iter_mut().zip(block.chunks_exact(BLOCK_INPUTS)) {
                    for (weight, activation) in weights.iter().zip(quad) {
                        *sum += i32::from(*weight as i8) * i32::from(*activation);
                    }
                }
            }
        }
    }
}
