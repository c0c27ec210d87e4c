//! Products of u8 activations and int8 weights, one implementation per instruction set.
//!
//! Every level gives the same 32-bit sums, bit for bit: the products are exact, and
//! [`PackedWeights`] refuses weights with which an instruction could saturate. This is the only
//! module of the crate that uses unsafe code. Holding a [`Kernel`] is the proof that the processor
//! has its level.
#![allow(unsafe_code)]

#[cfg(target_arch = "aarch64")]
mod neon;
mod scalar;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128;
#[cfg(target_arch = "x86_64")]
mod x86_64;

/// Outputs in one block of packed weights.
const BLOCK_OUTPUTS: usize = 8;
/// Inputs in one block of packed weights.
const BLOCK_INPUTS: usize = 4;
/// Bytes of one block of packed weights.
const BLOCK_LEN: usize = BLOCK_OUTPUTS * BLOCK_INPUTS;
/// Largest sum of the positive (or negative) parts of two adjacent weights: 255 · 128 is the last
/// pair of products that 16 bits hold.
pub const PAIR_LIMIT: i32 = 128;
/// Largest magnitude of a weight; −128 is not used.
pub const WEIGHT_LIMIT: i32 = 127;

/// An instruction set that the products can run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Plain Rust; the reference for all others.
    Scalar,
    /// x86-64 with AVX2.
    Avx2,
    /// x86-64 with AVX-512 VNNI on 256-bit registers.
    Vnni,
    /// AArch64; every such processor has it.
    Neon,
    /// WebAssembly built with `simd128`.
    Simd128,
}

impl Level {
    /// All levels, best first.
    pub const ALL: [Self; 5] = [Self::Vnni, Self::Avx2, Self::Neon, Self::Simd128, Self::Scalar];

    /// Whether this build on this processor can run it.
    pub fn is_available(self) -> bool {
        match self {
            Self::Scalar => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => std::arch::is_x86_feature_detected!("avx2"),
            #[cfg(target_arch = "x86_64")]
            Self::Vnni => {
                std::arch::is_x86_feature_detected!("avx2")
                    && std::arch::is_x86_feature_detected!("avx512vnni")
                    && std::arch::is_x86_feature_detected!("avx512vl")
            }
            #[cfg(target_arch = "aarch64")]
            Self::Neon => true,
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Self::Simd128 => true,
            #[allow(unreachable_patterns)] // which levels are left depends on the target
            _ => false,
        }
    }
}

/// Why bytes are not packed weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackError {
    /// Outputs are not a multiple of 8, or inputs not of 4, or either is zero.
    Shape {
        /// Outputs given.
        n_outputs: usize,
        /// Inputs given.
        n_inputs: usize,
    },
    /// The bytes do not fill the shape.
    Length {
        /// Bytes needed.
        expected: usize,
        /// Bytes given.
        actual: usize,
    },
    /// A weight or a pair of weights is so large that a product could saturate.
    Range {
        /// Position of the pair's first byte.
        byte_idx: usize,
        /// The pair.
        actual: [i8; 2],
    },
}

impl core::fmt::Display for PackError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Shape { n_outputs, n_inputs } => write!(
                f,
                "{n_outputs} outputs of {n_inputs} inputs: expected multiples of {BLOCK_OUTPUTS} \
                 and {BLOCK_INPUTS}"
            ),
            Self::Length { expected, actual } => {
                write!(f, "{actual} bytes of weights, expected {expected}")
            }
            Self::Range { byte_idx, actual } => write!(
                f,
                "weights {actual:?} at byte {byte_idx}: expected magnitudes to {WEIGHT_LIMIT} and \
                 like-signed sums to {PAIR_LIMIT}"
            ),
        }
    }
}

impl core::error::Error for PackError {}

/// Int8 weights in the order `[outputs/8][inputs/4][8][4]`, checked once.
#[derive(Clone, Copy, Debug)]
pub struct PackedWeights<'w> {
    bytes: &'w [u8],
    n_outputs: usize,
    n_inputs: usize,
}

