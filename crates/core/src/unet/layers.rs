//! Layers in the arithmetic of `training/quell_training/quantise.py`.
//!
//! Byte products run in [`Kernel`]; everything after them is plain `f32` in a fixed order, so that
//! every level of the kernels gives the same bits.

use super::weights::{Weights, WeightsError};
use crate::kernels::{Kernel, PackedWeights};

/// u8 steps per unit of a GRU's state, which also is the byte of a state of zero.
const STATE_STEPS: f32 = 127.0;
/// Byte of a GRU's state of zero.
const STATE_ZERO: u8 = 127;
/// Upper limit of ReLU6.
const ACTIVATION_LIMIT: f32 = 6.0;

/// Rounds a value from 0 to 255 half to even. The sum has its unit in the last bit of the fraction,
/// which leaves the rounded value in the lowest byte and, unlike a cast, needs no branch.
fn round_to_u8(value: f32) -> u8 {
    const ONE_AND_A_HALF_TO_THE_23RD: f32 = 12_582_912.0;
    (value.clamp(0.0, 255.0) + ONE_AND_A_HALF_TO_THE_23RD).to_bits() as u8
}

/// `tanh` by Lambert's continued fraction cut after the seventh term: within 2e-4 everywhere, and
/// exactly ±1 from where the fraction reaches it.
fn tanh(x: f32) -> f32 {
    let x = x.clamp(-4.97, 4.97);
    let square = x * x;
    let above = x * (135_135.0 + square * (17_325.0 + square * (378.0 + square)));
    let below = 135_135.0 + square * (62_370.0 + square * (3_150.0 + square * 28.0));
    (above / below).clamp(-1.0, 1.0)
}

/// The logistic function.
pub(super) fn sigmoid(x: f32) -> f32 {
    0.5 + 0.5 * tanh(0.5 * x)
}

/// Positions in a row with zeros before and after, so that a convolution is a product over a slice.
pub(super) struct Padded<T> {
    values: Vec<T>,
    margin: usize,
}

impl<T: Copy + Default> Padded<T> {
    /// `n_positions` of `width` values, with `reach` positions of zeros on each side.
    pub(super) fn new(n_positions: usize, width: usize, reach: usize) -> Self {
        let margin = width * reach;
        Self { values: vec![T::default(); n_positions * width + 2 * margin], margin }
    }

    pub(super) fn all(&self) -> &[T] {
        &self.values
    }

    pub(super) fn inner(&self) -> &[T] {
        &self.values[self.margin..self.values.len() - self.margin]
    }

    pub(super) fn inner_mut(&mut self) -> &mut [T] {
        let end = self.values.len() - self.margin;
        &mut self.values[self.margin..end]
    }
}

/// Writes positions of `first` and `second` side by side.
pub(super) fn join<T: Copy>(
    first: &[T],
    first_width: usize,
    second: &[T],
    second_width: usize,
    out: &mut [T],
) {
    let pairs = first.chunks_exact(first_width).zip(second.chunks_exact(second_width));
    for (out, (first, second)) in out.chunks_exact_mut(first_width + second_width).zip(pairs) {
        let (left, right) = out.split_at_mut(first_width);
        left.copy_from_slice(first);
        right.copy_from_slice(second);
    }
}

/// A layer of floats: the first and the last.
pub(super) struct FloatLayer {
    /// `[inputs][outputs]`.
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl FloatLayer {
    pub(super) fn new(
        weights: &Weights<'_>,
        names: [&'static str; 2],
        n_inputs: usize,
        n_outputs: usize,
    ) -> Result<Self, WeightsError> {
        Ok(Self {
            weights: weights.floats(names[0], [n_inputs, n_outputs])?,
            bias: weights.floats(names[1], [1, n_outputs])?,
        })
    }

    /// Sums of one row of inputs: `N` is the number of outputs.
    #[inline]
    pub(super) fn row<const N: usize>(&self, inputs: &[f32]) -> [f32; N] {
        let mut sums = [0.0; N];
        sums.copy_from_slice(&self.bias[..N]);
        for (input, weights) in inputs.iter().zip(self.weights.chunks_exact(N)) {
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum += input * weight;
            }
        }
        sums
    }

    /// Runs over positions `stride` values apart and writes u8 activations.
    pub(super) fn run_to_bytes<const N: usize>(
        &self,
        inputs: &[f32],
        stride: usize,
        out: &mut [u8],
    ) {
        let n_inputs = self.weights.len() / N;
        for (position, out) in out.chunks_exact_mut(N).enumerate() {
            let sums = self.row::<N>(&inputs[position * stride..][..n_inputs]);
            for (out, sum) in out.iter_mut().zip(sums) {
                *out = round_to_u8(sum);
            }
        }
    }
}

/// A layer of int8 weights: `sum * scale + bias`, in u8 steps where its result is bytes.
pub(super) struct ByteLayer<'w> {
    weights: PackedWeights<'w>,
    scale: Vec<f32>,
    bias: Vec<f32>,
}

