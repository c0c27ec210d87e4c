//! Every tuning constant of the core, with its unit and why it is what it is. Where there is more
//! to say, the page in `docs/decisions/` with the number named here says it.
//!
//! Derived values are computed where they are used; nothing else in the crate holds a bare number
//! that a listener could hear.

// ---- Geometry (decision 1) ------------------------------------------------------------------

/// Length of the analysis window, seconds: bins lie 25 Hz apart.
pub const WINDOW_S: f64 = 0.040;
/// Frames per window: a frame every 10 ms.
pub const HOPS_PER_WINDOW: usize = 4;
/// Distance of two bins of the portable noise profile, Hz.
pub const PROFILE_BIN_HZ: f64 = 25.0;
/// Frames of look-ahead in Studio mode: 40 ms, so the mask is smoothed over frames on both sides.
pub const STUDIO_LOOK_AHEAD_FRAMES: usize = 4;
/// Hops that the synthesis window of Live mode spans: 20 ms.
pub const LIVE_SYNTHESIS_HOPS: usize = 2;
/// Sample rates the engine accepts, Hz: from where a window still has bins enough for a spectrum to
/// beyond every converter on sale.
pub const SAMPLE_RATE_RANGE_HZ: core::ops::RangeInclusive<f64> = 500.0..=1_600_000.0;

// ---- Input ----------------------------------------------------------------------------------

/// Samples beyond this magnitude (+60 dBFS) are clamped: faults, whose square must fit into `f32`.
pub const INPUT_LIMIT: f32 = 1000.0;

// ---- Capture --------------------------------------------------------------------------------

/// Shortest capture, seconds: fewer frames say nothing about the spread of the noise.
pub const MIN_CAPTURE_S: f64 = 0.3;
/// Usable noise after which a capture in the plugin ends by itself, seconds: more tells little.
pub const CAPTURE_S: f64 = 2.0;
/// What a stream remembers of what was heard, seconds.
pub const RECENT_S: f64 = 20.0;
/// No more than this is kept for it, bytes: 20 s of two channels at 192 kHz take 31 MB.
pub const RECENT_BYTES: usize = 64 << 20;
/// Frames of it that are learned from in the time of one: 4 s of noise are known 0.8 s later.
pub const RECENT_FRAMES_AT_ONCE: usize = 5;
/// Level below which a frame is silent, dBFS (RMS): under the dither of 16-bit audio (about −98).
pub const SILENCE_DBFS: f32 = -110.0;

/// Time in which one slot's print takes over from another's, seconds: a jump is no click, and a
/// glide by automation is followed at once up to a slot in this time.
pub const SLOT_GLIDE_S: f64 = 0.1;

/// Where the energy of speech lies, Hz: the band of a telephone.
pub const VOICE_RANGE_HZ: core::ops::RangeInclusive<f64> = 300.0..=3_400.0;
/// Mean spread of the bins up to which a capture is steady, dB: Gaussian noise has 5.6.
pub const STEADY_SPREAD_DB: f64 = 6.8;
/// Mean spread in the voice range from which a capture is speech or music, dB, where the other bins
/// spread less: speech over hiss has 7.5 (decision 16).
pub const SPEECH_SPREAD_DB: f64 = 7.2;
/// Mean spread of the bins below which a capture is a tone rather than noise, dB.
pub const TONE_SPREAD_DB: f64 = 4.0;
/// Samples in a row of one size that a converter cuts off at, and the least such size.
pub const CLIPPED_RUN: (usize, f32) = (3, 0.5);
/// Share of the hops from which a capture is clipped.
pub const CLIPPED_SHARE: f64 = 0.01;

// ---- Whether a print still fits -------------------------------------------------------------

