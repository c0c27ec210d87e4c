//! The status line: one true sentence about how the noise is known, with its remedies as buttons.

use egui::accesskit::Role;
use egui::{Align2, Color32, CornerRadius, Rect, Ui, WidgetInfo, pos2, vec2};
use quell_core::config::CAPTURE_S;
use quell_core::{CaptureRefusal, NoiseChange, NoiseProfile, ProfileSource, Settings, Verdict};

use crate::bridge::{News, Print};
use crate::editor::capture::{Doing, USE_RECENT};
use crate::editor::theme::{GAP, ROUND, Theme};
use crate::editor::widgets::{Label, button, help, line_of_text};

/// What a button beside the sentence does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    Capture,
    CaptureAgain,
    /// Learns from what was just heard.
    UseRecent,
    Stop,
    /// Puts what was offered in force.
    UseAnyway,
    /// Leaves what was offered.
    KeepAsItIs,
    UsePrint,
    UseNeural,
    /// Follows the noise instead of the print.
    Follow,
}

impl Remedy {
    fn label(self) -> Label<'static> {
        let (name, hint) = match self {
            Self::Capture => ("Capture", "Learns the noise from two seconds of it alone"),
            Self::CaptureAgain => {
                ("Capture again", "Learns the noise from two seconds of it alone")
            }
            Self::UseRecent => ("Use the last seconds", USE_RECENT),
            Self::Stop => ("Stop", "Ends the capture now"),
            Self::UseAnyway => ("Use it anyway", "Takes what was captured for the noise"),
            Self::KeepAsItIs => ("Keep as it is", "Forgets what was captured"),
            Self::UsePrint => ("Use the print", "Takes the noise from the print again"),
            Self::Follow => ("Follow it", "Follows the noise as it changes; the print is kept"),
            Self::UseNeural => ("Use Neural", "Chooses the engine that is a network"),
        };
        Label { name, hint }
    }

    fn width(self) -> f32 {
        26.0 + 7.0 * self.label().name.len() as f32
    }
}

/// How a sentence looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// All is well.
    Good,
    /// Nothing is wrong.
    Plain,
    /// Something is worth a look.
    Warning,
    /// Something failed.
    Error,
}

impl Tone {
    fn color(self, t: &Theme) -> Color32 {
        match self {
            Self::Good => t.output,
            Self::Plain => t.dim,
            Self::Warning => t.noise,
            Self::Error => t.error,
        }
    }
}

/// What the line says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) tone: Tone,
    /// At most two.
    pub(super) remedies: Vec<Remedy>,
}

/// What it is made of.
pub(super) struct Known<'a> {
    pub(super) doing: Doing,
    pub(super) is_held: bool,
    pub(super) news: Option<News>,
    pub(super) change: Option<NoiseChange>,
    pub(super) print: &'a Print,
    pub(super) settings: &'a Settings,
    /// Where the noise is known from in fact, once sound has come.
    pub(super) source: Option<ProfileSource>,
    pub(super) is_noise_silent: bool,
}

/// Paints the line; returns the remedy that was clicked.
pub(super) fn show(ui: &mut Ui, t: &Theme, line: &Line, rect: Rect) -> Option<Remedy> {
    ui.painter().rect_filled(rect, CornerRadius::same(ROUND), t.panel);
    let mut right = rect.right() - 3.0;
    let mut clicked = None;
    for &remedy in line.remedies.iter().rev() {
        let size = vec2(remedy.width(), rect.height() - 6.0);
        let place = Rect::from_min_size(pos2(right - size.x, rect.top() + 3.0), size);
        if button(ui, t, place, remedy.label(), false, true).clicked() {
            clicked = Some(remedy);
        }
        right = place.left() - 6.0;
    }
    let left = rect.left() + GAP;
    let y = rect.center().y;
    ui.painter().circle_filled(pos2(left + 5.0, y), 5.0, line.tone.color(t));
    let at = pos2(left + 20.0, y);
    let width = right - at.x - GAP;
    let place = line_of_text(ui, at, Align2::LEFT_CENTER, &line.text, 15.0, t.text, width);
    let response = ui.interact(place, ui.scope_id().with("status"), egui::Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &line.text));
    // Where the window is too narrow for the whole sentence.
    help(&response, || line.text.clone());
    clicked
}

/// The one sentence that matters most now.
pub(super) fn line(known: &Known) -> Line {
    match (known.doing, &known.news) {
        (Doing::Nothing, None) => {}
        (Doing::Nothing, Some(News::Refused(refusal))) => return refused(*refusal, known),
        (Doing::Nothing, Some(News::Offered(offered))) => return offer(offered, known),
        (doing, _) => return capturing(doing, known.is_held),
    }
    match (known.settings.profile_source, known.print) {
        (ProfileSource::Sidechain, _) => noise_input(known),
        (ProfileSource::Adaptive, Some(_)) => say(
            "Following the noise by itself; your print is kept, but not in use.".to_owned(),
            Tone::Plain,
            [Remedy::UsePrint],
        ),
        (_, Some(print)) => match known.change {
            Some(change) => changed(change),
            None => in_force(print, known.settings),
        },
        (_, None) => say(
            "Following the noise by itself. Capture 2 s of noise for a better result.".to_owned(),
            Tone::Plain,
            [Remedy::UseRecent, Remedy::Capture],
        ),
    }
}

