//! The macro that the table of settings is written with.

/// Makes `Settings` and `TABLE` of rows. A row begins with the field, its type and default, and,
/// where the engine cannot work with every number, the least and the greatest that it can; then
/// come the columns of `Row`. The curve's nodes have their rows between the two lists.
macro_rules! settings {
    (
        before the curve: { $(
            $(#[$before_doc:meta])*
            $before:ident: $before_type:ty = $before_default:expr
                $(, $before_low:literal ..= $before_high:literal)?;
            $before_row:tt
        )* }
        after the curve: { $(
            $(#[$after_doc:meta])*
            $after:ident: $after_type:ty = $after_default:expr
                $(, $after_low:literal ..= $after_high:literal)?;
            $after_row:tt
        )* }
    ) => {
        /// All that a listener can set.
        ///
        /// Mask settings take effect at the next frame (every 10 ms); `monitor`, `mix`,
        /// `output_gain_db` and `bypass` glide per sample.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct Settings {
            $($(#[$before_doc])* pub $before: $before_type,)*
            /// Shift of the threshold over frequency.
            pub curve: ThresholdCurve,
            $($(#[$after_doc])* pub $after: $after_type,)*
        }

        impl Default for Settings {
            fn default() -> Self {
                Self {
                    $($before: $before_default,)*
                    curve: ThresholdCurve::default(),
                    $($after: $after_default,)*
                }
            }
        }

        impl Settings {
            /// The settings with every number finite and inside its range; what the engine works
            /// with, so that no caller can make it misbehave.
            pub fn sanitised(&self) -> Self {
                let default = Self::default();
                Self {
                    $($before: settings!(@bound self, default, $before
                        $(, $before_low, $before_high)?),)*
                    curve: self.curve.sanitised(),
                    $($after: settings!(@bound self, default, $after
                        $(, $after_low, $after_high)?),)*
                }
            }
        }

        /// A row for every setting, in the order in which hosts list them.
        pub static TABLE: &[Setting] = &[
            $(settings!(@row $before [$($before_low, $before_high)?] $before_row),)*
            offset::<0>("thr_1", "Threshold 1"),
            offset::<1>("thr_low", "Threshold 2"),
            offset::<2>("thr_3", "Threshold 3"),
            offset::<3>("thr_mid", "Threshold 4"),
            offset::<4>("thr_5", "Threshold 5"),
            offset::<5>("thr_high", "Threshold 6"),
            frequency::<0>("thr_hz_1", "Threshold 1 frequency"),
            frequency::<1>("thr_hz_2", "Threshold 2 frequency"),
            frequency::<2>("thr_hz_3", "Threshold 3 frequency"),
            frequency::<3>("thr_hz_4", "Threshold 4 frequency"),
            frequency::<4>("thr_hz_5", "Threshold 5 frequency"),
            frequency::<5>("thr_hz_6", "Threshold 6 frequency"),
            $(settings!(@row $after [$($after_low, $after_high)?] $after_row),)*
        ];
    };
    (@bound $settings:ident, $default:ident, $field:ident) => { $settings.$field };
    (@bound $settings:ident, $default:ident, $field:ident, $low:literal, $high:literal) => {
        within($settings.$field, [$low, $high], $default.$field)
    };
    (@row $field:ident [$($limit:literal),*] { $($column:ident: $value:expr),* $(,)? }) => {
        Row {
            $($column: $value,)*
            limits: &[$($limit),*],
            get: |settings| settings.$field.to_plain(),
            set: |settings, plain| settings.$field = Plain::from_plain(plain),
            ..USUAL
        }
    };
}

pub(super) use settings;
