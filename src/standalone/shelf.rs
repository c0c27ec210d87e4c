//! The recordings that are open: what the window shows of them and wants with them.

use std::collections::VecDeque;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use quell_core::NoiseProfile;

/// Columns of a waveform.
pub const N_PEAKS: usize = 1_200;

/// What becomes of a recording.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Fate {
    /// Nothing yet.
    #[default]
    Waiting,
    /// It is being read, to be played.
    Opening,
    /// It can be played.
    Open,
    /// So much of it is written.
    Saving(f32),
    /// The clean one is this file.
    Saved(PathBuf),
    /// What is wrong, and what to do.
    Failed(String),
}

/// One recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Where it lies.
    pub path: PathBuf,
    /// What becomes of it.
    pub fate: Fate,
}

/// The one that lies on the deck.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OnDeck {
    /// How long it is.
    pub seconds: f64,
    /// Lowest and highest sample of each column.
    pub peaks: Arc<Vec<[f32; 2]>>,
    /// Frames a second of the stream that plays it; 0 while there is none.
    pub stream_hz: f64,
}

/// What there is to see.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shelved {
    /// All of them.
    pub entries: Vec<Entry>,
    /// The one that is looked at.
    pub current: usize,
    /// What there is to hear of it.
    pub on_deck: Option<OnDeck>,
    /// Files are being written.
    pub is_saving: bool,
}

impl Shelved {
    /// The one that is looked at.
    pub fn entry(&self) -> Option<&Entry> {
        self.entries.get(self.current)
    }
}

/// What is wanted.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// Opens these, and looks at the first of them.
    Open(Vec<PathBuf>),
    /// Looks at another.
    Choose(usize),
    /// Puts all away.
    Close,
    /// Learns the noise from a stretch, seconds.
    Learn(Range<f64>),
    /// Writes the clean one to this file.
    Save(PathBuf),
    /// Writes all of them, each beside its recording.
    SaveAll,
}

/// A stream that plays: Hz and channels.
pub type Stream = Option<(f64, usize)>;

/// Shared by window, host and the thread that reads and writes.
#[derive(Clone, Default)]
pub struct Shelf(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    shown: Shelved,
    orders: VecDeque<Order>,
    stream: Stream,
    learned: Option<Result<NoiseProfile, String>>,
    is_stopped: bool,
    /// The program ends.
    has_ended: bool,
}

impl Shelf {
    /// What there is to see.
    pub fn look(&self) -> Shelved {
        self.inner().shown.clone()
    }

    /// Wants something.
    pub fn order(&self, order: Order) {
        self.inner().orders.push_back(order);
    }

    /// Wants no more files to be written; those that are whole stay.
    pub fn stop(&self) {
        self.inner().is_stopped = true;
    }

    /// Wants nothing any more: what is not whole leaves nothing behind.
    pub fn end(&self) {
        let mut inner = self.inner();
        inner.orders.clear();
        inner.has_ended = true;
    }

    /// What was learned since the last call, or why nothing was.
    pub fn take_learned(&self) -> Option<Result<NoiseProfile, String>> {
        self.inner().learned.take()
    }

    /// The host says what plays.
    pub fn set_stream(&self, stream: Stream) {
        self.inner().stream = stream;
    }

    pub(super) fn stream(&self) -> Stream {
        self.inner().stream
    }

    pub(crate) fn next_order(&self) -> Option<Order> {
        self.inner().orders.pop_front()
    }

    pub(crate) fn say_learned(&self, learned: Result<NoiseProfile, String>) {
        self.inner().learned = Some(learned);
    }

    /// Whether writing is to end; asked once.
    pub(crate) fn take_stop(&self) -> bool {
        let mut inner = self.inner();
        std::mem::take(&mut inner.is_stopped) || inner.has_ended
    }

    pub(crate) fn show(&self, change: impl FnOnce(&mut Shelved)) {
        change(&mut self.inner().shown);
    }

    pub(super) fn set_fate(&self, idx: usize, fate: Fate) {
        self.show(|shown| {
            if let Some(entry) = shown.entries.get_mut(idx) {
                entry.fate = fate;
            }
        });
    }

    /// A panic of another thread leaves nothing half-done behind this lock.
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A name beside the recording that no file has.
pub fn clean_name(recording: &Path) -> PathBuf {
    let ending = recording.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    let ending = ending.filter(|ending| ending == "flac").unwrap_or("wav".to_owned());
    let stem = recording.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let name = |idx: u32| match idx {
        0 => recording.with_file_name(format!("{stem}-clean.{ending}")),
        idx => recording.with_file_name(format!("{stem}-clean-{}.{ending}", idx + 1)),
    };
    (0..).map(name).find(|path| !path.exists()).unwrap_or_else(|| name(0))
}