/// How far the noise of a band may be from the print, dB: words and music leave the followed level
/// uncertain by half of it.
pub const FIT_DB: f32 = 6.0;
/// How much further for each decibel of spread over that of steady noise: between two pulses less
/// is heard than the print says.
pub const FIT_PER_SPREAD: f32 = 3.0;
/// Share of that down to which a change that was told is told still.
pub const FIT_HYSTERESIS: f32 = 0.7;
/// Bands, of 16, that must have changed together.
pub const FIT_LEAST_BANDS: usize = 2;
/// Frames of sound under a print before anything is said of it: the minimum has looked back once.
pub const FIT_LEAST_FRAMES: usize = 480;
/// Frames from one comparison to the next.
pub const FIT_EVERY_FRAMES: usize = 10;
/// Weight of a comparison in what is told: a mean over half a second.
pub const FIT_RATE: f32 = 0.2;
/// Level of a band below which nothing is compared, dB re full scale per 25 Hz.
pub const FIT_LEAST_LEVEL_DB: f32 = -125.0;

// ---- Levels ---------------------------------------------------------------------------------

/// Lowest level a profile bin may hold, dB re full scale per 25 Hz.
pub const MIN_LEVEL_DB: f32 = -200.0;
/// Highest level a profile bin may hold, dB re full scale per 25 Hz.
pub const MAX_LEVEL_DB: f32 = 60.0;
/// Largest standard deviation a profile bin may hold, dB.
pub const MAX_STD_DB: f32 = 40.0;
/// Mean dB level of a bin of Gaussian noise under the dB of its mean power: 10·γ/ln 10, dB.
pub const GAUSSIAN_LOG_BIAS_DB: f32 = 2.507;
/// Standard deviation of the dB level of a bin of Gaussian noise: 10·π/(√6·ln 10), dB.
pub const GAUSSIAN_LOG_STD_DB: f32 = 5.570;

// ---- Output ---------------------------------------------------------------------------------

/// Length of every click-free switch (bypass, removed, mix, gain), seconds.
pub const OUTPUT_RAMP_S: f64 = 0.010;

// ---- Adaptive noise level (decision 12) -----------------------------------------------------

/// Weight of the past in the smoothed power that the minimum is taken of, per frame.
pub const TRACKER_SMOOTHING: f32 = 0.85;
/// Frames after a reset whose plain mean is taken before the search for a minimum begins.
pub const TRACKER_WARM_UP_FRAMES: usize = 12;
/// Frames in one stretch of the minimum search.
pub const TRACKER_STRETCH_FRAMES: usize = 60;
/// Stretches that the minimum is searched in: 4.8 s, longer than a phrase or a held note.
pub const TRACKER_STRETCHES: usize = 8;
/// Mean power of steady noise over the minimum found, as white noise reads its own level.
pub const TRACKER_BIAS: f32 = 2.8;

/// Digital silence after which the noise before it is forgotten, seconds: longer than gaps between
/// clips of one recording, shorter than a break.
pub const FOLLOWER_FORGETS_AFTER_S: f64 = 60.0;
/// Frames in a block of a patch.
pub const PATCH_BLOCK_FRAMES: usize = 6;
/// Blocks in a patch: 300 ms, so that noise is known within half a second.
pub const PATCH_BLOCKS: usize = 5;
/// Bins to each side that belong to a patch: 400 Hz in all.
pub const PATCH_REACH_BINS: usize = 8;
/// Distance of the neighbours over which a bin must not stand out, bins: beyond the main lobe.
pub const PATCH_NEIGHBOUR_BINS: usize = 3;
/// Bins to each side that the level of a patch is averaged over.
pub const PATCH_LEVEL_BINS: usize = 2;
/// Squared mean amplitude over mean power that noise may have: π/4 and a little more.
pub const PATCH_SPREAD: core::ops::RangeInclusive<f32> = 0.75..=0.86;
/// Least mean ratio of a bin to its neighbours, the smaller over the larger.
pub const PATCH_LEAST_EVENNESS: f32 = 0.72;
/// Power of the older part over the mean of the patch: a swell of less than 5 dB in 0.2 s.
pub const PATCH_BALANCE: core::ops::RangeInclusive<f32> = 0.5..=1.5;
/// Ratio of a patch to the known level from which it takes its place: 5 dB, as music loses at 4.
pub const PATCH_RAISES_FROM: f32 = 3.1;
/// Ratio from which the network starts anew: it has heard that there is no such noise.
pub const PATCH_NEWS_FROM: f32 = 4.0;
/// Share of the bins that must have risen so far.
pub const PATCH_NEWS_SHARE: f32 = 0.3;
/// What the mean of a patch is raised by, 2 dB: as far as the minimum of the first frames lies over
/// the noise.
pub const PATCH_MARGIN: f32 = 1.6;
/// Ratio to the known noise from which a bin is overrun: 10 dB.
pub const OVERRUN_FROM: f32 = 10.0;
/// Share of overrun bins from which the network is told nothing: the level is far too low.
pub const OVERRUN_SHARE: f32 = 0.9;
/// For how many frames in a row: longer than nearly all sounds of speech.
pub const OVERRUN_FRAMES: usize = 30;

