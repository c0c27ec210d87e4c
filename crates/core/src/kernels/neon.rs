//! NEON: bytes widened to 16 bits, where a product of u8 and int8 (at most 255 · 127) fits exactly;
//! pairs are added in 32 bits.

use std::arch::aarch64::*;

use super::{BLOCK_INPUTS, BLOCK_LEN, BLOCK_OUTPUTS, PackedWeights};

/// # Safety
/// `sums` is whole rows of `weights.n_outputs`, and `activations` reaches to the end of the last
/// row.
#[target_feature(enable = "neon")]
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
            let mut totals = [vdupq_n_s32(0); 4];
            for (block, quad) in blocks.chunks_exact(BLOCK_LEN).zip(row.chunks_exact(BLOCK_INPUTS))
            {
                let quad = u32::from_ne_bytes([quad[0], quad[1], quad[2], quad[3]]);
                let quad = vreinterpretq_s16_u16(vmovl_u8(vreinterpret_u8_u32(vdup_n_u32(quad))));
                for (total, two) in totals.iter_mut().zip(block.chunks_exact(8)) {
                    // SAFETY: a chunk is 8 bytes long.
                    let two = unsafe { vld1_s8(two.as_ptr().cast()) };
                    *total = vpadalq_s16(*total, vmulq_s16(quad, vmovl_s8(two)));
                }
            }
            let low = vpaddq_s32(totals[0], totals[1]);
            let high = vpaddq_s32(totals[2], totals[3]);
            // SAFETY: `sums` holds eight values.
            unsafe {
                vst1q_s32(sums.as_mut_ptr(), low);
                vst1q_s32(sums.as_mut_ptr().add(4), high);
            }
        }
    }
}
