//! Settings that are one of a few, each with a row per variant.

use crate::geometry::LatencyMode;

/// What is said of a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variant {
    /// Permanent name in states, on the command line and in reports.
    pub id: &'static str,
    /// As hosts and the window show it.
    pub name: &'static str,
    /// What it means, to follow its name.
    pub help: &'static str,
}

/// A type whose values can be told apart by a permanent name.
pub trait Choice: Copy + PartialEq + 'static {
    /// All of them, in the order of their numbers.
    const ROWS: &'static [(Self, Variant)];

    /// Place among the rows.
    fn idx(self) -> usize {
        Self::ROWS.iter().position(|(value, _)| *value == self).unwrap_or(0)
    }

    /// Permanent name.
    fn id(self) -> &'static str {
        Self::ROWS[self.idx()].1.id
    }

    /// The one that has this permanent name.
    fn from_id(id: &str) -> Option<Self> {
        Self::ROWS.iter().find(|(_, variant)| variant.id == id).map(|(value, _)| *value)
    }

    /// The one at this place; the last one for places beyond.
    fn at(idx: usize) -> Self {
        Self::ROWS[idx.min(Self::ROWS.len() - 1)].0
    }
}

// ---- Engines ---------------------------------------------------------------------------------

/// Which algorithm makes the mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// Quell's own spectral gate: a Wiener filter that knows where sound is.
    Gate,
    /// The classic spectral gate: threshold, smoothed over frequency and time.
    Classic,
    /// The network alone, which knows voices from noise that is never the same.
    Neural,
    /// [`Self::Gate`] and [`Self::Neural`] together, joined bin by bin.
    Hybrid,
}

/// What is known of an engine without running it.
struct EngineRow {
    engine: Engine,
    variant: Variant,
    /// The network has a part in it, so that its sound depends on the model.
    uses_network: bool,
}

/// In the order of the enum.
const ENGINES: [EngineRow; 4] = [
    EngineRow {
        engine: Engine::Gate,
        variant: Variant {
            id: "gate",
            name: "Gate",
            help: "Quell's own spectral gate, for steady noise with a print, and for clicks and \
                   keys that are to stay",
        },
        uses_network: false,
    },
    EngineRow {
        engine: Engine::Classic,
        variant: Variant {
            id: "classic",
            name: "Classic",
            help: "the well-known spectral gate, for comparison and for those who like its sound; \
                   in Studio it equals noisereduce 3.0.3",
        },
        uses_network: false,
    },
    EngineRow {
        engine: Engine::Neural,
        variant: Variant {
            id: "neural",
            name: "Neural",
            help: "a network that has heard voices, music and noise; best for most, with a print \
                   or without",
        },
        uses_network: true,
    },
    EngineRow {
        engine: Engine::Hybrid,
        variant: Variant {
            id: "hybrid",
            name: "Hybrid",
            help: "gate and network together where there is a print, there a little ahead of \
                   Neural; the network alone where there is none",
        },
        uses_network: true,
    },
];

impl Engine {
    /// The one that is used where nobody asked for another (decision 18).
    pub const DEFAULT: Self = Self::Neural;

    /// All engines, in the order of their numbers.
    pub const ALL: [Self; ENGINES.len()] = {
        let mut all = [ENGINES[0].engine; ENGINES.len()];
        let mut idx = 0;
        while idx < all.len() {
            all[idx] = ENGINES[idx].engine;
            assert!(all[idx] as usize == idx, "rows of engines in the order of the enum");
            idx += 1;
        }
        all
    };

    /// Whether the network has a part in it, so that its sound depends on the model.
    pub const fn uses_network(self) -> bool {
        ENGINES[self as usize].uses_network
    }

    /// As people read it.
    pub const fn name(self) -> &'static str {
        ENGINES[self as usize].variant.name
    }
}

impl Default for Engine {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Choice for Engine {
    const ROWS: &'static [(Self, Variant)] = &{
        let mut rows = [(ENGINES[0].engine, ENGINES[0].variant); ENGINES.len()];
        let mut idx = 0;
        while idx < rows.len() {
            rows[idx] = (ENGINES[idx].engine, ENGINES[idx].variant);
            idx += 1;
        }
        rows
    };
}

// ---- The others --------------------------------------------------------------------------------

/// Where the noise profile comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum ProfileSource {
    /// The captured print; while there is none, as [`Self::Adaptive`].
    #[default]
    Captured,
    /// Followed from the signal itself.
    Adaptive,
    /// The noise input beside the signal; while it is not connected, as [`Self::Captured`].
    Sidechain,
}

impl Choice for ProfileSource {
    const ROWS: &'static [(Self, Variant)] = &[
        (
            Self::Captured,
            Variant {
                id: "captured",
                name: "Captured",
                help: "the print; while there is none, as Adaptive",
            },
        ),
        (
            Self::Adaptive,
            Variant { id: "adaptive", name: "Adaptive", help: "follows the noise by itself" },
        ),
        (
            Self::Sidechain,
            Variant { id: "sidechain", name: "Sidechain", help: "what the noise input brings" },
        ),
    ];
}

/// What is sent to the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Monitor {
    /// The signal without the noise.
    #[default]
    Denoised,
    /// Only what is taken away.
    Removed,
}

impl Choice for Monitor {
    const ROWS: &'static [(Self, Variant)] = &[
        (
            Self::Denoised,
            Variant { id: "denoised", name: "Denoised", help: "the sound without the noise" },
        ),
        (
            Self::Removed,
            Variant {
                id: "removed",
                name: "Removed",
                help: "only what is taken away; words or notes in it mean: less Sensitivity, less \
                       Reduction",
            },
        ),
    ];
}

impl Choice for LatencyMode {
    const ROWS: &'static [(Self, Variant)] = &[
        (
            Self::Live,
            Variant { id: "live", name: "Live (20 ms)", help: "for monitoring and streaming" },
        ),
        (Self::Standard, Variant { id: "standard", name: "Standard (40 ms)", help: "for mixing" }),
        (
            Self::Studio,
            Variant {
                id: "studio",
                name: "Studio (80 ms)",
                help: "looks 40 ms ahead, for restoration",
            },
        ),
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: Choice + core::fmt::Debug>() {
        for (idx, &(value, variant)) in T::ROWS.iter().enumerate() {
            assert_eq!(value.idx(), idx, "{value:?} has two rows");
            assert_eq!(T::from_id(variant.id), Some(value), "'{}' is taken twice", variant.id);
            assert_eq!(T::at(idx), value);
        }
        assert_eq!(T::from_id("no such"), None);
        assert_eq!(T::at(99), T::ROWS[T::ROWS.len() - 1].0);
    }

    #[test]
    fn every_variant_has_one_row_and_an_id_of_its_own() {
        check::<Engine>();
        check::<ProfileSource>();
        check::<Monitor>();
        check::<LatencyMode>();
        assert_eq!(LatencyMode::ROWS.len(), LatencyMode::ALL.len());
    }
}
