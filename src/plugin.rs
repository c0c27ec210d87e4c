//! Quell as the framework sees it: a stream of the denoiser, its layouts and its names.

use std::num::NonZeroU32;
use std::sync::Arc;

use nice_plug::prelude::*;
use quell_core::config::CAPTURE_S;
use quell_core::settings::row::Page;
use quell_core::{BuildError, Choice, Denoiser, NoiseProfile, ProfileSource, Settings, StreamSpec};
use quell_formats::vst3_preset;

use crate::bridge::{AudioEnd, CaptureOrder};
use crate::ears::Ears;
use crate::editor::QuellEditor;
use crate::feed::FeedEnd;
use crate::params::{CAPTURE, RECENT, SOURCE};
use crate::shared::Shared;

/// One instance of the plugin.
pub struct Quell {
    shared: Shared,
    audio: AudioEnd,
    display: FeedEnd,
    denoiser: Option<Denoiser>,
    capture: CaptureSwitch,
    recent: CaptureSwitch,
    ears: Ears,
    /// The host renders: nobody listens.
    is_offline: bool,
    /// The host was asked for the restart that a new latency mode needs.
    is_restart_requested: bool,
}

impl Default for Quell {
    fn default() -> Self {
        let (shared, audio, display) = Shared::new();
        Self {
            shared,
            audio,
            display,
            denoiser: None,
            capture: CaptureSwitch::default(),
            recent: CaptureSwitch::default(),
            ears: Ears::new(48_000.0, false),
            is_offline: false,
            is_restart_requested: false,
        }
    }
}

/// Lets a switch that learns through where somebody turned it on, not where a project was saved
/// with it.
#[derive(Default)]
struct CaptureSwitch {
    /// On means nothing until it has been off.
    is_blocked: bool,
}

impl CaptureSwitch {
    fn follow(&mut self, order: Option<CaptureOrder>) {
        match order {
            Some(CaptureOrder::Block) => self.is_blocked = true,
            Some(CaptureOrder::Release) => self.is_blocked = false,
            Some(CaptureOrder::Abandon) | None => {}
        }
    }

    /// Whether the switch means what it says.
    fn is_on(&mut self, is_on: bool) -> bool {
        self.is_blocked &= is_on;
        is_on && !self.is_blocked
    }
}

const fn layout(
    n_channels: u32,
    noise: &'static [NonZeroU32],
    name: &'static str,
) -> AudioIOLayout {
    AudioIOLayout {
        main_input_channels: NonZeroU32::new(n_channels),
        main_output_channels: NonZeroU32::new(n_channels),
        aux_input_ports: noise,
        aux_output_ports: &[],
        names: PortNames {
            layout: Some(name),
            main_input: None,
            main_output: None,
            aux_inputs: &["Noise"],
            aux_outputs: &[],
        },
    }
}

impl Quell {
    /// What the instance shares with whoever holds it.
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Makes the stream ready, with all the memory that it will need.
    pub fn prepare(&mut self, spec: StreamSpec) -> Result<(), BuildError> {
        let mut denoiser = Denoiser::new(spec)?;
        let n_bins = NoiseProfile::bins_up_to(spec.sample_rate_hz / 2.0);
        let profiles = self.audio.prepare(spec.n_channels, n_bins);
        for (slot_idx, profile) in profiles.iter().enumerate() {
            denoiser.set_profile_in(slot_idx, profile.as_deref());
        }
        let geometry = denoiser.geometry();
        self.display.prepare(&spec, geometry.bin_hz(), geometry.n_bins());
        self.ears = Ears::new(spec.sample_rate_hz, self.is_offline);
        self.is_restart_requested = false;
        // Nothing begins by learning; in particular no project that was just opened.
        self.block_capture();
        self.audio.show_active(true);
        self.audio.show_latency(denoiser.latency_samples());
        self.denoiser = Some(denoiser);
        Ok(())
    }

