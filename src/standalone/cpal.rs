//! Sound through the system's own ways: ALSA (and through it PipeWire) on Linux, CoreAudio, WASAPI.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{
    BufferSize, Device, DeviceDirection, DeviceType, Error, ErrorKind, FromSample, Sample,
    SampleFormat, SizedSample, Stream, StreamConfig, SupportedBufferSize,
    SupportedStreamConfigRange,
};

use crate::standalone::backend::{Backend, Devices, Format, NoSound, Wish};
use crate::standalone::duplex::{Channels, Gauge, InputEnd, OutputEnd, duplex};
use crate::standalone::player::Player;

/// Frames that are fetched at once where nobody says otherwise and the device leaves it open.
const BUFFER_FRAMES: u32 = 256;
/// How long a device may take to open.
const LONGEST_OPENING: Duration = Duration::from_secs(5);

/// The system's sound.
#[derive(Default)]
pub(super) struct Cpal {
    running: Option<Running>,
}

struct Running {
    /// Output and input; dropped in this order they end.
    _streams: [Stream; 2],
    rate_hz: u32,
    gauge: Arc<Gauge>,
    ears: Arc<Ears>,
}

/// What streams say of themselves.
#[derive(Default)]
struct Ears {
    n_xruns: AtomicU64,
    trouble: Mutex<Option<String>>,
}

impl Ears {
    fn hear(&self, error: &Error) {
        match error.kind() {
            ErrorKind::Xrun => drop(self.n_xruns.fetch_add(1, Ordering::Relaxed)),
            // The sound goes on.
            ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied => {}
            _ => *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(say(error)),
        }
    }

    fn take_trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// An error in words, without the full stop.
fn say(error: &Error) -> String {
    error.to_string().trim_end_matches('.').to_owned()
}

// ---- What there is ----------------------------------------------------------------------------

/// Which end of the sound.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    Input,
    Output,
}

impl Side {
    fn name(self) -> &'static str {
        if self == Self::Input { "input" } else { "output" }
    }

    fn configs(self, device: &Device) -> Vec<SupportedStreamConfigRange> {
        let found = match self {
            Self::Input => device.supported_input_configs().map(Vec::from_iter),
            Self::Output => device.supported_output_configs().map(Vec::from_iter),
        };
        found.unwrap_or_default()
    }

    fn default_rate_hz(self, device: &Device) -> Option<u32> {
        let config = match self {
            Self::Input => device.default_input_config(),
            Self::Output => device.default_output_config(),
        };
        config.ok().map(|config| config.sample_rate())
    }
}

/// A device with its name.
struct Place {
    device: Device,
    name: String,
}

/// All that there is on one side; the system's own choice first.
fn places(side: Side) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for id in cpal::available_hosts() {
        let Ok(host) = cpal::host_from_id(id) else { continue };
        let default = match side {
            Side::Input => host.default_input_device(),
            Side::Output => host.default_output_device(),
        };
        let others =
            host.devices().into_iter().flatten().filter(|device| default.as_ref() != Some(device));
        for device in default.iter().cloned().chain(others).filter(|device| is_real(side, device)) {
            let name = match device.description() {
                Ok(description) => description.name().to_owned(),
                Err(_) => continue,
            };
            let is_taken = places.iter().any(|place| place.name == name);
            let name = match device.id() {
                Ok(id) if is_taken => format!("{name} ({id})"),
                _ => name,
            };
            places.push(Place { device, name });
        }
    }
    places
}

/// Some names lead nowhere: to no device, or to one that swallows everything.
fn is_real(side: Side, device: &Device) -> bool {
    let is_null = device.id().is_ok_and(|id| id.to_string() == "alsa:null");
    // Some devices answer for both sides and are good for one.
    let other = match side {
        Side::Input => DeviceDirection::Output,
        Side::Output => DeviceDirection::Input,
    };
    let is_other = device.description().is_ok_and(|about| about.direction() == other);
    !is_null
        && !is_other
        && side.default_rate_hz(device).is_some()
        && !side.configs(device).is_empty()
}

fn pick(side: Side, wish: Option<&str>) -> Result<Place, NoSound> {
    let mut places = places(side);
    let name = side.name();
    if places.is_empty() {
        return Err(NoSound(format!(
            "there is no {name}: plug a device in, or start JACK or PipeWire"
        )));
    }
    let Some(wish) = wish else { return Ok(places.swap_remove(0)) };
    let is_meant = |place: &Place| {
        let id = place.device.id().map(|id| id.to_string()).unwrap_or_default();
        id == wish || place.name.to_lowercase().contains(&wish.to_lowercase())
    };
    let exact = places.iter().position(|place| place.name == wish);
    match exact.or_else(|| places.iter().position(is_meant)) {
        Some(idx) => Ok(places.swap_remove(idx)),
        None => {
            Err(NoSound(format!("no {name} is called '{wish}': --list names those that there are")))
        }
    }
}

