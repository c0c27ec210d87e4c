//! Files written by Quell are what others read, and the other way round.

use std::path::Path;

use hound::{SampleFormat as HoundFormat, WavSpec};
use quell_audio::{
    Audio, AudioSpec, Reader, SampleFormat, WriteOptions, Writer, read_all, write_all,
};
use quell_testkit::signals::rms_db;

/// A ramp with steps of one 16-bit unit, other in every channel.
fn ramp(n_channels: usize, n_frames: usize) -> Vec<Vec<f32>> {
    (0..n_channels)
        .map(|c| {
            (0..n_frames).map(|i| ((i * 7 + c * 1000) % 65_536) as f32 / 32_768.0 - 1.0).collect()
        })
        .collect()
}

fn audio(rate_hz: u32, format: SampleFormat, channels: Vec<Vec<f32>>) -> Audio {
    let spec = AudioSpec { format, ..AudioSpec::float(rate_hz, channels.len()) };
    Audio { spec, channels }
}

#[test]
fn wav_of_every_depth_reads_as_written_in_an_independent_reader() {
    let folder = tempfile::tempdir().unwrap();
    for n_channels in [1, 2, 6, 32] {
        for bits in [8, 16, 24, 32] {
            let path = folder.path().join(format!("{n_channels}-{bits}.wav"));
            let original = audio(48_000, SampleFormat::Int { bits }, ramp(n_channels, 1001));
            write_all(&path, &original).unwrap();
            let mut reader = hound::WavReader::open(&path).unwrap();
            assert_eq!(reader.spec().channels as usize, n_channels);
            assert_eq!(u32::from(reader.spec().bits_per_sample), bits);
            let full_scale = 2f64.powi(bits as i32 - 1);
            for (idx, sample) in reader.samples::<i32>().enumerate() {
                let wanted = f64::from(original.channels[idx % n_channels][idx / n_channels]);
                let error = f64::from(sample.unwrap()) / full_scale - wanted;
                assert!(error.abs() <= 0.5 / full_scale, "{n_channels} × {bits}, {idx}: {error}");
            }
        }
        let path = folder.path().join(format!("{n_channels}-float.wav"));
        let original = audio(48_000, SampleFormat::Float, ramp(n_channels, 1001));
        write_all(&path, &original).unwrap();
        let mut reader = hound::WavReader::open(&path).unwrap();
        assert_eq!(reader.spec().sample_format, HoundFormat::Float);
        for (idx, sample) in reader.samples::<f32>().enumerate() {
            assert_eq!(sample.unwrap(), original.channels[idx % n_channels][idx / n_channels]);
        }
    }
}

#[test]
fn wav_from_an_independent_writer_reads_as_written() {
    let folder = tempfile::tempdir().unwrap();
    for (bits, sample_format) in [
        (8, HoundFormat::Int),
        (16, HoundFormat::Int),
        (24, HoundFormat::Int),
        (32, HoundFormat::Float),
    ] {
        let path = folder.path().join(format!("{bits}.wav"));
        let spec =
            WavSpec { channels: 2, sample_rate: 96_000, bits_per_sample: bits, sample_format };
        let mut writer = hound::WavWriter::create(&path, spec).unwrap();
        for i in -100i32..100 {
            match sample_format {
                HoundFormat::Int => writer.write_sample(i).unwrap(),
                HoundFormat::Float => writer.write_sample(i as f32 / 128.0).unwrap(),
            }
        }
        writer.finalize().unwrap();
        let read = read_all(&path).unwrap();
        assert_eq!((read.spec.sample_rate_hz, read.n_frames()), (96_000, 100));
        let scale =
            if sample_format == HoundFormat::Int { 2f32.powi(i32::from(bits) - 1) } else { 128.0 };
        for (idx, i) in (-100i32..100).enumerate() {
            assert_eq!(read.channels[idx % 2][idx / 2], i as f32 / scale, "{bits} bits, {idx}");
        }
    }
}

#[test]
fn flac_comes_back_bit_for_bit_at_every_rate_and_depth() {
    let folder = tempfile::tempdir().unwrap();
    for rate_hz in [8_000, 44_100, 48_000, 96_000, 192_000, 384_000] {
        for (bits, n_channels) in [(16, 1), (16, 2), (24, 2), (24, 8)] {
            let path = folder.path().join("x.flac");
            let original = audio(rate_hz, SampleFormat::Int { bits }, ramp(n_channels, 9001));
            write_all(&path, &original).unwrap();
            let read = read_all(&path).unwrap();
            let what = format!("{rate_hz} Hz, {bits} bits, {n_channels} channels");
            assert_eq!(read.spec.sample_rate_hz, rate_hz, "{what}");
            assert_eq!(read.spec.format, original.spec.format, "{what}");
            assert!(read.channels == original.channels, "{what}: samples differ");
        }
    }
}

#[test]
fn every_other_format_is_read_with_its_depth_length_and_title() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    for (name, bits, n_frames) in [
        ("tone.mp3", 24, 22_050),
        ("tone.ogg", 24, 22_050),
        ("tone-alac.m4a", 24, 22_050),
        ("tone.aiff", 16, 22_050),
        ("tone.caf", 16, 22_050),
        // Nothing takes out what the encoder put around the sound: 23 whole packets.
        ("tone.m4a", 24, 23 * 1024),
    ] {
        let path = fixtures.join(name);
        let sound = read_all(&path).unwrap();
        assert_eq!(sound.spec.sample_rate_hz, 44_100, "{name}");
        assert_eq!(sound.spec.format, SampleFormat::Int { bits }, "{name}");
        assert_eq!(sound.n_frames(), n_frames, "{name}");
        // Amplitude 0.25 is −15.05 dB; the MP3 encoder takes 0.45 dB away by design.
        let level_db = rms_db(&sound.channels[0][4_000..18_000]);
        assert!((level_db + 15.05).abs() < 0.5, "{name}: {level_db} dB");
        if name != "tone.aiff" && name != "tone.caf" {
            let reader = Reader::open(&path).unwrap();
            let title = ("TITLE".to_owned(), "Tone".to_owned());
            assert!(reader.tags().fields.contains(&title), "{name}: {:?}", reader.tags().fields);
        }
    }
}

#[test]
fn blocks_say_the_same_as_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.wav");
    write_all(&path, &audio(48_000, SampleFormat::Int { bits: 16 }, ramp(2, 30_000))).unwrap();
    let mut reader = Reader::open(&path).unwrap();
    assert_eq!(reader.n_frames(), Some(30_000));
    let mut n_frames = 0;
    while let Some(block) = reader.next_block().unwrap() {
        n_frames += block[0].len();
    }
    assert_eq!(n_frames, 30_000);
}

#[test]
fn a_writer_that_is_dropped_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["x.wav", "x.flac"] {
        let path = folder.path().join(name);
        let spec =
            AudioSpec { format: SampleFormat::Int { bits: 16 }, ..AudioSpec::float(48_000, 1) };
        let mut writer = Writer::create(&path, &WriteOptions::plain(spec)).unwrap();
        writer.write(&[&[0.5; 10_000]]).unwrap();
        drop(writer);
    }
    assert_eq!(names_in(folder.path()), Vec::<String>::new());
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect()
}
