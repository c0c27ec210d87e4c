//! What a noise profile says to people: octaves and tones.

use quell_core::NoiseProfile;
use quell_core::config::PROFILE_BIN_HZ;

/// One octave of a profile.
pub struct Octave {
    /// Lower edge, Hz.
    pub low_hz: f64,
    /// Upper edge, Hz.
    pub high_hz: f64,
    /// Power of the octave, mean of the channels, dBFS.
    pub level_db: f64,
    /// Mean spread of its bins, dB.
    pub spread_db: f64,
}

/// The octaves of a profile from 44 Hz on, the last one cut off at its top.
pub fn octaves(profile: &NoiseProfile) -> Vec<Octave> {
    let nyquist_hz = (profile.n_bins() - 1) as f64 * PROFILE_BIN_HZ;
    let mut low_hz = 44.2;
    let mut octaves = Vec::new();
    while low_hz < nyquist_hz {
        let high_hz: f64 = (low_hz * 2.0).min(nyquist_hz);
        let (mut power, mut spread, mut n) = (0.0, 0.0, 0.0);
        for (idx, (mean_db, std_db)) in profile.mean_db().iter().zip(profile.std_db()).enumerate() {
            let hz = (idx % profile.n_bins()) as f64 * PROFILE_BIN_HZ;
            if (low_hz..high_hz).contains(&hz) {
                power += 10f64.powf(f64::from(*mean_db) / 10.0);
                spread += f64::from(*std_db);
                n += 1.0;
            }
        }
        if n > 0.0 {
            // Twice, as the other half of the power lies at negative frequencies.
            let level_db = 10.0 * (2.0 * power / profile.n_channels() as f64).log10();
            octaves.push(Octave { low_hz, high_hz, level_db, spread_db: spread / n });
        }
        low_hz *= 2.0;
    }
    octaves
}

/// Frequencies that stick out of their surroundings by 10 dB or more: hum, whistles.
pub fn tones_hz(profile: &NoiseProfile) -> Vec<f64> {
    let n_bins = profile.n_bins();
    let mean_db: Vec<f32> = (0..n_bins)
        .map(|bin| {
            let channels = profile.mean_db().chunks_exact(n_bins);
            channels.map(|channel| channel[bin]).sum::<f32>() / profile.n_channels() as f32
        })
        .collect();
    let surroundings = 8;
    (1..n_bins.saturating_sub(1))
        .filter(|&bin| {
            let low = bin.saturating_sub(surroundings);
            let mut around = mean_db[low..(bin + surroundings + 1).min(n_bins)].to_vec();
            around.sort_by(f32::total_cmp);
            let median = around[around.len() / 2];
            mean_db[bin] > median + 10.0
                && mean_db[bin] >= mean_db[bin - 1]
                && mean_db[bin] > mean_db[bin + 1]
        })
        .map(|bin| bin as f64 * PROFILE_BIN_HZ)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hum_is_found_in_a_profile() {
        let mut mean_db = vec![-90.0; 961];
        mean_db[4] = -60.0;
        mean_db[12] = -70.0;
        let profile = NoiseProfile::new(1, 961, mean_db, vec![5.6; 961], 1.0).unwrap();
        assert_eq!(tones_hz(&profile), [100.0, 300.0]);
    }
}