impl<'w> ByteLayer<'w> {
    pub(super) fn new(
        weights: &Weights<'w>,
        names: [&'static str; 3],
        n_inputs: usize,
        n_outputs: usize,
    ) -> Result<Self, WeightsError> {
        Ok(Self {
            weights: weights.packed(names[0], [n_outputs, n_inputs])?,
            scale: weights.floats(names[1], [1, n_outputs])?,
            bias: weights.floats(names[2], [1, n_outputs])?,
        })
    }

    /// The first `n_values` sums of the product.
    fn multiply<'s>(
        &self,
        kernel: Kernel,
        inputs: &[u8],
        stride: usize,
        n_values: usize,
        sums: &'s mut [i32],
    ) -> &'s [i32] {
        let sums = &mut sums[..n_values];
        kernel.multiply(&self.weights, inputs, stride, sums);
        sums
    }

    /// Runs over positions `stride` bytes apart and calls `write` with each output's index and
    /// value.
    #[inline]
    fn run(
        &self,
        kernel: Kernel,
        inputs: &[u8],
        stride: usize,
        sums: &mut [i32],
        n_values: usize,
        mut write: impl FnMut(usize, f32),
    ) {
        let n_outputs = self.scale.len();
        let sums = self.multiply(kernel, inputs, stride, n_values, sums);
        for (row_idx, row) in sums.chunks_exact(n_outputs).enumerate() {
            let values = row.iter().zip(&self.scale).zip(&self.bias);
            for (output, ((sum, scale), bias)) in values.enumerate() {
                write(row_idx * n_outputs + output, *sum as f32 * scale + bias);
            }
        }
    }

    /// ReLU6 into bytes.
    pub(super) fn run_to_bytes(
        &self,
        kernel: Kernel,
        inputs: &[u8],
        stride: usize,
        sums: &mut [i32],
        out: &mut [u8],
    ) {
        self.run(kernel, inputs, stride, sums, out.len(), |i, value| out[i] = round_to_u8(value));
    }

    /// ReLU6 of the result plus `skip`, into bytes.
    pub(super) fn run_onto(
        &self,
        kernel: Kernel,
        inputs: &[u8],
        stride: usize,
        sums: &mut [i32],
        skip: &[u8],
        out: &mut [u8],
    ) {
        self.run(kernel, inputs, stride, sums, out.len(), |i, value| {
            out[i] = round_to_u8(f32::from(skip[i]) + value);
        });
    }

    /// ReLU6 into floats.
    pub(super) fn run_to_floats(
        &self,
        kernel: Kernel,
        inputs: &[u8],
        stride: usize,
        sums: &mut [i32],
        out: &mut [f32],
    ) {
        self.run(kernel, inputs, stride, sums, out.len(), |i, value| {
            out[i] = value.clamp(0.0, ACTIVATION_LIMIT);
        });
    }
}

/// A GRU over time at one or more positions that share its weights.
pub(super) struct Gru<'w> {
    input: ByteLayer<'w>,
    state: ByteLayer<'w>,
    n_inputs: usize,
    n_hidden: usize,
    /// State of every position.
    values: Vec<f32>,
    /// The same in bytes, as the next product and the next layer see it.
    heard: Vec<u8>,
}

