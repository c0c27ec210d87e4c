//! A small CLAP host: what Reaper and Bitwig do, in a few hundred lines. The tests use it on the
//! linked-in plugin, `xtask install` on the installed file.

mod answers;

use std::ffi::{CStr, CString};
use std::sync::Arc;

use clack_extensions::audio_ports_config::PluginAudioPortsConfig;
use clack_extensions::latency::PluginLatency;
use clack_extensions::params::{ParamInfoBuffer, ParamInfoFlags, PluginParams};
use clack_extensions::state::PluginState;
use clack_host::events::Pckn;
use clack_host::events::event_types::ParamValueEvent;
use clack_host::extensions::prelude::{Extension, PluginExtensionSide};
use clack_host::prelude::*;
use clack_host::utils::ClapId;

pub use answers::{Calls, Handlers, MainThread, Shared};

/// What the plugin calls itself.
pub const PLUGIN_ID: &CStr = c"audio.quell.quell";

/// What a host knows of a parameter.
#[derive(Clone, Debug)]
pub struct ParamDescription {
    /// Its permanent id.
    pub id: ClapId,
    /// As the host shows it.
    pub name: String,
    /// What the host may do with it.
    pub flags: ParamInfoFlags,
    /// Lowest value.
    pub min: f64,
    /// Highest value.
    pub max: f64,
    /// Value of a new instance.
    pub default: f64,
}

/// A value for a parameter at a sample.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// When, counted from the start of the sound.
    pub sample: usize,
    /// Which parameter.
    pub id: ClapId,
    /// What it becomes.
    pub value: f64,
}

/// Layouts in the order of the plugin's list: channels of the main and of the noise input.
pub const LAYOUTS: [(usize, usize); 5] = [(2, 2), (1, 1), (2, 1), (2, 0), (1, 0)];

/// One instance of the plugin with buffers and a rate.
pub struct Rig {
    processor: Option<StartedPluginAudioProcessor<Handlers>>,
    instance: PluginInstance<Handlers>,
    /// What the plugin asked for so far.
    pub calls: Arc<Calls>,
    in_ports: AudioPorts,
    out_ports: AudioPorts,
    layout: (usize, usize),
    max_block: usize,
}

impl Rig {
    /// A new instance, not active.
    pub fn new(entry: &PluginEntry) -> Self {
        let calls = Arc::new(Calls::default());
        let info = HostInfo::new("Quell tests", "Quell", "https://example.org", "1").unwrap();
        let (shared, main) = (Arc::clone(&calls), Arc::clone(&calls));
        let instance =
            PluginInstance::new(|()| Shared(shared), |_| MainThread(main), entry, PLUGIN_ID, &info)
                .expect("the plugin can be instantiated");
        Self {
            processor: None,
            instance,
            calls,
            in_ports: AudioPorts::with_capacity(8, 2),
            out_ports: AudioPorts::with_capacity(8, 1),
            layout: LAYOUTS[0],
            max_block: 0,
        }
    }