impl<'w> PackedWeights<'w> {
    /// Borrows the bytes after checking everything that the kernels rely on.
    pub fn new(bytes: &'w [u8], n_outputs: usize, n_inputs: usize) -> Result<Self, PackError> {
        let fits = |n: usize, block: usize| n > 0 && n.is_multiple_of(block);
        if !fits(n_outputs, BLOCK_OUTPUTS) || !fits(n_inputs, BLOCK_INPUTS) {
            return Err(PackError::Shape { n_outputs, n_inputs });
        }
        let expected = n_outputs.saturating_mul(n_inputs);
        if bytes.len() != expected {
            return Err(PackError::Length { expected, actual: bytes.len() });
        }
        match bytes.chunks_exact(2).position(|pair| !is_pair_safe(pair[0] as i8, pair[1] as i8)) {
            None => Ok(Self { bytes, n_outputs, n_inputs }),
            Some(pair_idx) => {
                let byte_idx = 2 * pair_idx;
                let actual = [bytes[byte_idx] as i8, bytes[byte_idx + 1] as i8];
                Err(PackError::Range { byte_idx, actual })
            }
        }
    }

    /// Results per row.
    pub fn n_outputs(&self) -> usize {
        self.n_outputs
    }

    /// Activations per row.
    pub fn n_inputs(&self) -> usize {
        self.n_inputs
    }
}

fn is_pair_safe(first: i8, second: i8) -> bool {
    let (first, second) = (i32::from(first), i32::from(second));
    first.abs() <= WEIGHT_LIMIT
        && second.abs() <= WEIGHT_LIMIT
        && first.max(0) + second.max(0) <= PAIR_LIMIT
        && first.min(0) + second.min(0) >= -PAIR_LIMIT
}

/// The products on one level that the processor has.
#[derive(Clone, Copy, Debug)]
pub struct Kernel {
    level: Level,
}

impl Kernel {
    /// The kernel of a level, if the processor has it.
    pub fn new(level: Level) -> Option<Self> {
        level.is_available().then_some(Self { level })
    }

    /// The best kernel of this processor.
    pub fn best() -> Self {
        let level = Level::ALL.into_iter().find(|level| level.is_available());
        Self { level: level.unwrap_or(Level::Scalar) }
    }

    /// The level it runs on.
    pub fn level(self) -> Level {
        self.level
    }

