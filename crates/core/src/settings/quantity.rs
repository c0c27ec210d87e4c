//! Numbers as people write them: `-12 dB`, `1.2 kHz`, `40 ms`.

use crate::slot;

/// What a number is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// No unit.
    Plain,
    /// dB.
    Decibel,
    /// Hz; kHz is understood.
    Hertz,
    /// ms; s is understood.
    Millisecond,
    /// %; settings hold shares.
    Percent,
    /// A slot of prints or a place between two, from 0 for A: `A → B 50 %`.
    Slot,
}

/// Why text is no quantity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuantityError {
    /// There is no number in it, or one that is not finite.
    Number {
        /// What was written.
        text: String,
    },
    /// The unit behind the number is not the one that this takes.
    Unit {
        /// What was written.
        given: String,
        /// What is taken.
        expected: Unit,
    },
    /// It names no slot.
    Slot {
        /// What was written.
        text: String,
    },
}

impl core::fmt::Display for QuantityError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Number { text } => write!(f, "'{text}' is not a number"),
            Self::Unit { given, expected: Unit::Plain } => {
                write!(f, "'{given}' stands where no unit is expected")
            }
            Self::Unit { given, expected } => {
                write!(f, "'{given}' is not a unit for this; expected {}", expected.symbol())
            }
            Self::Slot { text } => {
                write!(f, "'{text}' names no print; expected A, B, C, D or 'A > B 50 %'")
            }
        }
    }
}

impl core::error::Error for QuantityError {}

impl Unit {
    /// As it is written.
    pub fn symbol(self) -> &'static str {
        self.suffix().trim_start()
    }

    /// As it is written behind a value.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Plain | Self::Slot => "",
            Self::Decibel => " dB",
            Self::Hertz => " Hz",
            Self::Millisecond => " ms",
            Self::Percent => " %",
        }
    }

    /// How many of it make one of what the settings hold.
    pub const fn per_one(self) -> f32 {
        match self {
            Self::Percent => 100.0,
            Self::Plain | Self::Decibel | Self::Hertz | Self::Millisecond | Self::Slot => 1.0,
        }
    }

    /// Digits after the point that are worth showing.
    const fn n_decimals(self) -> usize {
        match self {
            Self::Plain | Self::Slot => 2,
            Self::Decibel | Self::Percent | Self::Millisecond => 1,
            Self::Hertz => 0,
        }
    }

    /// A value without its unit, as hosts and the window show it.
    pub fn digits(self, value: f32) -> String {
        if self == Self::Slot {
            return slot::text(value);
        }
        let text = format!("{value:.*}", self.n_decimals());
        // A value that rounds to nothing has no sign.
        match text.strip_prefix('-') {
            Some(size) if size.trim_matches(['0', '.']).is_empty() => size.to_owned(),
            _ => text,
        }
    }

    /// A value with its unit and without digits that say nothing, as help texts and errors name it.
    pub fn short(self, value: f32) -> String {
        if self == Self::Slot {
            return slot::text(value);
        }
        // Three decimals: 90, not 89.99999.
        let rounded = (f64::from(value) * 1000.0).round() / 1000.0;
        format!("{rounded}{}", self.suffix())
    }

    /// What a number with this suffix (lower case) must be multiplied by; `None` where the suffix
    /// means something else.
    fn factor(self, suffix: &str) -> Option<f32> {
        match (self, suffix) {
            (_, "") => Some(1.0),
            (Self::Decibel, "db") | (Self::Hertz, "hz") => Some(1.0),
            (Self::Millisecond, "ms") | (Self::Percent, "%") => Some(1.0),
            (Self::Hertz, "k" | "khz") | (Self::Millisecond, "s") => Some(1_000.0),
            _ => None,
        }
    }

    /// Reads `-12`, `-12 dB`, `1.2 kHz`, `7k`, `40ms`, `0.04 s`, `90 %`; a comma or the typographic
    /// minus is no obstacle.
    pub fn parse(self, text: &str) -> Result<f32, QuantityError> {
        let text = text.trim();
        if self == Self::Slot {
            let no_slot = || QuantityError::Slot { text: text.to_owned() };
            return slot::parse(text).ok_or_else(no_slot);
        }
        let plain = text.replace('\u{2212}', "-").replace(',', ".").to_lowercase();
        let (number, suffix) = plain.split_at(end_of_number(&plain));
        let no_number = || QuantityError::Number { text: text.to_owned() };
        let value: f32 = number.trim().parse().map_err(|_| no_number())?;
        let suffix = suffix.trim();
        let factor = self
            .factor(suffix)
            .ok_or_else(|| QuantityError::Unit { given: suffix.to_owned(), expected: self })?;
        let value = value * factor;
        if value.is_finite() { Ok(value) } else { Err(no_number()) }
    }
}