// ---- What fits --------------------------------------------------------------------------------

/// A side with the settings it is to run with.
struct Fit {
    side: Side,
    place: Place,
    config: StreamConfig,
    format: SampleFormat,
}

fn supports(range: &SupportedStreamConfigRange, rate_hz: u32) -> bool {
    (range.min_sample_rate()..=range.max_sample_rate()).contains(&rate_hz)
}

/// A rate that both take: the one wished for, or the output's, or the input's.
fn common_rate(input: &Place, output: &Place, wish: Option<u32>) -> Result<u32, NoSound> {
    let takes = |side: Side, place: &Place, rate_hz| {
        side.configs(&place.device).iter().any(|range| supports(range, rate_hz))
    };
    let tried: Vec<u32> = match wish {
        Some(rate_hz) => vec![rate_hz],
        None => [(Side::Output, output), (Side::Input, input)]
            .iter()
            .filter_map(|(side, place)| side.default_rate_hz(&place.device))
            .collect(),
    };
    let fits = |rate_hz: &u32| {
        takes(Side::Input, input, *rate_hz) && takes(Side::Output, output, *rate_hz)
    };
    if let Some(rate_hz) = tried.iter().copied().find(fits) {
        return Ok(rate_hz);
    }
    let rate_hz = tried.first().copied().unwrap_or_default();
    let is_input = !takes(Side::Input, input, rate_hz);
    let (name, side) =
        if is_input { (&input.name, Side::Input) } else { (&output.name, Side::Output) };
    let own = side.default_rate_hz(if is_input { &input.device } else { &output.device });
    let own = own.map(|hz| format!("; its own is {hz} Hz")).unwrap_or_default();
    Err(NoSound(format!("'{name}' does not run at {rate_hz} Hz{own}: choose another rate")))
}

/// The best of a device's own forms: two channels, floats.
fn fit(side: Side, place: Place, rate_hz: u32, buffer: Option<u32>) -> Result<Fit, NoSound> {
    let rank = |range: &SupportedStreamConfigRange| {
        let formats = [SampleFormat::F32, SampleFormat::I32, SampleFormat::I16];
        let format = formats.iter().position(|format| *format == range.sample_format())?;
        let channels = match range.channels() {
            2 => 0,
            1 => 1,
            more => more,
        };
        Some((channels, format))
    };
    let ranges = side.configs(&place.device);
    let ranges = ranges.iter().filter(|range| supports(range, rate_hz));
    let best = ranges.filter_map(|range| Some((rank(range)?, range))).min_by_key(|(rank, _)| *rank);
    let Some((_, range)) = best else {
        let name = &place.name;
        return Err(NoSound(format!(
            "'{name}' has no form of sound that is known: choose another"
        )));
    };
    let buffer_size = match *range.buffer_size() {
        SupportedBufferSize::Range { min, max } => {
            let frames = buffer.unwrap_or(BUFFER_FRAMES.clamp(min, max.max(min)));
            if !(min..=max).contains(&frames) {
                let name = &place.name;
                return Err(NoSound(format!(
                    "'{name}' takes buffers of {min} to {max} frames, not {frames}: choose another"
                )));
            }
            BufferSize::Fixed(frames)
        }
        SupportedBufferSize::Unknown => buffer.map_or(BufferSize::Default, BufferSize::Fixed),
    };
    let config = StreamConfig { channels: range.channels(), sample_rate: rate_hz, buffer_size };
    Ok(Fit { side, place, config, format: range.sample_format() })
}

// ---- Streams ----------------------------------------------------------------------------------

impl Fit {
    fn fail(&self, error: &Error) -> NoSound {
        let (side, name) = (self.side.name(), &self.place.name);
        NoSound(format!("the {side} '{name}' cannot be opened: {}", say(error)))
    }

    fn open_input(
        &self,
        end: InputEnd,
        gauge: &Arc<Gauge>,
        ears: &Arc<Ears>,
    ) -> Result<Stream, NoSound> {
        let stream = match self.format {
            SampleFormat::I16 => self.input_of::<i16>(end, gauge, ears),
            SampleFormat::I32 => self.input_of::<i32>(end, gauge, ears),
            _ => self.input_of::<f32>(end, gauge, ears),
        };
        stream.map_err(|error| self.fail(&error))
    }

