//! Sound through a JACK server: one client with two ports each way, whose delay the server knows,
//! so that other paths are delayed to match.

use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use ::jack::jack_sys::{
    JackCaptureLatency, jack_latency_callback_mode_t, jack_recompute_total_latencies,
    jack_set_latency_callback,
};
use ::jack::{
    AsyncClient, AudioIn, AudioOut, Client, ClientOptions, ClientStatus, Control, LatencyType,
    NotificationHandler, Port, PortFlags, ProcessHandler, ProcessScope, Unowned,
};

use crate::standalone::backend::{Backend, Devices, Format, NoSound, Wish};
use crate::standalone::player::Player;

/// What stands in the lists of devices.
pub(super) const NAME: &str = "JACK";
const CLIENT: &str = "Quell";
const AUDIO: &str = "32 bit float mono audio";
const N_CHANNELS: usize = 2;

/// The server, where one runs.
#[derive(Default)]
pub(super) struct Jack {
    running: Option<Running>,
}

struct Running {
    client: AsyncClient<Notes, Cycle>,
    ears: Arc<Ears>,
    // After the client, which calls back with it.
    delay: Box<Delay>,
}

/// What the server says.
#[derive(Default)]
struct Ears {
    n_xruns: AtomicU64,
    has_gone: AtomicBool,
}

impl Jack {
    /// Whether there is a server to talk to. None is started.
    pub(super) fn is_there() -> bool {
        // What its library would say on the terminal stands in the window.
        ::jack::set_logger(::jack::LoggerType::None);
        Client::new(CLIENT, ClientOptions::NO_START_SERVER).is_ok()
    }
}

// ---- What the server calls ---------------------------------------------------------------------

struct Notes(Arc<Ears>);

impl NotificationHandler for Notes {
    /// As in a signal handler: a flag is all that may be touched.
    unsafe fn shutdown(&mut self, _: ClientStatus, _: &str) {
        self.0.has_gone.store(true, Ordering::Release);
    }

    fn xrun(&mut self, _: &Client) -> Control {
        self.0.n_xruns.fetch_add(1, Ordering::Relaxed);
        Control::Continue
    }
}

/// One cycle on the server's audio thread.
struct Cycle {
    inputs: [Port<AudioIn>; N_CHANNELS],
    outputs: [Port<AudioOut>; N_CHANNELS],
    player: Player,
}

impl ProcessHandler for Cycle {
    fn process(&mut self, _: &Client, scope: &ProcessScope) -> Control {
        let [left, right] = &mut self.outputs;
        let mut io = [left.as_mut_slice(scope), right.as_mut_slice(scope)];
        for (io, input) in io.iter_mut().zip(&self.inputs) {
            io.copy_from_slice(input.as_slice(scope));
        }
        self.player.play(&mut io);
        Control::Continue
    }
}

/// Ports and the engine's delay, frames, for the server's question how late sound is.
struct Delay {
    inputs: [Port<Unowned>; N_CHANNELS],
    outputs: [Port<Unowned>; N_CHANNELS],
    engine: AtomicU32,
}

impl Delay {
    /// From where sound comes in, or to where it goes out, our delay is added.
    fn tell(&self, kind: LatencyType) {
        let (from, to) = match kind {
            LatencyType::Capture => (&self.inputs, &self.outputs),
            LatencyType::Playback => (&self.outputs, &self.inputs),
        };
        let engine = self.engine.load(Ordering::Acquire);
        for (from, to) in from.iter().zip(to) {
            let (min, max) = from.get_latency_range(kind);
            to.set_latency_range(kind, (min + engine, max + engine));
        }
    }
}

unsafe extern "C" fn tell_latency(mode: jack_latency_callback_mode_t, delay: *mut c_void) {
    // SAFETY: `Running` keeps what it points to until the client is gone, and it is only read.
    let delay = unsafe { &*delay.cast::<Delay>() };
    let is_capture = mode == JackCaptureLatency;
    delay.tell(if is_capture { LatencyType::Capture } else { LatencyType::Playback });
}

// ---- The backend -------------------------------------------------------------------------------

fn failed(what: &str, error: &::jack::Error) -> NoSound {
    NoSound(format!("{what} ({error}): is the JACK server well?"))
}

fn register<S: Copy + ::jack::PortSpec>(
    client: &Client,
    kind: &str,
    spec: S,
) -> Result<[Port<S>; N_CHANNELS], NoSound> {
    let port = |idx: usize| {
        let name = format!("{kind}_{}", idx + 1);
        client.register_port(&name, spec).map_err(|error| failed("JACK gives no port", &error))
    };
    Ok([port(0)?, port(1)?])
}