// ---- Noise input ----------------------------------------------------------------------------

/// Time constant over which the level of the noise input is averaged, seconds.
pub const SIDECHAIN_AVERAGE_S: f64 = 0.5;

// ---- Threshold (decision 2) -----------------------------------------------------------------

/// Where the nodes of the threshold curve stand by default, Hz; older states shifted it at the
/// second, fourth and sixth.
pub const NODE_HZ: [f32; 6] = [60.0, 200.0, 500.0, 1_200.0, 3_000.0, 7_000.0];
/// Standard deviations over the mean where the threshold stands by default, as in the classic one.
pub const DEFAULT_SENSITIVITY: f32 = 1.5;
/// How far noise is turned down where nobody said otherwise, dB (decision 8).
pub const DEFAULT_REDUCTION_DB: f32 = -40.0;
/// Differences from the spread of steady noise that move the reference level, dB.
pub const EXCESS_SPREAD_RANGE_DB: (f32, f32) = (-1.0, 6.0);
/// Decibels that the reference level moves for each decibel of such a difference, besides what the
/// sensitivity makes of it.
pub const EXCESS_SPREAD_WEIGHT: f32 = 1.5;
/// What the reference level is raised by, dB: the mean of a short print is uncertain, and noise
/// left over is heard before sound lost is.
pub const REFERENCE_MARGIN_DB: f32 = 0.5;
/// Half width of the triangle that smooths the spread over frequency, Hz: two seconds of noise are
/// too short to know it bin by bin.
pub const SPREAD_SMOOTHING_HZ: f64 = 200.0;

// ---- Gate (decision 2) ----------------------------------------------------------------------

/// Mean SNR of a neighbourhood at which it is as likely sound as noise: 2.5 dB.
pub const PRESENCE_MIDDLE_SNR: f32 = 1.778;
/// SNR beyond which a bin counts no more for its neighbourhood: 30 dB.
pub const PRESENCE_SNR_LIMIT: f32 = 1_000.0;
/// Weight of the last frame in the a priori SNR where there is noise only.
pub const MEMORY_IN_NOISE: f32 = 0.98;
/// The same where there is sound, with full protection of transients.
pub const MEMORY_IN_SOUND: f32 = 0.93;
/// What is left of any bin while there is sound: −24 dB (decision 8).
pub const BED_GAIN: f32 = 0.063;
/// How much of that stays from frame to frame once the sound is over: a tenth after 0.14 s.
pub const BED_FADE: f32 = 0.85;
/// Least a priori SNR; bounds the gain to −40 dB before the reduction does.
pub const LEAST_A_PRIORI_SNR: f32 = 0.01;

/// Digital silence after which network and hum start anew, seconds: longer than the network's
/// running minimum looks back (1.8 s).
pub const FORGETS_AFTER_S: f64 = 2.0;

// ---- What may be lost ------------------------------------------------------------------------

/// Ratio to the noise at which what is taken away is as likely voice or tone as noise: 15 dB, which
/// steady noise is over in none of 10^13 bins.
pub const RISK_RATIO: f32 = 30.0;

// ---- Room tone ------------------------------------------------------------------------------