impl<'w> Gru<'w> {
    pub(super) fn new(
        weights: &Weights<'w>,
        input_names: [&'static str; 3],
        state_names: [&'static str; 3],
        [n_inputs, n_hidden]: [usize; 2],
        n_positions: usize,
    ) -> Result<Self, WeightsError> {
        Ok(Self {
            input: ByteLayer::new(weights, input_names, n_inputs, 3 * n_hidden)?,
            state: ByteLayer::new(weights, state_names, n_hidden, 3 * n_hidden)?,
            n_inputs,
            n_hidden,
            values: vec![0.0; n_positions * n_hidden],
            heard: vec![STATE_ZERO; n_positions * n_hidden],
        })
    }

    pub(super) fn n_hidden(&self) -> usize {
        self.n_hidden
    }

    pub(super) fn reset(&mut self) {
        self.values.fill(0.0);
        self.heard.fill(STATE_ZERO);
    }

    pub(super) fn continue_from(&mut self, other: &Self) {
        self.values.copy_from_slice(&other.values);
        self.heard.copy_from_slice(&other.heard);
    }

    /// Takes in one frame, `n_inputs` bytes a position, and returns the new state in bytes.
    pub(super) fn step(&mut self, kernel: Kernel, inputs: &[u8], scratch: &mut Scratch) -> &[u8] {
        let n = self.n_hidden;
        let n_gates = 3 * self.values.len();
        let from_input =
            self.input.multiply(kernel, inputs, self.n_inputs, n_gates, &mut scratch.sums);
        let from_state =
            self.state.multiply(kernel, &self.heard, n, n_gates, &mut scratch.more_sums);
        let gates = from_input.chunks_exact(3 * n).zip(from_state.chunks_exact(3 * n));
        let states = self.values.chunks_exact_mut(n).zip(self.heard.chunks_exact_mut(n));
        for ((values, heard), (from_input, from_state)) in states.zip(gates) {
            let from_input = Sums::new(from_input, &self.input);
            let from_state = Sums::new(from_state, &self.state);
            for (unit, (value, heard)) in values.iter_mut().zip(heard).enumerate() {
                let of = |gate: usize| (from_input.of(gate, unit), from_state.of(gate, unit));
                let (reset, keep, new) = (of(0), of(1), of(2));
                let reset = sigmoid(reset.0 + reset.1);
                let keep = sigmoid(keep.0 + keep.1);
                let new = tanh(new.0 + reset * new.1);
                *value = new + keep * (*value - new);
                *heard = round_to_u8(*value * STATE_STEPS + STATE_STEPS);
            }
        }
        &self.heard
    }
}

/// A product of one position by gate, all of one length, so that a loop over the units needs no
/// checks and takes several at once.
struct Sums<'a> {
    gates: [(&'a [i32], &'a [f32], &'a [f32]); 3],
}

impl<'a> Sums<'a> {
    fn new(sums: &'a [i32], layer: &'a ByteLayer<'_>) -> Self {
        let n = sums.len() / 3;
        let gate = |i: usize| {
            let range = i * n..(i + 1) * n;
            (&sums[range.clone()], &layer.scale[range.clone()], &layer.bias[range])
        };
        Self { gates: core::array::from_fn(gate) }
    }

    #[inline]
    fn of(&self, gate: usize, unit: usize) -> f32 {
        let (sums, scale, bias) = self.gates[gate];
        sums[unit] as f32 * scale[unit] + bias[unit]
    }
}

/// Sums of a product, and of a second one at the same time.
pub(super) struct Scratch {
    pub(super) sums: Vec<i32>,
    more_sums: Vec<i32>,
}

impl Scratch {
    pub(super) fn new(n_sums: usize) -> Self {
        Self { sums: vec![0; n_sums], more_sums: vec![0; n_sums] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_half_to_even_and_clamped() {
        let cases = [(-3.0, 0), (0.5, 0), (1.5, 2), (2.5, 2), (254.6, 255), (999.0, 255)];
        for (value, expected) in cases {
            assert_eq!(round_to_u8(value), expected, "{value}");
        }
    }

    #[test]
    fn tanh_and_sigmoid_are_close_and_bounded() {
        for i in -2_000..=2_000 {
            let x = i as f32 * 0.01;
            assert!((tanh(x) - x.tanh()).abs() < 2e-4, "tanh({x})");
            let exact = 1.0 / (1.0 + (-x).exp());
            assert!((sigmoid(x) - exact).abs() < 1e-4, "sigmoid({x})");
            assert!((0.0..=1.0).contains(&sigmoid(x)));
        }
    }
}
