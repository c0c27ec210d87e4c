//! Every tuning constant of the core, with its unit and where it comes from.
//!
//! Derived values are computed where they are used; nothing else in the crate holds a bare number
//! that a listener could hear.

// ---- Geometry -------------------------------------------------------------------------------

/// Length of the analysis window, seconds. 40 ms puts the bins exactly 25 Hz apart at every rate
/// whose window is a whole number of samples, so one profile format serves all rates.
pub const WINDOW_S: f64 = 0.040;
/// Frames per window: a frame every 10 ms.
pub const HOPS_PER_WINDOW: usize = 4;
/// Distance of two bins of the portable noise profile, Hz.
pub const PROFILE_BIN_HZ: f64 = 25.0;
/// Frames of look-ahead in Studio mode: 40 ms, so the mask is smoothed over frames on both sides.
pub const STUDIO_LOOK_AHEAD_FRAMES: usize = 4;
/// Hops that the synthesis window of Live mode spans: 20 ms.
pub const LIVE_SYNTHESIS_HOPS: usize = 2;
/// Sample rates the engine accepts, Hz. The lower end is where a window still has enough bins to be
/// called a spectrum; the upper end covers every converter on sale with room to spare.
pub const SAMPLE_RATE_RANGE_HZ: core::ops::RangeInclusive<f64> = 500.0..=1_600_000.0;

// ---- Input ----------------------------------------------------------------------------------

/// Samples beyond this magnitude (+60 dBFS) are clamped; they can only be faults, and their square
/// must stay far away from the end of `f32`.
pub const INPUT_LIMIT: f32 = 1000.0;

// ---- Capture --------------------------------------------------------------------------------

/// A capture shorter than this is refused, seconds: fewer frames than that say nothing about the
/// spread of the noise.
pub const MIN_CAPTURE_S: f64 = 0.3;
/// Frames whose level lies below this count as silent, dBFS (RMS). Well under the dither of 16-bit
/// audio (about −98 dBFS).
pub const SILENCE_DBFS: f32 = -110.0;

/// Where the energy of speech lies, Hz: the band of a telephone.
pub const VOICE_RANGE_HZ: core::ops::RangeInclusive<f64> = 300.0..=3_400.0;
/// Mean spread of the bins up to which a capture counts as steady, dB. Gaussian noise has 5.6.
pub const STEADY_SPREAD_DB: f64 = 6.8;
/// Mean spread of the bins in the voice range from which a capture counts as speech or music, dB,
/// provided that the other bins spread less. Two seconds of clean speech have 12.6 or more (95 % of
/// 150 stretches of the training set), speech over a fan 8.1, speech over hiss 7.5.
pub const SPEECH_SPREAD_DB: f64 = 7.2;

// ---- Levels ---------------------------------------------------------------------------------

/// Lowest level a profile bin may hold, dB re full scale per 25 Hz.
pub const MIN_LEVEL_DB: f32 = -200.0;
/// Highest level a profile bin may hold, dB re full scale per 25 Hz.
pub const MAX_LEVEL_DB: f32 = 60.0;
/// Largest standard deviation a profile bin may hold, dB.
pub const MAX_STD_DB: f32 = 40.0;
/// Mean of the dB level of one bin of Gaussian noise below the dB of its mean power:
/// 10·γ/ln 10 with Euler's γ, dB.
pub const GAUSSIAN_LOG_BIAS_DB: f32 = 2.507;
/// Standard deviation of the dB level of one bin of Gaussian noise: 10·π/(√6·ln 10), dB.
pub const GAUSSIAN_LOG_STD_DB: f32 = 5.570;

// ---- Output ---------------------------------------------------------------------------------

/// Length of every click-free switch (bypass, removed, mix, gain), seconds.
pub const OUTPUT_RAMP_S: f64 = 0.010;

// ---- Adaptive noise level -------------------------------------------------------------------

/// Weight of the past in the smoothed power that the minimum is taken of, per frame.
pub const TRACKER_SMOOTHING: f32 = 0.85;
/// Frames after a reset whose plain mean is taken before the search for a minimum begins.
pub const TRACKER_WARM_UP_FRAMES: usize = 12;
/// Frames in one stretch of the minimum search.
pub const TRACKER_STRETCH_FRAMES: usize = 60;
/// Stretches that the minimum is searched in: 4.8 s, longer than a phrase or a held note.
pub const TRACKER_STRETCHES: usize = 8;
/// Mean power of steady noise over the minimum found, measured on white noise by
/// `follower::minimum::tests::white_noise_reads_its_own_level`.
pub const TRACKER_BIAS: f32 = 2.8;