/// Level of the room tone from which there is one, dB re the noise: at it and below there is none.
pub const ROOM_TONE_OFF_DB: f32 = -60.0;
/// Full width of the neighbourhood whose power a bin is held by, Hz: 34 values in two frames, so
/// that the noise keeps its own flicker and its level is known to 1 dB.
pub const ROOM_TONE_REACH_HZ: f32 = 400.0;
/// Weight of the past in that power, per frame: what it knows of a word is gone 40 ms behind it.
pub const ROOM_TONE_MEMORY: f32 = 0.5;
/// Least ratio to the noise that is made up for: noise is lifted by up to 6 dB where it has become
/// softer than it is known.
pub const ROOM_TONE_LEAST: f32 = 0.25;
/// Ratio to the noise beyond which nothing grows: 60 dB.
pub const ROOM_TONE_MOST: f32 = 1e6;
/// Power that is left of a neighbourhood, over its noise, that is as likely sound as noise: masks
/// leave −15 to −8 dB of noise in pauses, and a note or a voice 10 dB and more.
pub const ROOM_TONE_SOUND: f32 = 1.5;
/// The same for a neighbourhood among others that speak for sound in the frame.
pub const ROOM_TONE_TRACE: f32 = 0.5;
/// Share of the ear's bands that must: a fan's tone which a mask lets pass is in fewer.
pub const ROOM_TONE_SHARE: f32 = 0.08;
/// How much of that stays from frame to frame.
pub const ROOM_TONE_FADE: f32 = 0.5;

// ---- Mains hum (decision 10) ----------------------------------------------------------------

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
/// Frames between the two phases that are compared: 110 ms tells 50 from 60 Hz, 100 ms would not.
pub const HUM_LAG_FRAMES: usize = 11;
/// A shorter distance that must agree at least in sign.
pub const HUM_SHORT_LAG_FRAMES: usize = 4;
/// Time constant over which phases must agree, seconds: longer than notes are held.
pub const HUM_FIND_S: f64 = 3.0;
/// Frames before anything is found.
pub const HUM_LEAST_FRAMES: usize = 70;
/// Frames of chance before the first one: a note that a stream begins with is all that was heard.
pub const HUM_DOUBT_FRAMES: usize = 20;
/// Steps from harmonic to harmonic of a note on one of them; on every second is a rectifier's hum.
pub const HUM_OVERTONE_STEPS: [u32; 3] = [3, 5, 7];
/// Mean squared agreement of the harmonics from which there is hum: above what notes read, 0.14.
pub const HUM_THRESHOLD: f32 = 0.145;
/// Candidates that are judged in a frame.
pub const HUM_CANDIDATES_A_FRAME: usize = 4;
/// Frames whose plain mean a line begins with.
pub const HUM_START_FRAMES: usize = 30;
/// Share of a frame in a line's amplitude after that: a memory of two thirds of a second.
pub const HUM_RATE: f32 = 0.015;
/// Weight of the ratio of powers by which that share falls where something louder is in the bin.
pub const HUM_CAUTION: f32 = 4.0;
/// Part of the bin's mean power that counts as the line's own, so that a new one can grow.
pub const HUM_GROWTH: f32 = 0.1;
/// Mean cosine between the phases of bin and line from which a line is taken away, and by how much
/// more it is taken away whole; 0 is chance, 1 is nothing but hum.
pub const HUM_STEADY: (f32, f32) = (0.05, 0.15);
/// Time constant of that mean, seconds.
pub const HUM_STEADY_S: f64 = 2.0;
/// Frames without a steady line after which the comb is given up.
pub const HUM_LOST_FRAMES: usize = 200;
/// Bins on each side of a line that are cleaned of it.
pub const HUM_REACH_BINS: usize = 4;
/// Share of a frame in the power of the hum that a print is freed of: a mean over 0.2 s.
pub const HUM_POWER_RATE: f32 = 0.05;
/// Least share of a print that is left where it held hum: how deep the comb cancels.
pub const HUM_LEAST_LEFT: f32 = 3e-3;

// ---- Network (decisions 4, 5) ---------------------------------------------------------------

/// Time in which one engine takes over from another, seconds: a network that starts finds its feet,
/// and two can be compared by ear.
pub const ENGINE_FADE_S: f64 = 0.2;
/// Ratio to a captured tone up to which nothing but the tone is in its bin: 3 dB (decision 13).
pub const TONE_RETURNS_FROM: f32 = 2.0;
/// Share of the network in the hybrid's mask where the noise is steady: speech gains, VoiceBank
/// loses from 0.9 on.
pub const HYBRID_NETWORK_SHARE: f32 = 0.75;
/// What that share grows by for each decibel of spread over that of steady noise.
pub const HYBRID_SHARE_PER_DB: f32 = 0.1;