    /// The plugin on the main thread.
    pub fn plugin_handle(&mut self) -> PluginMainThreadHandle<'_> {
        self.instance.plugin_handle()
    }

    /// An extension that the plugin must have.
    pub fn extension<E: Extension<ExtensionSide = PluginExtensionSide>>(&mut self) -> E {
        self.instance.plugin_handle().get_extension().expect("the plugin has the extension")
    }

    /// Chooses a layout by its place in [`LAYOUTS`]; while inactive.
    pub fn select_layout(&mut self, idx: usize) {
        let configs: PluginAudioPortsConfig = self.extension();
        let id = ClapId::new(u32::try_from(idx).unwrap());
        configs.select(&self.instance.plugin_handle(), id).expect("the layout can be chosen");
        self.layout = LAYOUTS[idx];
    }

    /// Activates it and starts processing.
    pub fn activate(&mut self, sample_rate_hz: f64, max_block: usize) {
        let configuration = PluginAudioConfiguration {
            sample_rate: sample_rate_hz,
            min_frames_count: 1,
            max_frames_count: u32::try_from(max_block).unwrap(),
        };
        let stopped =
            self.instance.activate(|_, _| (), configuration).expect("the plugin can be activated");
        self.processor = Some(stopped.start_processing().expect("processing can start"));
        self.max_block = max_block;
    }

    /// Stops processing and deactivates it, where it is active.
    pub fn deactivate(&mut self) {
        if let Some(processor) = self.processor.take() {
            self.instance.deactivate(processor.stop_processing());
        }
    }

    /// What hosts do on a restart request.
    pub fn restart(&mut self, sample_rate_hz: f64) {
        let max_block = self.max_block;
        self.deactivate();
        self.activate(sample_rate_hz, max_block);
    }

    /// Forgets all sound; while active.
    pub fn reset(&mut self) {
        self.processor.as_mut().expect("active").reset();
    }

    /// Runs what the plugin asked to have run on the main thread.
    pub fn run_callbacks(&mut self) {
        if Calls::take(&self.calls.callback) > 0 {
            self.instance.call_on_main_thread_callback();
        }
    }

    /// Latency that it reports, samples.
    pub fn latency(&mut self) -> usize {
        let latency: PluginLatency = self.extension();
        latency.get(&self.instance.plugin_handle()) as usize
    }

    /// All parameters, in its order.
    pub fn params(&mut self) -> Vec<ParamDescription> {
        let params: PluginParams = self.extension();
        let handle = self.instance.plugin_handle();
        let mut buffer = ParamInfoBuffer::new();
        (0..params.count(&handle))
            .map(|idx| {
                let info = params.get_info(&handle, idx, &mut buffer).expect("a parameter");
                ParamDescription {
                    id: info.id,
                    name: String::from_utf8_lossy(info.name).into_owned(),
                    flags: info.flags,
                    min: info.min_value,
                    max: info.max_value,
                    default: info.default_value,
                }
            })
            .collect()
    }

    /// A parameter by name.
    pub fn param(&mut self, name: &str) -> ParamDescription {
        let param = self.params().into_iter().find(|param| param.name == name);
        param.unwrap_or_else(|| panic!("there is no parameter '{name}'"))
    }

    /// Value of a parameter by name.
    pub fn value(&mut self, name: &str) -> f64 {
        let id = self.param(name).id;
        let params: PluginParams = self.extension();
        params.get_value(&self.instance.plugin_handle(), id).expect("a value")
    }

    /// How the plugin writes a value.
    pub fn value_text(&mut self, id: ClapId, value: f64) -> String {
        let params: PluginParams = self.extension();
        let mut buffer = [0; 256];
        let text = params
            .value_to_text(&self.instance.plugin_handle(), id, value, &mut buffer)
            .expect("text of a value");
        String::from_utf8(text.to_vec()).expect("UTF-8")
    }

    /// How the plugin reads a text.
    pub fn text_value(&mut self, id: ClapId, text: &str) -> Option<f64> {
        let params: PluginParams = self.extension();
        let text = CString::new(text).unwrap();
        params.text_to_value(&self.instance.plugin_handle(), id, &text)
    }

    /// A change of a named parameter to what a text says.
    pub fn change(&mut self, sample: usize, name: &str, text: &str) -> Change {
        let id = self.param(name).id;
        let value = self.text_value(id, text).unwrap_or_else(|| panic!("{name} takes '{text}'"));
        Change { sample, id, value }
    }

    /// Sets parameters without sound; active or not.
    pub fn set(&mut self, settings: &[(&str, &str)]) {
        let events: Vec<_> = settings
            .iter()
            .map(|(name, text)| {
                let change = self.change(0, name, text);
                event(&change, 0)
            })
            .collect();
        let params: PluginParams = self.extension();
        let (input, mut output) = (InputEvents::from_buffer(&events), OutputEvents::void());
        match &mut self.processor {
            Some(processor) => {
                params.flush_active(&mut processor.plugin_handle(), &input, &mut output);
            }
            None => {
                let mut handle = self.instance.inactive_plugin_handle().expect("inactive");
                params.flush(&mut handle, &input, &mut output);
            }
        }
    }

    /// What a project would save.
    pub fn save(&mut self) -> Vec<u8> {
        let state: PluginState = self.extension();
        let mut bytes = Vec::new();
        state.save(&self.instance.plugin_handle(), &mut bytes).expect("state can be saved");
        bytes
    }

    /// True if the plugin took the state.
    pub fn load(&mut self, mut bytes: &[u8]) -> bool {
        let state: PluginState = self.extension();
        state.load(&self.instance.plugin_handle(), &mut bytes).is_ok()
    }

    /// One block, `start..end` of the buffers. Allocates nothing itself.
    pub fn process(
        &mut self,
        buffers: &mut Buffers,
        start: usize,
        end: usize,
        events: &[ParamValueEvent],
    ) {
        let n_ports = if self.layout.1 == 0 { 1 } else { 2 };
        let ports = [port(&mut buffers.main, start, end), port(&mut buffers.noise, start, end)];
        let inputs = self.in_ports.with_input_buffers(ports.into_iter().take(n_ports));
        let mut outputs = self.out_ports.with_output_buffers([AudioPortBuffer {
            latency: 0,
            channels: AudioPortBufferType::f32_output_only(
                buffers.output.iter_mut().map(|channel| &mut channel[start..end]),
            ),
        }]);
        self.processor
            .as_mut()
            .expect("active")
            .process(
                &inputs,
                &mut outputs,
                &InputEvents::from_buffer(&events),
                &mut OutputEvents::void(),
                Some(start as u64),
                None,
            )
            .expect("a block is processed");
    }

    /// All of the buffers in blocks of the given lengths, again and again, with automation.
    pub fn render(&mut self, buffers: &mut Buffers, blocks: &[usize], changes: &[Change]) {
        let n_samples = buffers.main[0].len();
        let mut blocks = blocks.iter().copied().cycle();
        let mut start = 0;
        while start < n_samples {
            let len = blocks.next().expect("blocks").clamp(1, self.max_block);
            let end = (start + len).min(n_samples);
            let events: Vec<_> = changes
                .iter()
                .filter(|change| (start..end).contains(&change.sample))
                .map(|change| event(change, start))
                .collect();
            self.process(buffers, start, end, &events);
            start = end;
        }
    }

    /// Renders mono or stereo sound with the default cut, and returns the output.
    pub fn play(&mut self, main: &[Vec<f32>], changes: &[Change]) -> Vec<Vec<f32>> {
        let mut buffers = Buffers::new(main.to_vec(), self.layout.1);
        self.render(&mut buffers, &[512], changes);
        buffers.output
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.deactivate();
    }
}