/// Where digits, point, sign and exponent end.
fn end_of_number(text: &str) -> usize {
    let bytes = text.as_bytes();
    let is_digit = |idx: usize| bytes.get(idx).is_some_and(u8::is_ascii_digit);
    let is_sign = |idx: usize| matches!(bytes.get(idx), Some(b'-' | b'+'));
    // An `e` belongs to the number where digits stand on both sides of it.
    let is_exponent = |idx: usize| {
        bytes[idx] == b'e'
            && idx > 0
            && is_digit(idx - 1)
            && (is_digit(idx + 1) || is_sign(idx + 1) && is_digit(idx + 2))
    };
    let is_part = |idx: usize| is_digit(idx) || is_sign(idx) || bytes[idx] == b'.';
    (0..bytes.len()).find(|&idx| !is_part(idx) && !is_exponent(idx)).unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_as_people_write_them() {
        for (text, unit, expected) in [
            ("-12", Unit::Decibel, -12.0),
            ("-12 dB", Unit::Decibel, -12.0),
            ("-12db", Unit::Decibel, -12.0),
            ("\u{2212}12 dB", Unit::Decibel, -12.0),
            ("1.2 kHz", Unit::Hertz, 1_200.0),
            ("7k", Unit::Hertz, 7_000.0),
            (" 120 Hz ", Unit::Hertz, 120.0),
            ("40 ms", Unit::Millisecond, 40.0),
            ("0.04 s", Unit::Millisecond, 40.0),
            ("90%", Unit::Percent, 90.0),
            ("87,5 %", Unit::Percent, 87.5),
            ("1e2", Unit::Percent, 100.0),
            ("1e-1 s", Unit::Millisecond, 100.0),
            ("1.5", Unit::Plain, 1.5),
        ] {
            assert_eq!(unit.parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_quantity_is_refused_with_a_reason() {
        for (text, unit, reason) in [
            ("loud", Unit::Decibel, "'loud' is not a number"),
            ("", Unit::Decibel, "not a number"),
            ("dB", Unit::Decibel, "not a number"),
            ("--3", Unit::Decibel, "not a number"),
            ("1e9e9", Unit::Decibel, "not a number"),
            ("1e39", Unit::Decibel, "not a number"),
            ("NaN", Unit::Decibel, "not a number"),
            ("inf", Unit::Decibel, "not a number"),
            ("3 ms", Unit::Decibel, "expected dB"),
            ("3e", Unit::Decibel, "'e' is not a unit"),
            ("3 ms", Unit::Plain, "no unit is expected"),
        ] {
            let error = unit.parse(text).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn shown_digits_have_no_sign_where_they_are_nothing() {
        assert_eq!(Unit::Decibel.digits(-0.04), "0.0");
        assert_eq!(Unit::Decibel.digits(-0.06), "-0.1");
        assert_eq!(Unit::Hertz.digits(-0.2), "0");
        assert_eq!(Unit::Plain.digits(-10.0), "-10.00");
        assert_eq!(Unit::Percent.short(89.99999), "90 %");
    }
}