    fn input_of<T>(
        &self,
        mut end: InputEnd,
        gauge: &Arc<Gauge>,
        ears: &Arc<Ears>,
    ) -> Result<Stream, Error>
    where
        T: SizedSample,
        f32: FromSample<T>,
    {
        let (gauge, ears) = (Arc::clone(gauge), Arc::clone(ears));
        self.place.device.build_input_stream(
            self.config,
            move |frames: &[T], info: &cpal::InputCallbackInfo| {
                let at = info.timestamp();
                let delay = at.callback.duration_since(at.capture);
                gauge.input_delay_us.store(delay.as_micros() as u32, Ordering::Relaxed);
                end.push(frames, f32::from_sample);
            },
            move |error| ears.hear(&error),
            Some(LONGEST_OPENING),
        )
    }

    fn open_output(
        &self,
        end: OutputEnd,
        gauge: &Arc<Gauge>,
        ears: &Arc<Ears>,
    ) -> Result<Stream, NoSound> {
        let stream = match self.format {
            SampleFormat::I16 => self.output_of::<i16>(end, gauge, ears),
            SampleFormat::I32 => self.output_of::<i32>(end, gauge, ears),
            _ => self.output_of::<f32>(end, gauge, ears),
        };
        stream.map_err(|error| self.fail(&error))
    }

    fn output_of<T>(
        &self,
        mut end: OutputEnd,
        gauge: &Arc<Gauge>,
        ears: &Arc<Ears>,
    ) -> Result<Stream, Error>
    where
        T: SizedSample + FromSample<f32>,
    {
        let (gauge, ears) = (Arc::clone(gauge), Arc::clone(ears));
        self.place.device.build_output_stream(
            self.config,
            move |frames: &mut [T], info: &cpal::OutputCallbackInfo| {
                let at = info.timestamp();
                let delay = at.playback.duration_since(at.callback);
                gauge.output_delay_us.store(delay.as_micros() as u32, Ordering::Relaxed);
                end.pull(frames, T::from_sample);
            },
            move |error| ears.hear(&error),
            Some(LONGEST_OPENING),
        )
    }
}

/// Whether what comes out of a device may be heard by a microphone.
fn is_loud(place: &Place) -> bool {
    let kind = place.device.description().map(|description| description.device_type());
    let is_on_ears = matches!(kind, Ok(DeviceType::Headphones | DeviceType::Headset));
    !is_on_ears
}

impl Backend for Cpal {
    fn devices(&mut self) -> Result<Devices, NoSound> {
        let names = |side| places(side).into_iter().map(|place| place.name).collect();
        Ok(Devices { inputs: names(Side::Input), outputs: names(Side::Output) })
    }

    fn start(&mut self, wish: &Wish, player: Player) -> Result<Format, NoSound> {
        let input = pick(Side::Input, wish.input.as_deref())?;
        let output = pick(Side::Output, wish.output.as_deref())?;
        let rate_hz = common_rate(&input, &output, wish.rate_hz)?;
        let input = fit(Side::Input, input, rate_hz, wish.buffer_frames)?;
        let output = fit(Side::Output, output, rate_hz, wish.buffer_frames)?;
        let channels =
            Channels { input: input.config.channels.into(), output: output.config.channels.into() };
        let (from, to, gauge) = duplex(player, channels);
        let ears = Arc::<Ears>::default();
        let streams =
            [output.open_output(to, &gauge, &ears)?, input.open_input(from, &gauge, &ears)?];
        for (stream, fit) in streams.iter().zip([&output, &input]) {
            stream.play().map_err(|error| fit.fail(&error))?;
        }
        let buffer_frames = streams[0].buffer_size().ok();
        self.running = Some(Running { _streams: streams, rate_hz, gauge, ears });
        Ok(Format {
            may_feed_back: is_loud(&output.place),
            input: input.place.name,
            output: output.place.name,
            rate_hz,
            n_channels: channels.inner(),
            buffer_frames,
        })
    }

    fn stop(&mut self) {
        self.running = None;
    }

    fn trouble(&mut self) -> Option<NoSound> {
        self.running.as_ref()?.ears.take_trouble().map(NoSound)
    }

    /// What lies in the ring, and what the devices say of themselves: the input's block is in both.
    fn delay_s(&self) -> f64 {
        let Some(Running { gauge, rate_hz, .. }) = &self.running else { return 0.0 };
        let seconds = |frames: usize| frames as f64 / f64::from(*rate_hz);
        let us = |us: &std::sync::atomic::AtomicU32| f64::from(us.load(Ordering::Relaxed)) * 1e-6;
        let block_s = seconds(gauge.input_frames.load(Ordering::Relaxed));
        let input_s = (us(&gauge.input_delay_us) - block_s).max(0.0);
        input_s + seconds(gauge.n_waiting.load(Ordering::Relaxed)) + us(&gauge.output_delay_us)
    }

    fn n_gaps(&self) -> u64 {
        self.running.as_ref().map_or(0, |running| {
            running.gauge.n_gaps.load(Ordering::Relaxed)
                + running.ears.n_xruns.load(Ordering::Relaxed)
        })
    }
}
