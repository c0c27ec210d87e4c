//! WebAssembly SIMD: bytes widened to 16 bits, multiplied and added in pairs in 32 bits.

use std::arch::wasm32::*;

use super::{BLOCK_INPUTS, BLOCK_LEN, BLOCK_OUTPUTS, PackedWeights};

/// # Safety
/// `sums` is whole rows of `weights.n_outputs`, and `activations` reaches to the end of the last
/// row.
pub(super) unsafe fn multiply(
    weights: &PackedWeights<'_>,
    activations: &[u8],
    stride: usize,
    sums: &mut [i32],
) {
    let blocks_len = weights.n_inputs / BLOCK_INPUTS * BLOCK_LEN;
    for (row_idx, sums) in sums.chunks_exact_mut(weights.n_outputs).enumerate() {
        let row = &activations[row_idx * stride..][..weights.n_inputs];
        let outputs = sums.chunks_exact_mut(BLOCK_OUTPUTS);
        for (sums, blocks) in outputs.zip(weights.bytes.chunks_exact(blocks_len)) {
            let mut totals = [i32x4_splat(0); 4];
            for (block, quad) in blocks.chunks_exact(BLOCK_LEN).zip(row.chunks_exact(BLOCK_INPUTS))
            {
                let quad = u32::from_le_bytes([quad[0], quad[1], quad[2], quad[3]]);
                let quad = u16x8_extend_low_u8x16(u32x4_splat(quad));
                for (total, two) in totals.iter_mut().zip(block.chunks_exact(8)) {
                    // SAFETY: a chunk is 8 bytes long.
                    let two = unsafe { v128_load64_zero(two.as_ptr().cast()) };
                    let pairs = i32x4_dot_i16x8(quad, i16x8_extend_low_i8x16(two));
                    *total = i32x4_add(*total, pairs);
                }
            }
            store_pairs(totals[0], totals[1], &mut sums[..4]);
            store_pairs(totals[2], totals[3], &mut sums[4..]);
        }
    }
}

/// Adds neighbours: four sums out of eight halves.
fn store_pairs(first: v128, second: v128, out: &mut [i32]) {
    let even = i32x4_shuffle::<0, 2, 4, 6>(first, second);
    let odd = i32x4_shuffle::<1, 3, 5, 7>(first, second);
    let sums = i32x4_add(even, odd);
    out[0] = i32x4_extract_lane::<0>(sums);
    out[1] = i32x4_extract_lane::<1>(sums);
    out[2] = i32x4_extract_lane::<2>(sums);
    out[3] = i32x4_extract_lane::<3>(sums);
}