    /// Multiplies overlapping rows of `activations` with the weights.
    ///
    /// Row `r` starts at `r * stride` and is as long as the weights have inputs; its sums go to
    /// `sums[r * n_outputs ..]`. As many rows are computed as `sums` holds.
    ///
    /// # Panics
    /// If `sums` is no whole number of rows or `activations` ends before the last row does.
    pub fn multiply(
        self,
        weights: &PackedWeights<'_>,
        activations: &[u8],
        stride: usize,
        sums: &mut [i32],
    ) {
        let n_rows = sums.len() / weights.n_outputs;
        assert_eq!(n_rows * weights.n_outputs, sums.len(), "sums are not whole rows");
        if n_rows == 0 {
            return;
        }
        let needed = (n_rows - 1) * stride + weights.n_inputs;
        assert!(activations.len() >= needed, "{} activations of {needed}", activations.len());
        match self.level {
            // SAFETY: `Kernel::new` and `best` gave this level only after detecting its features;
            // the lengths were checked above and in `PackedWeights::new`.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { x86_64::avx2::multiply(weights, activations, stride, sums) },
            // SAFETY: as for AVX2.
            #[cfg(target_arch = "x86_64")]
            Level::Vnni => unsafe { x86_64::vnni::multiply(weights, activations, stride, sums) },
            // SAFETY: as for AVX2.
            #[cfg(target_arch = "aarch64")]
            Level::Neon => unsafe { neon::multiply(weights, activations, stride, sums) },
            // SAFETY: as for AVX2; the module exists only where the whole build has the feature.
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Level::Simd128 => unsafe { simd128::multiply(weights, activations, stride, sums) },
            _ => scalar::multiply(weights, activations, stride, sums),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Weights whose pairs reach every corner of what is allowed.
    fn random_weights(random: &mut fastrand::Rng, len: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(len);
        while bytes.len() < len {
            let corner = [[127, 1], [-127, -1], [64, 64], [-64, -64], [127, -127], [-127, 127]];
            let pair = match random.u8(..4) {
                0 => corner[random.usize(..corner.len())],
                _ => [random.i8(-127..=127), random.i8(-127..=127)],
            };
            if is_pair_safe(pair[0], pair[1]) {
                bytes.extend(pair.map(|w| w as u8));
            }
        }
        bytes
    }

    /// Or the tests below would pass there without having run a kernel.
    #[cfg(any(target_arch = "aarch64", target_arch = "wasm32"))]
    #[test]
    fn a_processor_with_one_kernel_uses_it() {
        let own = if cfg!(target_arch = "aarch64") { Level::Neon } else { Level::Simd128 };
        assert_eq!(Kernel::best().level(), own);
    }

    #[test]
    fn every_level_agrees_with_the_scalar_one() {
        let levels: Vec<Kernel> = Level::ALL.into_iter().filter_map(Kernel::new).collect();
        assert!(levels.iter().any(|kernel| kernel.level() == Level::Scalar));
        let seed = 0x5eed;
        let mut random = fastrand::Rng::with_seed(seed);
        for round in 0..300 {
            let (n_outputs, n_inputs) = (8 * random.usize(1..13), 4 * random.usize(1..33));
            let (n_rows, stride) = (random.usize(1..10), random.usize(1..70));
            let bytes = random_weights(&mut random, n_outputs * n_inputs);
            let weights = PackedWeights::new(&bytes, n_outputs, n_inputs).unwrap();
            let is_extreme = random.bool();
            let activations: Vec<u8> = (0..(n_rows - 1) * stride + n_inputs)
                .map(|_| if is_extreme { 255 } else { random.u8(..) })
                .collect();
            let mut expected = vec![0; n_rows * n_outputs];
            scalar::multiply(&weights, &activations, stride, &mut expected);
            for kernel in &levels {
                let mut actual = vec![-1; n_rows * n_outputs];
                kernel.multiply(&weights, &activations, stride, &mut actual);
                assert_eq!(actual, expected, "{:?}, seed {seed}, round {round}", kernel.level());
            }
        }
    }

    #[test]
    fn the_scalar_level_is_a_matrix_product() {
        let (n_outputs, n_inputs) = (16, 8);
        let weight = |output: usize, input: usize| (output as i32 * 3 + input as i32) % 64;
        let mut bytes = Vec::new();
        for block in 0..n_outputs / 8 {
            for quad in 0..n_inputs / 4 {
                for output in 0..8 {
                    bytes.extend((0..4).map(|i| weight(block * 8 + output, quad * 4 + i) as u8));
                }
            }
        }
        let weights = PackedWeights::new(&bytes, n_outputs, n_inputs).unwrap();
        let activations: Vec<u8> = (10..10 + n_inputs as u8 + 4).collect();
        let mut sums = vec![0; 2 * n_outputs];
        scalar::multiply(&weights, &activations, 4, &mut sums);
        for (idx, sum) in sums.into_iter().enumerate() {
            let (row, output) = (idx / n_outputs, idx % n_outputs);
            let expected: i32 = (0..n_inputs)
                .map(|input| weight(output, input) * i32::from(activations[row * 4 + input]))
                .sum();
            assert_eq!(sum, expected, "row {row}, output {output}");
        }
    }

    #[test]
    fn weights_that_could_saturate_are_refused() {
        for pair in [[127, 2], [-64, -65], [-128, 0], [0, -128]] {
            let mut bytes = vec![0_u8; 32];
            bytes[6] = pair[0] as u8;
            bytes[7] = pair[1] as u8;
            let refusal = PackedWeights::new(&bytes, 8, 4).unwrap_err();
            assert_eq!(refusal, PackError::Range { byte_idx: 6, actual: pair });
        }
        assert!(matches!(PackedWeights::new(&[0; 32], 4, 8), Err(PackError::Shape { .. })));
        assert!(matches!(PackedWeights::new(&[0; 31], 8, 4), Err(PackError::Length { .. })));
        assert!(matches!(PackedWeights::new(&[], 0, 4), Err(PackError::Shape { .. })));
    }
}
