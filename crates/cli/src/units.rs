//! What people write on the command line: times, depths of samples, layouts of bare samples.

use quell_audio::{AudioSpec, SampleFormat};

/// Parses a sample format: `16`, `24`, `32` or `32f`.
pub fn parse_bits(text: &str) -> Result<SampleFormat, String> {
    match text {
        "16" | "24" | "32" => Ok(SampleFormat::Int { bits: text.parse().unwrap_or(16) }),
        "32f" | "float" => Ok(SampleFormat::Float),
        _ => Err("expected 16, 24, 32 or 32f".into()),
    }
}

/// Parses what bare samples are: `RATE,CHANNELS,FORMAT`.
pub fn parse_raw(text: &str) -> Result<AudioSpec, String> {
    let hint = "expected HZ,CHANNELS,FORMAT, e.g. 48000,2,s16 (u8, s16, s24, s32 or f32)";
    let [rate, channels, format] = text.split(',').collect::<Vec<_>>()[..] else {
        return Err(hint.into());
    };
    let format = match format.trim() {
        "u8" => SampleFormat::Int { bits: 8 },
        "s16" => SampleFormat::Int { bits: 16 },
        "s24" => SampleFormat::Int { bits: 24 },
        "s32" => SampleFormat::Int { bits: 32 },
        "f32" => SampleFormat::Float,
        _ => return Err(hint.into()),
    };
    let sample_rate_hz: u32 = rate.trim().parse().map_err(|_| hint)?;
    let n_channels: usize = channels.trim().parse().map_err(|_| hint)?;
    if sample_rate_hz == 0 || !(1..=65_535).contains(&n_channels) {
        return Err(hint.into());
    }
    Ok(AudioSpec { format, ..AudioSpec::float(sample_rate_hz, n_channels) })
}

/// A stretch of time in a file, seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeRange {
    /// First moment.
    pub start_s: f64,
    /// First moment after the stretch.
    pub end_s: f64,
}

impl From<quell_core::Stretch> for TimeRange {
    fn from(found: quell_core::Stretch) -> Self {
        Self { start_s: found.start_s, end_s: found.end_s }
    }
}

impl std::fmt::Display for TimeRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", clock(self.start_s), clock(self.end_s))
    }
}

impl std::str::FromStr for TimeRange {
    type Err = String;

    /// Parses `A-B`, each as seconds, `m:ss` or `h:mm:ss`, with fractions.
    fn from_str(text: &str) -> Result<Self, String> {
        let hint = "expected START-END, e.g. 0:00-0:02 or 1.5-3.25";
        let (start, end) = text.split_once('-').ok_or(hint)?;
        let start_s = parse_clock(start).ok_or(hint)?;
        let end_s = parse_clock(end).ok_or(hint)?;
        if end_s <= start_s {
            return Err("the end must come after the start".into());
        }
        Ok(Self { start_s, end_s })
    }
}

/// Seconds from `ss.s`, `m:ss.s` or `h:mm:ss.s`.
fn parse_clock(text: &str) -> Option<f64> {
    let parts: Vec<&str> = text.trim().trim_end_matches('s').split(':').collect();
    if parts.len() > 3 {
        return None;
    }
    parts.iter().try_fold(0.0, |seconds, part| {
        let value: f64 = part.trim().parse().ok()?;
        (value.is_finite() && value >= 0.0).then_some(seconds * 60.0 + value)
    })
}

/// Seconds as `m:ss.s` or `h:mm:ss`.
pub fn clock(seconds: f64) -> String {
    let tenths = (seconds.max(0.0) * 10.0).round() as u64;
    let (hours, minutes) = (tenths / 36_000, tenths / 600 % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{:02}", tenths / 10 % 60)
    } else {
        format!("{minutes}:{:02}.{}", tenths / 10 % 60, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_in_seconds_minutes_and_hours() {
        let range: TimeRange = "0:01.5-1:02:03".parse().unwrap();
        assert_eq!(range, TimeRange { start_s: 1.5, end_s: 3723.0 });
        assert_eq!("2-3s".parse(), Ok(TimeRange { start_s: 2.0, end_s: 3.0 }));
        for bad in ["3", "3-2", "a-b", "-1-2", "1:2:3:4-5:0:0:0", "1-inf"] {
            assert!(bad.parse::<TimeRange>().is_err(), "{bad}");
        }
    }

    #[test]
    fn bare_samples_are_described_in_full_or_refused() {
        let spec = parse_raw("44100,2,s24").unwrap();
        assert_eq!((spec.sample_rate_hz, spec.n_channels), (44_100, 2));
        assert_eq!(spec.format, SampleFormat::Int { bits: 24 });
        for bad in ["44100", "44100,2", "44100,0,s16", "0,2,s16", "44100,2,s17", "a,b,c"] {
            assert!(parse_raw(bad).is_err(), "{bad}");
        }
        assert_eq!(parse_bits("32f"), Ok(SampleFormat::Float));
        assert!(parse_bits("12").is_err());
    }

    #[test]
    fn clocks_carry_over() {
        assert_eq!(clock(59.96), "1:00.0");
        assert_eq!(clock(3661.0), "1:01:01");
    }
}
