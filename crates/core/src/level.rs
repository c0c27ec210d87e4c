//! Decibels and means.

/// Amplitude factor of a level difference.
pub(crate) fn db_to_gain(db: f32) -> f32 {
    10f32.powf(db / 20.0)
}

/// Power factor of a level difference.
pub(crate) fn db_to_power(db: f32) -> f32 {
    10f32.powf(db / 10.0)
}

/// A mean of values that come one by one; 0 while there are none.
#[derive(Clone, Copy, Default)]
pub(crate) struct Mean {
    sum: f64,
    n: usize,
}

impl Mean {
    pub(crate) fn add(&mut self, value: f64) {
        self.sum += value;
        self.n += 1;
    }

    pub(crate) fn with(&self, other: &Self) -> Self {
        Self { sum: self.sum + other.sum, n: self.n + other.n }
    }

    pub(crate) fn value(&self) -> f64 {
        self.sum / self.n.max(1) as f64
    }
}

/// Mean of equally long slices, value by value.
pub(crate) fn average<'a>(parts: impl ExactSizeIterator<Item = &'a [f32]>, out: &mut [f32]) {
    let share = 1.0 / parts.len() as f32;
    out.fill(0.0);
    for part in parts {
        for (out, value) in out.iter_mut().zip(part) {
            *out += value * share;
        }
    }
}