fn noise_input(known: &Known) -> Line {
    let (text, tone) = match (known.source, known.is_noise_silent, known.print) {
        (Some(ProfileSource::Sidechain), true, _) => {
            ("The noise input is silent: nothing is taken away.", Tone::Warning)
        }
        (Some(ProfileSource::Sidechain) | None, ..) => {
            ("The noise input says what noise is.", Tone::Plain)
        }
        (Some(_), _, Some(_)) => {
            ("No noise input is connected: the print says what noise is.", Tone::Warning)
        }
        (Some(_), _, None) => {
            ("No noise input is connected: Quell follows the noise by itself.", Tone::Warning)
        }
    };
    say(text.to_owned(), tone, [])
}

fn say<const N: usize>(text: String, tone: Tone, remedies: [Remedy; N]) -> Line {
    Line { text, tone, remedies: remedies.into() }
}

fn capturing(doing: Doing, is_held: bool) -> Line {
    let text = match doing {
        Doing::Capturing(progress) if progress.usable_s <= 0.0 && progress.seconds > 0.5 => {
            "Capturing, but there is silence: play the noise.".to_owned()
        }
        Doing::Capturing(progress) if is_held => {
            format!("Listening to the noise, {:.1} s: let go to finish.", progress.usable_s)
        }
        Doing::Capturing(progress) => format!(
            "Listening to the noise, {:.1} of {CAPTURE_S:.1} s; then it is taken away.",
            progress.usable_s
        ),
        Doing::Looking => "Looking for noise in the last seconds\u{2026}".to_owned(),
        _ => "The capture waits for sound: start playing.".to_owned(),
    };
    if doing == Doing::Looking {
        return say(text, Tone::Good, []);
    }
    say(text, Tone::Good, [Remedy::Stop])
}

fn refused(refusal: CaptureRefusal, known: &Known) -> Line {
    let what = match refusal {
        CaptureRefusal::TooShort { seconds } => format!(
            "That was too short, {seconds:.1} s: two seconds of noise alone make a good print."
        ),
        CaptureRefusal::Silent => "That was silence: play the noise while capturing.".to_owned(),
        CaptureRefusal::NothingSteady => {
            "The last seconds hold no half second of steady noise.".to_owned()
        }
        CaptureRefusal::NotNumbers => {
            "What came in was no sound but faults: check what stands before Quell.".to_owned()
        }
    };
    say(with_old(&what, known), Tone::Error, [Remedy::CaptureAgain])
}

/// What is in use, said after what is not.
fn with_old(what: &str, known: &Known) -> String {
    match (known.settings.profile_source, known.print) {
        (ProfileSource::Captured, Some(_)) => format!("{what} Your old print is still in use."),
        (ProfileSource::Sidechain, _) => what.to_owned(),
        _ => format!("{what} Quell follows the noise by itself."),
    }
}

fn offer(offered: &NoiseProfile, known: &Known) -> Line {
    let what = match offered.about().verdict {
        Some(Verdict::Clipped) => "That was clipped: turn the input down and capture again.",
        Some(Verdict::Tone) => "That was a tone, hardly any noise.",
        _ => "That was speech or music.",
    };
    let remedies = [Remedy::UseAnyway, Remedy::KeepAsItIs];
    say(with_old(what, known), Tone::Warning, remedies)
}

fn changed(change: NoiseChange) -> Line {
    let by = format!("{:+.0} dB", change.change_db).replace('-', "\u{2212}");
    let hz = |hz: f32| match hz {
        1_000.0.. => format!("{} kHz", (hz / 100.0).round() / 10.0),
        _ => format!("{:.0} Hz", (hz / 10.0).round() * 10.0),
    };
    let place = match (change.low_hz, change.high_hz) {
        (None, None) => String::new(),
        (Some(low_hz), None) => format!(" above {}", hz(low_hz)),
        (None, Some(high_hz)) => format!(" below {}", hz(high_hz)),
        (Some(low_hz), Some(high_hz)) => format!(" from {} to {}", hz(low_hz), hz(high_hz)),
    };
    let remedies = [Remedy::CaptureAgain, Remedy::Follow];
    say(format!("The noise has changed: {by}{place}."), Tone::Warning, remedies)
}

fn in_force(print: &NoiseProfile, settings: &Settings) -> Line {
    let about = print.about();
    let name = match about.name.as_str() {
        "" => "Noise print".to_owned(),
        name => format!("Noise print \u{201c}{name}\u{201d}"),
    };
    let level = about.level_dbfs.map(|level| format!(", {level:.0} dBFS").replace('-', "\u{2212}"));
    let level = level.unwrap_or_default();
    let print = |what: &str| format!("{name}: {:.1} s, {what}{level}", print.seconds());
    match about.verdict {
        Some(Verdict::Steady) => say(format!("{}.", print("steady")), Tone::Good, []),
        Some(Verdict::Varying) if settings.engine.uses_network() => say(
            format!("{}: the network copes with it.", print("pulsing (a fan, a train)")),
            Tone::Good,
            [],
        ),
        Some(Verdict::Varying) => say(
            format!("{}: an engine with a network handles it.", print("pulsing (a fan, a train)")),
            Tone::Warning,
            [Remedy::UseNeural],
        ),
        Some(Verdict::Speech) => say(
            format!("{}: it may take wanted sound away.", print("of speech or music")),
            Tone::Warning,
            [Remedy::CaptureAgain],
        ),
        Some(Verdict::Tone) => {
            say(format!("{}.", print("a tone")), Tone::Warning, [Remedy::CaptureAgain])
        }
        Some(Verdict::Clipped) => say(
            format!("{}: turn the input down.", print("clipped")),
            Tone::Warning,
            [Remedy::CaptureAgain],
        ),
        None => say(format!("{}.", print("of unknown kind")), Tone::Plain, []),
    }
}