/// Sound of all ports.
#[derive(Clone)]
pub struct Buffers {
    /// Main input.
    pub main: Vec<Vec<f32>>,
    /// Noise input.
    pub noise: Vec<Vec<f32>>,
    /// Output.
    pub output: Vec<Vec<f32>>,
}

impl Buffers {
    /// With a silent noise input.
    pub fn new(main: Vec<Vec<f32>>, n_noise_channels: usize) -> Self {
        let n_samples = main[0].len();
        Self {
            noise: vec![vec![0.0; n_samples]; n_noise_channels],
            // Whatever was there before must not matter.
            output: vec![vec![f32::NAN; n_samples]; main.len()],
            main,
        }
    }
}

fn port(
    channels: &mut [Vec<f32>],
    start: usize,
    end: usize,
) -> AudioPortBuffer<
    impl Iterator<Item = InputChannel<'_, f32>>,
    std::array::IntoIter<InputChannel<'static, f64>, 0>,
> {
    AudioPortBuffer {
        latency: 0,
        channels: AudioPortBufferType::f32_input_only(
            channels
                .iter_mut()
                .map(move |channel| InputChannel::variable(&mut channel[start..end])),
        ),
    }
}

/// The change as an event of the block that begins at `start`.
pub fn event(change: &Change, start: usize) -> ParamValueEvent {
    let time = u32::try_from(change.sample - start).unwrap();
    ParamValueEvent::new(time, change.id, Pckn::match_all(), change.value)
}