/// To the sound card, where it has ports; one channel goes to both of ours.
fn connect(client: &Client, delay: &Delay) {
    let name = |port: &Port<Unowned>| port.name().unwrap_or_default();
    let physical = |way| {
        client.ports(None, Some(AUDIO), PortFlags::IS_PHYSICAL | PortFlags::IS_TERMINAL | way)
    };
    let sources = physical(PortFlags::IS_OUTPUT);
    for (port, source) in delay.inputs.iter().zip(sources.iter().cycle()) {
        // A port that is connected already is as it should be.
        let _ = client.connect_ports_by_name(source, &name(port));
    }
    for (port, sink) in delay.outputs.iter().zip(physical(PortFlags::IS_INPUT)) {
        let _ = client.connect_ports_by_name(&name(port), &sink);
    }
}

impl Backend for Jack {
    fn devices(&mut self) -> Result<Devices, NoSound> {
        let is_there = self.running.is_some() || Self::is_there();
        let names: Vec<_> = is_there.then(|| NAME.to_owned()).into_iter().collect();
        Ok(Devices { inputs: names.clone(), outputs: names })
    }

    /// Rate and buffer are the server's.
    fn start(&mut self, _: &Wish, player: Player) -> Result<Format, NoSound> {
        let opened = Client::new(CLIENT, ClientOptions::NO_START_SERVER);
        let (client, _) = opened.map_err(|error| failed("JACK cannot be reached", &error))?;
        let inputs = register(&client, "in", AudioIn::default())?;
        let outputs = register(&client, "out", AudioOut::default())?;
        let delay = Box::new(Delay {
            inputs: inputs.each_ref().map(Port::clone_unowned),
            outputs: outputs.each_ref().map(Port::clone_unowned),
            engine: AtomicU32::new(0),
        });
        let argument = std::ptr::from_ref(&*delay).cast_mut().cast();
        // SAFETY: the client is open and not active yet; `Running` keeps the argument until after
        // the client is closed.
        unsafe { jack_set_latency_callback(client.raw(), Some(tell_latency), argument) };
        let (rate_hz, buffer_frames) = (client.sample_rate(), client.buffer_size());
        let ears = Arc::<Ears>::default();
        let client = client
            .activate_async(Notes(Arc::clone(&ears)), Cycle { inputs, outputs, player })
            .map_err(|error| failed("JACK does not begin", &error))?;
        connect(client.as_client(), &delay);
        self.running = Some(Running { client, ears, delay });
        Ok(Format {
            input: NAME.to_owned(),
            output: NAME.to_owned(),
            rate_hz,
            n_channels: N_CHANNELS,
            buffer_frames: Some(buffer_frames),
            may_feed_back: false,
        })
    }

    fn stop(&mut self) {
        let Some(Running { client, delay, .. }) = self.running.take() else { return };
        // The player goes, and with it the instance comes home.
        drop(client.deactivate());
        drop(delay);
    }

    fn trouble(&mut self) -> Option<NoSound> {
        let has_gone = self.running.as_ref()?.ears.has_gone.load(Ordering::Acquire);
        has_gone.then(|| NoSound("the JACK server has ended: start it and retry".to_owned()))
    }

    /// From the sound card to our input, and from our output to it.
    fn delay_s(&self) -> f64 {
        let Some(Running { client, delay, .. }) = &self.running else { return 0.0 };
        let longest = |ports: &[Port<Unowned>], kind| {
            ports.iter().map(|port| port.get_latency_range(kind).1).max().unwrap_or(0)
        };
        let frames = longest(&delay.inputs, LatencyType::Capture)
            + longest(&delay.outputs, LatencyType::Playback);
        f64::from(frames) / f64::from(client.as_client().sample_rate())
    }

    fn tell_engine_delay(&mut self, frames: u32) {
        let Some(Running { client, delay, .. }) = &self.running else { return };
        if delay.engine.swap(frames, Ordering::AcqRel) != frames {
            // SAFETY: the client is open.
            unsafe { jack_recompute_total_latencies(client.as_client().raw()) };
        }
    }

    fn n_gaps(&self) -> u64 {
        self.running.as_ref().map_or(0, |running| running.ears.n_xruns.load(Ordering::Relaxed))
    }
}
