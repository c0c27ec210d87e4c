//! An instance: a stream for each latency mode, of which one runs.

use quell_core::{
    BuildError, Choice, Denoiser, Engine, LatencyMode, ProfileSource, Settings, StreamSpec,
};

use crate::ports::{ENGINE, MODE, N_CONTROLS, REDUCTION, SENSITIVITY};

/// Samples that are processed at once, so that in- and outputs may lie in the same place.
const N_AT_ONCE: usize = 512;
/// Audio ports for at most two channels, and the delay.
const MOST_PORTS: usize = N_CONTROLS + 5;

pub(crate) struct Instance<const N_CHANNELS: usize> {
    ports: [*mut f32; MOST_PORTS],
    /// By the number of the mode. A stream cannot change its delay, and none is built while sound
    /// runs.
    streams: [Denoiser; LatencyMode::ALL.len()],
    running: usize,
    scratch: [[f32; N_AT_ONCE]; N_CHANNELS],
}

impl<const N_CHANNELS: usize> Instance<N_CHANNELS> {
    pub(crate) fn new(sample_rate_hz: f64) -> Result<Self, BuildError> {
        let stream = |mode| {
            let spec =
                StreamSpec { sample_rate_hz, n_channels: N_CHANNELS, n_noise_channels: 0, mode };
            Denoiser::new(spec)
        };
        let [live, standard, studio] = LatencyMode::ALL.map(stream);
        Ok(Self {
            ports: [core::ptr::null_mut(); MOST_PORTS],
            streams: [live?, standard?, studio?],
            running: LatencyMode::Standard.idx(),
            scratch: [[0.0; N_AT_ONCE]; N_CHANNELS],
        })
    }

    pub(crate) fn connect(&mut self, port: usize, data: *mut f32) {
        if let Some(place) = self.ports.get_mut(port) {
            *place = data;
        }
    }

    pub(crate) fn reset(&mut self) {
        self.streams[self.running].reset();
    }

    /// A control, or its default where it is not connected or no number.
    ///
    /// # Safety
    /// A port that is connected points to a number.
    unsafe fn control(&self, port: usize, default: f32) -> f32 {
        let place = self.ports[port];
        // SAFETY: the caller's.
        let value = if place.is_null() { default } else { unsafe { *place } };
        if value.is_finite() { value } else { default }
    }

    /// # Safety
    /// As [`Self::control`].
    unsafe fn settings(&self) -> (Settings, usize) {
        let usual = Settings { profile_source: ProfileSource::Adaptive, ..Settings::default() };
        // SAFETY: the caller's, for all of them.
        let [reduction_db, sensitivity, engine, mode] = unsafe {
            [
                self.control(REDUCTION, usual.reduction_db),
                self.control(SENSITIVITY, usual.sensitivity),
                self.control(ENGINE, usual.engine.idx() as f32),
                self.control(MODE, LatencyMode::Standard.idx() as f32),
            ]
        };
        let engine = Engine::at(engine.round().max(0.0) as usize);
        let settings = Settings { reduction_db, sensitivity, engine, ..usual };
        (settings, (mode.round().max(0.0) as usize).min(LatencyMode::ALL.len() - 1))
    }

    /// Processes a block of any length.
    ///
    /// # Safety
    /// Every port that is connected points to memory of its kind: a number, or so many samples.
    pub(crate) unsafe fn run(&mut self, n_samples: usize) {
        // SAFETY: the caller's.
        let (settings, mode) = unsafe { self.settings() };
        if mode != self.running {
            self.running = mode;
            self.streams[mode].reset();
        }
        let latency = self.ports[N_CONTROLS + 2 * N_CHANNELS];
        if !latency.is_null() {
            // SAFETY: the caller's.
            unsafe { *latency = self.streams[mode].latency_samples() as f32 };
        }
        let audio = &self.ports[N_CONTROLS..N_CONTROLS + 2 * N_CHANNELS];
        if audio.iter().any(|port| port.is_null()) {
            return;
        }
        let mut start = 0;
        while start < n_samples {
            let n = (n_samples - start).min(N_AT_ONCE);
            for (channel, scratch) in self.scratch.iter_mut().enumerate() {
                // SAFETY: the input has `n_samples` samples, of which these lie inside.
                let input = unsafe { core::slice::from_raw_parts(audio[channel].add(start), n) };
                scratch[..n].copy_from_slice(input);
            }
            let mut io = self.scratch.each_mut().map(|scratch| &mut scratch[..n]);
            self.streams[mode].process(&mut io, None, &settings, &mut ());
            for (channel, scratch) in self.scratch.iter().enumerate() {
                let port = audio[N_CHANNELS + channel];
                // SAFETY: as for the input; nothing else refers to this memory now.
                let output = unsafe { core::slice::from_raw_parts_mut(port.add(start), n) };
                output.copy_from_slice(&scratch[..n]);
            }
            start += n;
        }
    }
}