/// Digital silence after which the noise before it is forgotten, seconds: longer than gaps between clips of one
/// recording, shorter than a break.
pub const FOLLOWER_FORGETS_AFTER_S: f64 = 60.0;
/// Frames in a block of a patch.
pub const PATCH_BLOCK_FRAMES: usize = 6;
/// Blocks in a patch: 300 ms, so that noise is known within half a second wherever in a block it begins.
pub const PATCH_BLOCKS: usize = 5;
/// Bins to each side that belong to a patch: 400 Hz in all.
pub const PATCH_REACH_BINS: usize = 8;
/// Distance of the neighbours between which a bin must not stand out: beyond the window's main lobe.
pub const PATCH_NEIGHBOUR_BINS: usize = 3;
/// Bins to each side that the level of a patch is averaged over.
pub const PATCH_LEVEL_BINS: usize = 2;
/// Squared mean amplitude over mean power. Noise: π/4 = 0.785, and a little more in so few frames; of clips for
/// training, half of the music reads below 0.61 and half of the speech below 0.34.
pub const PATCH_SPREAD: core::ops::RangeInclusive<f32> = 0.75..=0.86;
/// Least mean ratio of a bin to its neighbours, the smaller over the larger.
pub const PATCH_LEAST_EVENNESS: f32 = 0.72;
/// Power of the older part over the mean of the patch: noise that swells by less than 5 dB in 0.2 s.
pub const PATCH_BALANCE: core::ops::RangeInclusive<f32> = 0.5..=1.5;
/// Ratio of a patch to the known level of the noise from which it takes its place: 5 dB. At 4 dB music over hiss
/// loses 0.4 dB of SI-SDR with Gate (development set).
pub const PATCH_RAISES_FROM: f32 = 3.1;
/// Ratio from which the network has to start anew: what it has heard tells it that there is no such noise.
pub const PATCH_NEWS_FROM: f32 = 4.0;
/// Share of the bins that must have risen so far.
pub const PATCH_NEWS_SHARE: f32 = 0.3;
/// What the mean of a patch is raised by, 2 dB: as far as the minimum of the first frames lies over the noise, and
/// noise left over is heard before sound lost is.
pub const PATCH_MARGIN: f32 = 1.6;
/// Ratio to the known noise from which a bin is overrun: 10 dB.
pub const OVERRUN_FROM: f32 = 10.0;
/// Share of the bins that must be overrun before the network is told nothing rather than a level far too low.
pub const OVERRUN_SHARE: f32 = 0.9;
/// For how many frames in a row: longer than nearly all sounds of speech.
pub const OVERRUN_FRAMES: usize = 30;

// ---- Noise input ----------------------------------------------------------------------------

/// Time constant over which the level of the noise input is averaged, seconds.
pub const SIDECHAIN_AVERAGE_S: f64 = 0.5;

// ---- Threshold ------------------------------------------------------------------------------

/// Where the nodes of the threshold curve stand by default, Hz: the second, fourth and sixth are
/// where older states shifted it (low, mid, high), the others lie between and below.
pub const NODE_HZ: [f32; 6] = [60.0, 200.0, 500.0, 1_200.0, 3_000.0, 7_000.0];
/// Standard deviations above the mean at which the threshold stands by default, as in the classic
/// algorithm.
pub const DEFAULT_SENSITIVITY: f32 = 1.5;
/// Usual floor of the gates, dB: below it speech loses (PESQ-WB 1.608 here, 1.589 at −30, 1.559 at
/// −36 dB; development set, print).
pub const GATE_FLOOR_DB: f32 = -24.0;
/// Usual floor of the engines with a network, dB: speech gains more by it than VoiceBank loses.
/// PESQ-WB of speech with a print / without, of VoiceBank: Neural 1.837 / 1.825, 2.943 / 2.910 at
/// −24 and 1.942 / 1.934, 2.961 / 2.918 at −40 dB; Hybrid 1.836 / 1.814, 2.968 / 2.904 and
/// 1.943 / 1.910, 2.997 / 2.925.
pub const NETWORK_FLOOR_DB: f32 = -40.0;
/// By how much the spread of the noise may differ from that of steady noise and still move its
/// reference level, dB.
pub const EXCESS_SPREAD_RANGE_DB: (f32, f32) = (-1.0, 6.0);
/// Decibels by which the reference level moves for each decibel of such a difference, besides what
/// the sensitivity makes of it.
pub const EXCESS_SPREAD_WEIGHT: f32 = 1.5;
/// What the reference level of the noise is raised by, dB: the measured mean of a short print is
/// uncertain, and noise left over is heard before sound lost is. Chosen on the development set.
pub const REFERENCE_MARGIN_DB: f32 = 0.5;
/// Half width of the triangle that smooths the measured spread over frequency, Hz: two seconds of
/// noise are too short to know it bin by bin.
pub const SPREAD_SMOOTHING_HZ: f64 = 200.0;

// ---- Gate -----------------------------------------------------------------------------------

/// Mean SNR of a neighbourhood at which it is as likely sound as noise: 2.5 dB.
pub const PRESENCE_MIDDLE_SNR: f32 = 1.778;
/// SNR beyond which a bin counts no more for its neighbourhood: 30 dB.
pub const PRESENCE_SNR_LIMIT: f32 = 1_000.0;
/// Weight of the last frame in the a priori SNR where there is noise only.
pub const MEMORY_IN_NOISE: f32 = 0.98;
/// Weight of the last frame in the a priori SNR where there is sound, with full protection of
/// transients.
pub const MEMORY_IN_SOUND: f32 = 0.93;
/// Least a priori SNR; bounds the gain to −40 dB before the floor does.
pub const LEAST_A_PRIORI_SNR: f32 = 0.01;

