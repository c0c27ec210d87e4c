//! The weights file: a versioned, hashed table of tensors, borrowed rather than copied.
//!
//! Little endian, version 2 (written by `training/quell_training/export.py`):
//!
//! | offset | type | content |
//! |---|---|---|
//! | 0 | 8 bytes | `QUELLNET` |
//! | 8 | u32 | version |
//! | 12 | u32 | number of tensors |
//! | 16 | u64 | FNV-1a over everything from offset 24 on: the model's identity |
//! | 24 | 32 bytes per tensor | name (16 bytes, 0-padded); kind, rows, columns, offset (u32 each) |
//! | … | | data |
//!
//! Kinds: 0 f32, row after row; 1 int8 weights as [`PackedWeights`] wants them, rows being outputs;
//! 2 u8.

use crate::kernels::{PackError, PackedWeights};

const MAGIC: [u8; 8] = *b"QUELLNET";
/// Version of the format and of the network that this code runs.
const VERSION: u32 = 2;
/// Offset of the hash.
pub(super) const IDENTITY_AT: usize = 16;
const HEADER_LEN: usize = 24;
const ENTRY_LEN: usize = 32;
const NAME_LEN: usize = 16;

/// What a tensor holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    F32 = 0,
    PackedI8 = 1,
    U8 = 2,
}

/// Why a file is not a set of weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WeightsError {
    /// The file ends early.
    Length {
        /// Bytes needed.
        expected: usize,
        /// Bytes there.
        actual: usize,
    },
    /// The file does not begin with `QUELLNET`.
    Magic {
        /// What stands there.
        actual: [u8; 8],
    },
    /// The file is of another version.
    Version {
        /// The version this code reads.
        expected: u32,
        /// The version of the file.
        actual: u32,
    },
    /// The content does not match its hash.
    Hash {
        /// What the file says.
        expected: u64,
        /// What the content gives.
        actual: u64,
    },
    /// A tensor that the network needs is absent.
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// A tensor has another shape or kind than the network needs.
    Shape {
        /// Its name.
        name: &'static str,
        /// Rows and columns needed.
        expected: [usize; 2],
        /// Rows and columns there.
        actual: [usize; 2],
    },
    /// A number is not finite, or so large that a sum could overflow.
    Value {
        /// Its tensor.
        name: &'static str,
        /// Its place.
        index: usize,
        /// What stands there.
        actual: f32,
    },
    /// Int8 weights that the kernels must not be given.
    Packed {
        /// Their tensor.
        name: &'static str,
        /// What is wrong.
        cause: PackError,
    },
}

impl core::fmt::Display for WeightsError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Length { expected, actual } => {
                write!(f, "weights file has {actual} bytes, expected at least {expected}")
            }
            Self::Magic { actual } => {
                write!(f, "weights file begins with {actual:02x?}, expected {MAGIC:02x?}")
            }
            Self::Version { expected, actual } => {
                write!(f, "weights file is of version {actual}, expected {expected}")
            }
            Self::Hash { expected, actual } => {
                write!(f, "weights file hashes to {actual:016x}, expected {expected:016x}")
            }
            Self::Missing { name } => write!(f, "weights file lacks tensor {name}"),
            Self::Shape { name, expected, actual } => {
                write!(f, "tensor {name} is {actual:?}, expected {expected:?}")
            }
            Self::Value { name, index, actual } => {
                write!(f, "tensor {name}: number {index} is {actual}, out of range")
            }
            Self::Packed { name, cause } => write!(f, "tensor {name}: {cause}"),
        }
    }
}

impl core::error::Error for WeightsError {}

/// Largest magnitude of a float in the file.
const VALUE_LIMIT: f32 = 1e6;

/// A file whose length, version and hash are right.
#[derive(Clone, Copy, Debug)]
pub struct Weights<'w> {
    file: &'w [u8],
    n_tensors: usize,
    identity: u64,
}