    /// One block in place, on the audio thread; returns how long it sounds on, samples, or nothing
    /// where there is no stream.
    pub fn work(&mut self, io: &mut [&mut [f32]], noise: Option<&[&mut [f32]]>) -> Option<usize> {
        let denoiser = self.denoiser.as_mut()?;
        // 1. Orders from outside.
        self.audio.take_orders(|slot_idx, profile| denoiser.set_profile_in(slot_idx, profile));
        let order = self.audio.take_capture_order();
        match order {
            // What is being learned belongs to what was there before.
            Some(CaptureOrder::Block | CaptureOrder::Abandon) => denoiser.abandon_capture(),
            // Off for a moment, though no block has seen it.
            Some(CaptureOrder::Release) => denoiser.rearm_capture(),
            None => {}
        }
        self.capture.follow(order);
        if order == Some(CaptureOrder::Block) {
            self.recent.follow(order);
        }
        if self.audio.take_recent() {
            denoiser.learn_recent();
        }
        if let Some(frames) = self.audio.take_stretch() {
            denoiser.learn_stretch(frames);
        }
        let is_held = self.shared.link.is_capture_held();
        denoiser.end_captures_after(if is_held { f64::INFINITY } else { CAPTURE_S });
        // 2. Sound.
        let mut settings = self.shared.params.settings();
        settings.capture = self.capture.is_on(settings.capture);
        settings.use_recent = self.recent.is_on(settings.use_recent);
        let is_watched = self.display.look();
        if is_watched {
            self.display.input(io);
        }
        self.ears.before(&self.shared.ears, io);
        run(denoiser, io, noise, &settings, &mut self.display);
        self.ears.after(&self.shared.ears, io);
        if is_watched {
            self.display.output(io);
        }
        // 3. News for outside.
        self.audio.show_progress(denoiser.capture_progress());
        self.audio.show_change(denoiser.noise_change());
        if self.audio.can_tell()
            && let Some(end) = denoiser.take_capture()
        {
            if matches!(end, Ok(captured) if captured.source_before.is_some()) {
                self.shared.params[SOURCE].set_plain(ProfileSource::Captured.idx() as f32);
            }
            self.audio.tell(end);
        }
        Some(denoiser.tail_samples())
    }

    /// Whether a latency mode is chosen that only another stream can have.
    pub fn is_restart_due(&self) -> bool {
        let mode = self.shared.params.settings().latency;
        self.denoiser.as_ref().is_some_and(|denoiser| denoiser.spec().mode != mode)
    }

    /// Takes no notice of what is on until it has been off.
    fn block_capture(&mut self) {
        for (switch, place) in [(&mut self.capture, CAPTURE), (&mut self.recent, RECENT)] {
            if self.shared.params[place].is_on() {
                switch.follow(Some(CaptureOrder::Block));
            }
        }
    }
}

impl Plugin for Quell {
    const NAME: &'static str = vst3_preset::PLUGIN;
    const VENDOR: &'static str = vst3_preset::VENDOR;
    const URL: &'static str = env!("CARGO_PKG_REPOSITORY");
    const EMAIL: &'static str = "";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");

    // The first is the default. It has the noise input, because a VST3 host can only change the
    // channels of inputs, not their number.
    const AUDIO_IO_LAYOUTS: &'static [AudioIOLayout] = &[
        layout(2, &[new_nonzero_u32(2)], "Stereo, noise input"),
        layout(1, &[new_nonzero_u32(1)], "Mono, noise input"),
        layout(2, &[new_nonzero_u32(1)], "Stereo, mono noise input"),
        layout(2, &[], "Stereo"),
        layout(1, &[], "Mono"),
    ];

    const SAMPLE_ACCURATE_AUTOMATION: bool = true;

    type Editor = QuellEditor;
    type SysExMessage = ();
    type BackgroundTask = ();

    fn params(&self) -> Arc<dyn Params> {
        Arc::clone(&self.shared.params) as Arc<dyn Params>
    }

    fn editor(&mut self, _: AsyncExecutor<Self>) -> Option<QuellEditor> {
        QuellEditor::new(self.shared.clone())
    }

    fn activate(
        &mut self,
        layout: &AudioIOLayout,
        config: &BufferConfig,
        _: &mut impl ActivateContext<Self>,
    ) -> bool {
        let count = |n: Option<&NonZeroU32>| n.map_or(0, |n| n.get() as usize);
        self.is_offline = config.process_mode == ProcessMode::Offline;
        let spec = StreamSpec {
            sample_rate_hz: f64::from(config.sample_rate),
            n_channels: count(layout.main_input_channels.as_ref()),
            n_noise_channels: count(layout.aux_input_ports.first()),
            mode: self.shared.params.settings().latency,
        };
        self.prepare(spec).map_err(|error| nice_error!("Quell cannot run here: {error}")).is_ok()
    }

    fn reset(&mut self) {
        if let Some(denoiser) = &mut self.denoiser {
            let is_capturing = denoiser.capture_progress().is_some();
            denoiser.reset();
            self.audio.show_progress(None);
            // One that was over must not begin again.
            if !is_capturing {
                self.block_capture();
            }
        }
    }

    fn process(
        &mut self,
        buffer: &mut Buffer,
        aux: &mut AuxiliaryBuffers,
        context: &mut impl ProcessContext<Self>,
    ) -> ProcessStatus {
        let noise = aux.inputs.first().map(Buffer::as_slice_immutable);
        let Some(tail) = self.work(buffer.as_slice(), noise) else {
            return ProcessStatus::Error("process before activate");
        };
        // A new latency mode takes a restart, asked for once per change.
        let is_other_mode = self.is_restart_due();
        if is_other_mode && !self.is_restart_requested {
            request_restart(context);
        }
        self.is_restart_requested = is_other_mode;
        ProcessStatus::Tail(tail as u32)
    }

    fn deactivate(&mut self) {
        self.audio.show_active(false);
        self.audio.show_progress(None);
        self.audio.show_change(None);
        self.denoiser = None;
    }
}

