//! Products on 256-bit registers of x86-64, once for each way to add four products.

/// Rows that share one pass over the weights.
const ROWS: usize = 4;

/// A module `$name` whose `multiply` uses `$add_products` and needs `$features`.
macro_rules! products_in_256_bits {
    ($(#[$doc:meta])* $name:ident, $features:literal, $add_products:item) => {
        $(#[$doc])*
        pub(super) mod $name {
            use std::arch::x86_64::*;

            use super::ROWS;
            use crate::kernels::{BLOCK_INPUTS, BLOCK_LEN, BLOCK_OUTPUTS, PackedWeights};

            /// # Safety
            /// The processor has the features, `sums` is whole rows of `weights.n_outputs`, and
            /// `activations` reaches to the end of the last row.
            #[target_feature(enable = $features)]
            pub(in crate::kernels) unsafe fn multiply(
                weights: &PackedWeights<'_>,
                activations: &[u8],
                stride: usize,
                sums: &mut [i32],
            ) {
                let mut first_row = 0;
                for sums in sums.chunks_mut(ROWS * weights.n_outputs) {
                    let rows = &activations[first_row * stride..];
                    // SAFETY: as for this function; the chunk holds that many whole rows.
                    unsafe {
                        match sums.len() / weights.n_outputs {
                            4 => multiply_rows::<4>(weights, rows, stride, sums),
                            3 => multiply_rows::<3>(weights, rows, stride, sums),
                            2 => multiply_rows::<2>(weights, rows, stride, sums),
                            _ => multiply_rows::<1>(weights, rows, stride, sums),
                        }
                    }
                    first_row += ROWS;
                }
            }

            /// # Safety
            /// As for [`multiply`], with `N` rows.
            #[target_feature(enable = $features)]
            unsafe fn multiply_rows<const N: usize>(
                weights: &PackedWeights<'_>,
                activations: &[u8],
                stride: usize,
                sums: &mut [i32],
            ) {
                let blocks_len = weights.n_inputs / BLOCK_INPUTS * BLOCK_LEN;
                for (block_idx, blocks) in weights.bytes.chunks_exact(blocks_len).enumerate() {
                    let mut totals = [_mm256_setzero_si256(); N];
                    for (quad_idx, block) in blocks.chunks_exact(BLOCK_LEN).enumerate() {
                        // SAFETY: a chunk is 32 bytes long.
                        let block = unsafe { _mm256_loadu_si256(block.as_ptr().cast()) };
                        for (row_idx, total) in totals.iter_mut().enumerate() {
                            let start = row_idx * stride + quad_idx * BLOCK_INPUTS;
                            let quad = activations.as_ptr().wrapping_add(start).cast::<i32>();
                            // SAFETY: `start + 4` is at most the end of row `row_idx`, which the
                            // caller guarantees to lie within `activations`.
                            let quad = unsafe { quad.read_unaligned() };
                            *total = add_products(*total, _mm256_set1_epi32(quad), block);
                        }
                    }
                    for (row_idx, total) in totals.into_iter().enumerate() {
                        let start = row_idx * weights.n_outputs + block_idx * BLOCK_OUTPUTS;
                        let out = &mut sums[start..start + BLOCK_OUTPUTS];
                        // SAFETY: `out` holds the eight sums that are written.
                        unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), total) };
                    }
                }
            }

            #[inline]
            #[target_feature(enable = $features)]
            $add_products
        }
    };
}

products_in_256_bits!(
    /// AVX2: `maddubs` multiplies bytes and adds pairs in 16 bits, `madd` adds those in 32.
    /// `PackedWeights` bounds the pairs, so that the 16-bit sums never saturate.
    avx2,
    "avx2",
    fn add_products(totals: __m256i, activations: __m256i, weights: __m256i) -> __m256i {
        let pairs = _mm256_maddubs_epi16(activations, weights);
        _mm256_add_epi32(totals, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
    }
);

products_in_256_bits!(
    /// AVX-512 VNNI: `vpdpbusd` does four products and their sum at once and does not saturate.
    vnni,
    "avx2,avx512vnni,avx512vl",
    fn add_products(totals: __m256i, activations: __m256i, weights: __m256i) -> __m256i {
        _mm256_dpbusd_epi32(totals, activations, weights)
    }
);