/// Digital silence after which network and hum start anew, seconds: longer than the network's running minimum
/// looks back (1.8 s), so it has nothing left to remember but its own rounding.
pub const FORGETS_AFTER_S: f64 = 2.0;

// ---- Mains hum ------------------------------------------------------------------------------

/// Nominal frequencies of the mains, Hz.
pub const HUM_MAINS_HZ: [f64; 2] = [50.0, 60.0];
/// How far from them hum is searched, as a share: a tape that runs a little fast or slow.
pub const HUM_RANGE: f64 = 0.01;
/// Distance of two candidates, as a share; the best one is then refined.
pub const HUM_STEP: f64 = 0.0005;
/// Highest harmonic that is searched, and that is taken away, Hz.
pub const HUM_SEARCH_HZ: f64 = 1_000.0;
/// See [`HUM_SEARCH_HZ`].
pub const HUM_TOP_HZ: f64 = 2_000.0;
/// Frames between the two phases that are compared: 110 ms, which tells 50 from 60 Hz (100 ms, after
/// which both have made whole turns, would not).
pub const HUM_LAG_FRAMES: usize = 11;
/// A shorter distance that must agree at least in sign.
pub const HUM_SHORT_LAG_FRAMES: usize = 4;
/// Time constant over which phases must agree, seconds: longer than notes are held.
pub const HUM_FIND_S: f64 = 3.0;
/// Frames before anything is found.
pub const HUM_LEAST_FRAMES: usize = 70;
/// Frames of chance that count as heard before the first one: a note that a stream begins with is all that was
/// heard so far, and steady.
pub const HUM_DOUBT_FRAMES: usize = 20;
/// A note on a harmonic of the mains sounds on every third (fifth, seventh) of them. Hum on every second one
/// is what rectifiers make.
pub const HUM_OVERTONE_STEPS: [u32; 3] = [3, 5, 7];
/// Mean squared agreement of the harmonics at which there is hum. The development set's four recordings with
/// hum read 0.19 to 0.56 after two seconds, mains hum under music alone 0.15; notes read up to 0.14 (a bass on
/// 60 Hz that begins the recording), all in a prototype. Of 294 clips for training (114 of music, 120 of noise, 60 of speech, 25 s
/// each) one comes out otherwise than with `quell denoise --keep-hum`: a generated hum.
pub const HUM_THRESHOLD: f32 = 0.145;
/// Candidates that are judged in a frame.
pub const HUM_CANDIDATES_A_FRAME: usize = 4;
/// Frames whose plain mean a line begins with.
pub const HUM_START_FRAMES: usize = 30;
/// Share of a frame in a line's amplitude after that: a memory of two thirds of a second.
pub const HUM_RATE: f32 = 0.015;
/// The share falls where something louder than the line is in its bin: weight of the ratio of powers.
pub const HUM_CAUTION: f32 = 4.0;
/// Part of the bin's mean power that counts as the line's own, so that a new line can grow.
pub const HUM_GROWTH: f32 = 0.1;
/// Mean cosine between a bin's phase and its line's at which the line begins to be taken away, and by how
/// much more it is taken away whole; 0 is chance, 1 is nothing but hum.
pub const HUM_STEADY: (f32, f32) = (0.05, 0.15);
/// Time constant of that mean, seconds.
pub const HUM_STEADY_S: f64 = 2.0;
/// Frames without a steady line after which the comb is given up.
pub const HUM_LOST_FRAMES: usize = 200;
/// Bins on each side of a line that are cleaned of it.
pub const HUM_REACH_BINS: usize = 4;
/// Share of a frame in the power of the hum that a print is freed of: a mean over a fifth of a second.
pub const HUM_POWER_RATE: f32 = 0.05;
/// Least share of a print that is left where it held hum: how deep the comb cancels.
pub const HUM_LEAST_LEFT: f32 = 3e-3;

// ---- Network --------------------------------------------------------------------------------

/// Time in which one engine takes over from another, seconds: long enough for a network that has
/// just started to find its feet, short enough to compare two by ear.
pub const ENGINE_FADE_S: f64 = 0.2;
/// Ratio to a captured tone up to which nothing but the tone is in its bin: 3 dB.
pub const TONE_RETURNS_FROM: f32 = 2.0;
/// Share of the network in the hybrid's mask where the noise is steady. Weights of 116.7 hours,
/// floor −24 dB, print, speech PESQ-WB / SI-SDR / VoiceBank PESQ-WB: 0.5 1.725 / 11.51 dB / 2.963, 0.75 1.757 / 11.44 dB / 2.967,
/// 0.9 1.759 / 11.35 dB / 2.940; music is the same at 0.5 and 0.75.
pub const HYBRID_NETWORK_SHARE: f32 = 0.75;
/// What that share grows by with every decibel by which the spread of the noise exceeds that of steady
/// noise.
pub const HYBRID_SHARE_PER_DB: f32 = 0.1;