impl<'w> Weights<'w> {
    /// Checks the header, the hash and that every tensor lies within the file.
    pub fn parse(file: &'w [u8]) -> Result<Self, WeightsError> {
        let n_tensors = check_header(file)?;
        let identity = read_u64(file, IDENTITY_AT);
        let actual = fnv1a(&file[HEADER_LEN..]);
        if actual != identity {
            return Err(WeightsError::Hash { expected: identity, actual });
        }
        let weights = Self { file, n_tensors, identity };
        for entry in weights.entries() {
            let expected = entry.offset.saturating_add(entry.len());
            if expected > file.len() {
                return Err(WeightsError::Length { expected, actual: file.len() });
            }
        }
        Ok(weights)
    }

    /// Hash of the content: which model this is.
    pub fn identity(&self) -> u64 {
        self.identity
    }

    /// Copies a tensor of floats, `[rows][columns]`.
    pub fn floats(&self, name: &'static str, shape: [usize; 2]) -> Result<Vec<f32>, WeightsError> {
        let bytes = self.find(name, Kind::F32, shape)?;
        let values: Vec<f32> =
            bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        match values.iter().position(|v| v.is_nan() || v.abs() > VALUE_LIMIT) {
            Some(index) => Err(WeightsError::Value { name, index, actual: values[index] }),
            None => Ok(values),
        }
    }

    /// Borrows int8 weights, `[outputs, inputs]`.
    pub fn packed(
        &self,
        name: &'static str,
        shape: [usize; 2],
    ) -> Result<PackedWeights<'w>, WeightsError> {
        let bytes = self.find(name, Kind::PackedI8, shape)?;
        PackedWeights::new(bytes, shape[0], shape[1])
            .map_err(|cause| WeightsError::Packed { name, cause })
    }

    /// Borrows a tensor of bytes, `[rows][columns]`.
    pub fn bytes(&self, name: &'static str, shape: [usize; 2]) -> Result<&'w [u8], WeightsError> {
        self.find(name, Kind::U8, shape)
    }

    /// Whether a tensor is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.entries().any(|entry| entry.is_named(name))
    }

    /// Rows of a tensor, at most as many as the file has bytes.
    pub(super) fn n_rows(&self, name: &'static str) -> Result<usize, WeightsError> {
        let entry = self.entries().find(|entry| entry.is_named(name));
        entry.map(|entry| entry.shape[0]).ok_or(WeightsError::Missing { name })
    }

    fn find(
        &self,
        name: &'static str,
        kind: Kind,
        expected: [usize; 2],
    ) -> Result<&'w [u8], WeightsError> {
        let entry = self.entries().find(|entry| entry.is_named(name));
        let entry = entry.ok_or(WeightsError::Missing { name })?;
        if entry.kind != kind as u32 || entry.shape != expected {
            return Err(WeightsError::Shape { name, expected, actual: entry.shape });
        }
        Ok(&self.file[entry.offset..entry.offset + entry.len()])
    }

    fn entries(&self) -> impl Iterator<Item = Entry<'w>> + use<'w> {
        let file = self.file;
        (0..self.n_tensors).map(move |idx| {
            let at = HEADER_LEN + idx * ENTRY_LEN;
            let field = |number: usize| read_u32(file, at + NAME_LEN + 4 * number) as usize;
            Entry {
                name: &file[at..at + NAME_LEN],
                kind: field(0) as u32,
                shape: [field(1), field(2)],
                offset: field(3),
            }
        })
    }
}

struct Entry<'w> {
    name: &'w [u8],
    kind: u32,
    shape: [usize; 2],
    offset: usize,
}

impl Entry<'_> {
    fn len(&self) -> usize {
        let size = if self.kind == Kind::F32 as u32 { 4 } else { 1 };
        self.shape[0].saturating_mul(self.shape[1]).saturating_mul(size)
    }

    fn is_named(&self, name: &str) -> bool {
        let used = self.name.iter().position(|byte| *byte == 0).unwrap_or(NAME_LEN);
        &self.name[..used] == name.as_bytes()
    }
}

