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
                            4 => multiply_rows::<4, 2>(weights, rows, stride, sums),
                            3 => multiply_rows::<3, 2>(weights, rows, stride, sums),
                            2 => multiply_rows::<2, 4>(weights, rows, stride, sums),
                            _ => multiply_rows::<1, 8>(weights, rows, stride, sums),
                        }
                    }
                    first_row += ROWS;
                }
            }

            /// # Safety
            /// As for [`multiply`], with `N` rows; `B` blocks of outputs go side by side, so that
            /// no sum waits for the one before.
            #[target_feature(enable = $features)]
            unsafe fn multiply_rows<const N: usize, const B: usize>(
                weights: &PackedWeights<'_>,
                activations: &[u8],
                stride: usize,
                sums: &mut [i32],
            ) {
                let len = weights.n_inputs / BLOCK_INPUTS * BLOCK_LEN;
                let groups = weights.bytes.chunks_exact(B * len);
                let rest = groups.remainder().chunks_exact(len);
                let mut first_output = weights.n_outputs - rest.len() * BLOCK_OUTPUTS;
                for (group_idx, group) in groups.enumerate() {
                    let first_output = group_idx * B * BLOCK_OUTPUTS;
                    // SAFETY: as for this function; a group is `B` blocks.
                    let totals = unsafe { totals::<N, B>(group, len, activations, stride) };
                    write(&totals, weights.n_outputs, first_output, sums);
                }
                for block in rest {
                    // SAFETY: as above.
                    let totals = unsafe { totals::<N, 1>(block, len, activations, stride) };
                    write(&totals, weights.n_outputs, first_output, sums);
                    first_output += BLOCK_OUTPUTS;
                }
            }

            /// Sums of `B` blocks of outputs, each `len` bytes of weights, for `N` rows.
            ///
            /// # Safety
            /// The processor has the features, `blocks` is `B * len` bytes, and each of the rows,
            /// `stride` apart, has as many activations as a block has inputs.
            #[inline]
            #[target_feature(enable = $features)]
            unsafe fn totals<const N: usize, const B: usize>(
                blocks: &[u8],
                len: usize,
                activations: &[u8],
                stride: usize,
            ) -> [[__m256i; B]; N] {
                let mut totals = [[_mm256_setzero_si256(); B]; N];
                for quad_idx in 0..len / BLOCK_LEN {
                    let quads: [__m256i; N] = core::array::from_fn(|row_idx| {
                        let start = row_idx * stride + quad_idx * BLOCK_INPUTS;
                        let quad = activations.as_ptr().wrapping_add(start).cast::<i32>();
                        // SAFETY: `start + 4` is at most the end of row `row_idx`, which the caller
                        // guarantees to lie within `activations`.
                        _mm256_set1_epi32(unsafe { quad.read_unaligned() })
                    });
                    for block_idx in 0..B {
                        let start = block_idx * len + quad_idx * BLOCK_LEN;
                        let block = blocks.as_ptr().wrapping_add(start).cast();
                        // SAFETY: `start + 32` is at most the end of the block, which the caller
                        // guarantees to lie within `blocks`.
                        let block = unsafe { _mm256_loadu_si256(block) };
                        for (totals, quad) in totals.iter_mut().zip(quads) {
                            totals[block_idx] = add_products(totals[block_idx], quad, block);
                        }
                    }
                }
                totals
            }

            /// Writes sums of every row to the outputs from `first_output` on.
            #[inline]
            #[target_feature(enable = $features)]
            fn write<const N: usize, const B: usize>(
                totals: &[[__m256i; B]; N],
                n_outputs: usize,
                first_output: usize,
                sums: &mut [i32],
            ) {
                for (row_idx, totals) in totals.iter().enumerate() {
                    let start = row_idx * n_outputs + first_output;
                    let out = sums[start..][..B * BLOCK_OUTPUTS].chunks_exact_mut(BLOCK_OUTPUTS);
                    for (out, total) in out.zip(totals) {
                        // SAFETY: `out` holds the eight sums that are written.
                        unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), *total) };
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
