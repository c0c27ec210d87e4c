//! Signals and their measures.
#![allow(dead_code, missing_docs, unreachable_pub)]

/// SplitMix64: small, seeded, the same everywhere.
pub struct Random(u64);

impl Random {
    /// Says its seed, which a failing test shows.
    pub fn new(seed: u64) -> Self {
        println!("random seed {seed}");
        Self(seed)
    }

    pub fn silent(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// White noise between ± amplitude.
    pub fn noise(&mut self, n_samples: usize, amplitude: f32) -> Vec<f32> {
        let mut sample = || ((self.next() >> 40) as f32 / (1u64 << 23) as f32 - 1.0) * amplitude;
        (0..n_samples).map(|_| sample()).collect()
    }
}

/// Silence but for one sample.
pub fn impulse_at(at: usize, n_samples: usize) -> Vec<f32> {
    let mut sound = vec![0.0; n_samples];
    sound[at] = 1.0;
    sound
}

/// Index of the largest magnitude.
pub fn peak(sound: &[f32]) -> usize {
    let largest = sound.iter().enumerate().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
    largest.map_or(0, |(idx, _)| idx)
}

/// Index after the last sample above −120 dBFS.
pub fn quiet_after(sound: &[f32]) -> usize {
    sound.iter().rposition(|sample| sample.abs() > 1e-6).map_or(0, |idx| idx + 1)
}