/// The number of tensors of a file whose header is right and whose table is complete.
fn check_header(file: &[u8]) -> Result<usize, WeightsError> {
    let too_short = |expected| WeightsError::Length { expected, actual: file.len() };
    if file.len() < HEADER_LEN {
        return Err(too_short(HEADER_LEN));
    }
    let magic: [u8; 8] = core::array::from_fn(|i| file[i]);
    if magic != MAGIC {
        return Err(WeightsError::Magic { actual: magic });
    }
    let version = read_u32(file, 8);
    if version != VERSION {
        return Err(WeightsError::Version { expected: VERSION, actual: version });
    }
    let n_tensors = read_u32(file, 12) as usize;
    let table_end = n_tensors.saturating_mul(ENTRY_LEN).saturating_add(HEADER_LEN);
    if table_end > file.len() {
        return Err(too_short(table_end));
    }
    Ok(n_tensors)
}

fn read_u32(file: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(core::array::from_fn(|i| file[at + i]))
}

fn read_u64(file: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(core::array::from_fn(|i| file[at + i]))
}

pub(super) fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &[u8] = include_bytes!("../../assets/unet.quell");

    /// `FILE` with one change, and the hash made right again.
    fn forged(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut file = FILE.to_vec();
        change(&mut file);
        let hash = fnv1a(&file[HEADER_LEN..]);
        file[16..24].copy_from_slice(&hash.to_le_bytes());
        file
    }

    #[test]
    fn a_damaged_file_is_refused_and_told_why() {
        assert!(Weights::parse(FILE).is_ok());
        assert!(matches!(
            Weights::parse(&FILE[..10]),
            Err(WeightsError::Length { actual: 10, .. })
        ));
        assert!(matches!(Weights::parse(&[b'x'; 64]), Err(WeightsError::Magic { .. })));
        let version = forged(|file| file[8] = 9);
        let refusal = Weights::parse(&version).unwrap_err();
        assert_eq!(refusal, WeightsError::Version { expected: VERSION, actual: 9 });
        let mut flipped = FILE.to_vec();
        flipped[FILE.len() / 2] ^= 1;
        assert!(matches!(Weights::parse(&flipped), Err(WeightsError::Hash { .. })));
        let endless = forged(|file| file[12..16].fill(0xff));
        assert!(matches!(Weights::parse(&endless), Err(WeightsError::Length { .. })));
        let beyond = forged(|file| file[HEADER_LEN + 28..HEADER_LEN + 32].fill(0xff));
        assert!(matches!(Weights::parse(&beyond), Err(WeightsError::Length { .. })));
    }

    #[test]
    fn tensors_are_found_by_name_shape_and_kind() {
        let weights = Weights::parse(FILE).unwrap();
        assert_eq!(weights.floats("out.b", [1, 1]).unwrap().len(), 1);
        let shape = weights.floats("out.b", [2, 1]).unwrap_err();
        assert_eq!(shape, WeightsError::Shape { name: "out.b", expected: [2, 1], actual: [1, 1] });
        let missing = weights.packed("nothing", [8, 4]).unwrap_err();
        assert_eq!(missing, WeightsError::Missing { name: "nothing" });
        assert!(matches!(weights.packed("out.b", [1, 1]), Err(WeightsError::Shape { .. })));
    }

    #[test]
    fn broken_numbers_are_refused_by_name_and_place() {
        let at = |name: &str| {
            let weights = Weights::parse(FILE).unwrap();
            weights.entries().find(|entry| entry.is_named(name)).unwrap().offset
        };
        let nan = forged(|file| {
            let place = at("e2.s") + 4;
            file[place..place + 4].copy_from_slice(&f32::NAN.to_le_bytes());
        });
        let refusal = Weights::parse(&nan).unwrap().floats("e2.s", [1, 24]).unwrap_err();
        assert!(matches!(refusal, WeightsError::Value { name: "e2.s", index: 1, .. }), "{refusal}");
        let saturating = forged(|file| file[at("e2.w")..][..2].fill(127));
        let refusal = Weights::parse(&saturating).unwrap().packed("e2.w", [24, 48]).unwrap_err();
        assert!(matches!(refusal, WeightsError::Packed { name: "e2.w", .. }), "{refusal}");
    }

    #[test]
    fn no_prefix_of_a_file_panics() {
        for len in 0..FILE.len().min(4_000) {
            assert!(Weights::parse(&FILE[..len]).is_err());
        }
    }
}
