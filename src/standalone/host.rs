//! Starts, restarts and stops the sound, and keeps what is worth keeping.
//!
//! Everything here happens on one thread, which may wait; [`Host::tick`] is to be called a few
//! times a second.

use std::sync::Arc;
use std::time::{Duration, Instant};

use quell_core::StreamSpec;

use crate::standalone::backend::{Backend, NoSound, Wish};
use crate::standalone::desk::{Desk, Shown};
use crate::standalone::kept::Kept;
use crate::standalone::player::{Exchange, Player};
use crate::{Quell, Shared, state};

/// Time between two looks at what is worth keeping.
const KEEP_EVERY: Duration = Duration::from_secs(3);
/// How long the audio thread may take to let go of a stream that has ended.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// The sound of the program.
pub struct Host<B> {
    backend: B,
    exchange: Arc<Exchange>,
    /// Here while nobody plays through it.
    engine: Option<Box<Quell>>,
    shared: Shared,
    desk: Desk,
    wish: Wish,
    spec: Option<StreamSpec>,
    /// The instance is on its way home.
    is_recalled: bool,
    kept: Kept,
    looked: Instant,
}

impl<B: Backend> Host<B> {
    /// A host without sound, with what was kept in force; what is wished for now takes the place
    /// of the devices that were used last.
    pub fn new(backend: B, mut kept: Kept, wish: Wish, engine: Box<Quell>, desk: Desk) -> Self {
        let shared = engine.shared().clone();
        let mut before = Wish::default();
        desk.show(|shown| shown.notice = kept.notice());
        match kept.read() {
            Ok(Some(read)) => {
                before = read.wish;
                state::apply(read.state, &shared);
            }
            Ok(None) => {}
            Err(notice) => desk.show(|shown| shown.notice = Some(notice)),
        }
        let wish = wish.or(before);
        Self {
            backend,
            exchange: Arc::default(),
            engine: Some(engine),
            shared,
            desk,
            wish,
            spec: None,
            is_recalled: false,
            kept,
            looked: Instant::now(),
        }
    }

    /// Starts the sound, with what is wished for; where there is some, that ends first.
    pub fn start(&mut self) -> Result<(), NoSound> {
        let mut started = self.try_start();
        if started.is_err()
            && let Err(error) = self.stop()
        {
            started = Err(error);
        }
        let devices = self.backend.devices().unwrap_or_default();
        let error = started.as_ref().err().map(|error| error.0.clone());
        self.desk.show(|shown| {
            shown.devices = devices;
            shown.error = error;
            shown.wish = self.wish.clone();
        });
        self.shared.feed.request_repaint();
        started
    }

    fn try_start(&mut self) -> Result<(), NoSound> {
        self.stop()?;
        let player = Player::new(Arc::clone(&self.exchange), Arc::clone(&self.desk.deck));
        let format = self.backend.start(&self.wish, player)?;
        self.spec = Some(StreamSpec {
            sample_rate_hz: format.rate_hz.into(),
            n_channels: format.n_channels,
            n_noise_channels: 0,
            mode: self.shared.params.settings().latency,
        });
        self.desk.shelf.set_stream(Some((format.rate_hz.into(), format.n_channels)));
        self.desk.show(|shown| shown.format = Some(format));
        self.give()
    }

    /// Prepares the instance for the stream that runs and hands it over.
    fn give(&mut self) -> Result<(), NoSound> {
        let (Some(spec), Some(engine)) = (&mut self.spec, &mut self.engine) else { return Ok(()) };
        spec.mode = self.shared.params.settings().latency;
        let rate_hz = spec.sample_rate_hz;
        engine.prepare(*spec).map_err(|error| {
            NoSound(format!("{error} ({rate_hz} Hz): choose another rate with --rate"))
        })?;
        self.is_recalled = false;
        if let Some(engine) = self.engine.take() {
            self.exchange.give(engine);
        }
        Ok(())
    }

    /// Ends the sound and takes the instance home.
    pub fn stop(&mut self) -> Result<(), NoSound> {
        self.backend.stop();
        self.spec = None;
        self.desk.shelf.set_stream(None);
        self.desk.show(|shown| shown.format = None);
        let end = Instant::now() + LONGEST_WAIT;
        while self.engine.is_none() {
            self.engine = self.exchange.take_back();
            if self.engine.is_none() && Instant::now() > end {
                return Err(NoSound("the last stream does not end: start Quell again".to_owned()));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Looks after everything once.
    pub fn tick(&mut self) {
        if let Some(wish) = self.desk.take_order() {
            self.wish = wish;
            let _shown = self.start();
        }
        if let Some(trouble) = self.backend.trouble() {
            let stopped = self.stop();
            self.fail(stopped.err().unwrap_or(trouble));
        }
        self.follow_mode();
        self.show_delay();
        if self.looked.elapsed() >= KEEP_EVERY {
            self.keep();
        }
    }

    /// Another latency mode takes another stream: the instance comes home, is made ready and goes
    /// back, while the devices run on.
    fn follow_mode(&mut self) {
        let Some(spec) = self.spec else { return };
        if !self.is_recalled && self.shared.params.settings().latency != spec.mode {
            self.exchange.recall();
            self.is_recalled = true;
        }
        if !self.is_recalled {
            return;
        }
        self.engine = self.exchange.take_back();
        if self.engine.is_some()
            && let Err(error) = self.give()
        {
            let stopped = self.stop();
            self.fail(stopped.err().unwrap_or(error));
        }
    }

    /// What there is to see.
    pub fn shown(&self) -> Shown {
        self.desk.look()
    }

    /// Has the window closed, where there is one.
    pub fn close_window(&self) {
        self.desk.close();
        self.shared.feed.request_repaint();
    }

    fn fail(&self, error: NoSound) {
        self.desk.show(|shown| shown.error = Some(error.0));
        self.shared.feed.request_repaint();
    }

    fn show_delay(&mut self) {
        let Some(spec) = self.spec else { return };
        let engine_frames = self.shared.link.latency_samples();
        self.backend.tell_engine_delay(engine_frames);
        let engine_s = f64::from(engine_frames) / spec.sample_rate_hz;
        let (delay_s, n_gaps) = (self.backend.delay_s() + engine_s, self.backend.n_gaps());
        self.desk.show(|shown| (shown.delay_s, shown.n_gaps) = (delay_s, n_gaps));
    }

    /// Writes what is worth keeping, where that has changed; what stands in the way is shown.
    pub fn keep(&mut self) -> bool {
        self.looked = Instant::now();
        let result = self.kept.write(&self.wish, &self.shared);
        let is_kept = result.is_ok();
        if let Err(notice) = result {
            self.desk.show(|shown| shown.notice = Some(notice));
        }
        is_kept
    }

    /// Ends everything; says what was not well.
    pub fn end(mut self) -> Result<(), String> {
        let is_kept = self.keep();
        let shown = self.desk.look();
        let stopped = self.stop().map_err(|error| error.to_string());
        if !is_kept {
            return Err(shown.notice.unwrap_or_default());
        }
        stopped
    }
}
