//! Pictures have the promised size, and their colours stand where the sound is.

use quell_lab::picture::before_after;
use resvg::tiny_skia::Pixmap;

const RATE_HZ: f64 = 48_000.0;

/// One second of silence, then one second of a tone.
fn late_tone(hz: f64) -> Vec<f32> {
    (0..96_000)
        .map(|i| {
            let t = f64::from(i) / RATE_HZ;
            if t < 1.0 { 0.0 } else { (0.5 * (std::f64::consts::TAU * hz * t).sin()) as f32 }
        })
        .collect()
}

fn brightness(picture: &Pixmap, x: u32, y: u32) -> u32 {
    let pixel = picture.pixel(x, y).unwrap();
    u32::from(pixel.red()) + u32::from(pixel.green()) + u32::from(pixel.blue())
}

#[test]
fn before_shows_the_tone_and_after_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tone.png");
    let tone = late_tone(4000.0);
    before_after(&path, &tone, &vec![0.0; tone.len()], RATE_HZ, "A <tone> & nothing").unwrap();
    let picture = Pixmap::load_png(&path).unwrap();
    assert_eq!((picture.width(), picture.height()), (1600, 1100));

    let brightest = |x: u32, rows: std::ops::Range<u32>| {
        rows.map(|y| brightness(&picture, x, y)).max().unwrap()
    };
    let (before, after) = (125..535, 600..1000);
    let (early, late) = (400, 1200);
    assert!(brightest(late, before.clone()) > 600, "the tone is light");
    assert!(brightest(early, before) < 60, "the silence before it is dark");
    assert!(brightest(late, after) < 60, "nothing is left of it");
}

#[test]
fn svg_holds_text_and_both_spectrograms() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tone.svg");
    let tone = late_tone(1000.0);
    before_after(&path, &tone, &tone, RATE_HZ, "A <tone>").unwrap();
    let svg = std::fs::read_to_string(&path).unwrap();
    for part in ["A &lt;tone&gt;", "Time (s)", "Frequency (kHz)", "Level (dBFS)"] {
        assert!(svg.contains(part), "{part}");
    }
    assert_eq!(svg.matches("<image ").count(), 3, "two spectrograms and a colour bar");
}

#[test]
fn a_picture_of_nothing_is_still_a_picture() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nothing.png");
    before_after(&path, &[], &[0.0], 8_000.0, "Nothing").unwrap();
    assert!(Pixmap::load_png(&path).is_ok());
}

#[test]
fn an_unknown_ending_is_refused_by_name() {
    let error = before_after("x.bmp".as_ref(), &[], &[], RATE_HZ, "").unwrap_err().to_string();
    assert!(error.contains("x.bmp") && error.contains(".png"), "{error}");
}
