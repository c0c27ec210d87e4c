//! What a frame takes away is told by what it is: noise, or what should have stayed.

use quell_core::{Engine, FrameView, LatencyMode, ProfileSource, Settings, Tap};
use quell_testkit::signals::white;
use quell_testkit::stream::{denoiser, learn};

const N_BINS: usize = 100;

/// The figure of a frame of noise with a note of this level over it, where the noise's gain is a
/// tenth.
fn figure(note_db: f32, note_gain: f32) -> f32 {
    let mut rng = fastrand::Rng::with_seed(0x715c);
    let noise = [1e-8; N_BINS];
    let mut power = noise.map(|mean| -mean * (1.0 - rng.f32()).ln());
    let mut gain = [0.1; N_BINS];
    power[40] = noise[40] * 10f32.powf(note_db / 10.0);
    gain[40] = note_gain;
    let view = FrameView {
        bin_hz: 25.0,
        source: ProfileSource::Captured,
        power: &power,
        noise: &noise,
        threshold: &noise,
        gain: &gain,
        number: 0,
        hum: None,
    };
    view.at_risk()
}

#[test]
fn a_note_that_goes_is_told_and_one_that_stays_is_not() {
    assert!(figure(0.0, 0.1) < 0.02, "noise alone: {}", figure(0.0, 0.1));
    assert!(figure(25.0, 0.1) > 0.6, "a note that goes: {}", figure(25.0, 0.1));
    assert!(figure(25.0, 1.0) < 0.02, "a note that stays: {}", figure(25.0, 1.0));
    let by_gain = [0.0, 0.3, 0.6, 0.9].map(|gain| figure(25.0, gain));
    assert!(by_gain.windows(2).all(|pair| pair[0] > pair[1]), "{by_gain:?}");
}

/// The largest figure of all frames.
struct Meter(f32);

impl Tap for Meter {
    fn frame(&mut self, view: &FrameView) {
        self.0 = self.0.max(view.at_risk());
    }
}

#[test]
fn nothing_is_at_risk_in_noise_nor_where_nothing_goes() {
    let mut rng = fastrand::Rng::with_seed(0x715d);
    let print = white(&mut rng, 96_000, 0.01);
    let mut most = |settings: &Settings| {
        let mut stream = denoiser(48_000.0, 1, LatencyMode::Standard);
        learn(&mut stream, &print);
        let mut meter = Meter(0.0);
        let mut sound = white(&mut rng, 96_000, 0.01);
        stream.process(&mut [&mut sound], None, settings, &mut meter);
        meter.0
    };
    for engine in Engine::ALL {
        let share = most(&Settings { engine, ..Settings::default() });
        assert!(share < 0.1, "{engine:?}: {share}");
    }
    let nothing = Settings { amount: 0.0, remove_hum: false, ..Settings::default() };
    assert_eq!(most(&nothing), 0.0);
}