/// In VST3 the shell asks, from the main thread: see [`crate::vst3_shell`].
fn request_restart(context: &impl ProcessContext<Quell>) {
    if context.plugin_api() == PluginApi::Clap {
        context.request_restart();
    }
}

/// Calls the denoiser with the noise input in the form it takes.
fn run(
    denoiser: &mut Denoiser,
    io: &mut [&mut [f32]],
    noise: Option<&[&mut [f32]]>,
    settings: &Settings,
    tap: &mut FeedEnd,
) {
    // The noise input is analysed only while something depends on it.
    let is_wanted = settings.profile_source == ProfileSource::Sidechain;
    match noise.filter(|_| is_wanted) {
        Some([left, right, ..]) => {
            denoiser.process(io, Some(&[&**left, &**right]), settings, tap);
        }
        Some([mono]) => denoiser.process(io, Some(&[&**mono]), settings, tap),
        Some([]) | None => denoiser.process(io, None, settings, tap),
    }
}

impl ClapPlugin for Quell {
    const CLAP_ID: &'static str = "audio.quell.quell";
    const CLAP_DESCRIPTION: Option<&'static str> =
        Some("Noise reduction: capture a noise print and gate it away");
    const CLAP_MANUAL_URL: Option<&'static str> = Some(Self::URL);
    const CLAP_SUPPORT_URL: Option<&'static str> = None;
    const CLAP_FEATURES: &'static [ClapFeature] = &[
        ClapFeature::AudioEffect,
        ClapFeature::Restoration,
        ClapFeature::Gate,
        ClapFeature::Mono,
        ClapFeature::Stereo,
    ];

    fn remote_controls(&self, context: &mut impl RemoteControlsContext) {
        context.add_section("Quell", |section| {
            for page in Page::ALL {
                section.add_page(page.name(), |on_it| {
                    let controls = self.shared.params.on_page(page);
                    controls.iter().for_each(|control| control.add_to(on_it));
                });
            }
        });
    }
}

impl Vst3Plugin for Quell {
    const VST3_CLASS_ID: [u8; 16] = vst3_preset::CLASS_ID;
    const VST3_SUBCATEGORIES: &'static [Vst3SubCategory] =
        &[Vst3SubCategory::Fx, Vst3SubCategory::Restoration];
}

#[cfg(test)]
mod tests {
    use quell_core::LatencyMode;
    use quell_core::settings::table::place_of;

    use super::*;

    /// What becomes of four seconds of noise at 12 dB less; how much quieter the last is, dB.
    fn heard(is_even: bool, is_offline: bool) -> (Vec<f32>, f64) {
        let mode = LatencyMode::Live;
        let spec =
            StreamSpec { sample_rate_hz: 48_000.0, n_channels: 1, n_noise_channels: 0, mode };
        let mut quell = Quell { is_offline, ..Quell::default() };
        quell.prepare(spec).unwrap();
        for (id, plain) in [("floor", 0.0), ("gain", -12.0)] {
            quell.shared().params[place_of(id)].set_plain(plain);
        }
        quell.shared().ears.make_even(is_even);
        let mut random = fastrand::Rng::with_seed(4);
        let before: Vec<f32> = (0..4 * 48_000).map(|_| 0.2 * (random.f32() - 0.5)).collect();
        let mut after = before.clone();
        for block in after.chunks_mut(480) {
            quell.work(&mut [block], None);
        }
        let power = |sound: &[f32]| -> f64 {
            sound[3 * 48_000..].iter().map(|&sample| f64::from(sample).powi(2)).sum()
        };
        let quieter_db = 10.0 * (power(&before) / power(&after)).log10();
        (after, quieter_db)
    }

    #[test]
    fn at_the_same_loudness_it_is_as_loud_as_what_came_but_not_in_what_is_rendered() {
        let (plain, quieter_db) = heard(false, false);
        assert!(quieter_db > 6.0, "{quieter_db}");
        let (_, quieter_db) = heard(true, false);
        assert!(quieter_db.abs() < 1.0, "{quieter_db}");
        assert!(heard(true, true).0 == plain, "nobody listens to what is rendered");
    }
}
