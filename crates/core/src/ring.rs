//! The last few rows of numbers, of which the newest takes the place of the oldest.

/// A ring of equally long rows, the same number at all times.
pub(crate) struct Ring<T> {
    rows: Vec<Vec<T>>,
    newest: usize,
}

impl<T: Copy> Ring<T> {
    /// `n_rows` rows (at least one), all like `row`.
    pub(crate) fn new(n_rows: usize, row: Vec<T>) -> Self {
        Self { rows: vec![row; n_rows.max(1)], newest: 0 }
    }

    /// Makes every number of every row the same.
    pub(crate) fn fill(&mut self, value: T) {
        for row in &mut self.rows {
            row.fill(value);
        }
    }

    /// Goes on from where another ring of the same size is.
    pub(crate) fn continue_from(&mut self, other: &Self) {
        for (row, other) in self.rows.iter_mut().zip(&other.rows) {
            row.copy_from_slice(other);
        }
        self.newest = other.newest;
    }

    /// Gives up the oldest row for a new one, to be written whole.
    pub(crate) fn advance(&mut self) -> &mut [T] {
        self.newest = self.position(self.rows.len() - 1);
        &mut self.rows[self.newest]
    }

    /// The row that was made `n_steps` ago; 0 is the newest.
    pub(crate) fn ago(&self, n_steps: usize) -> &[T] {
        &self.rows[self.position(n_steps)]
    }

    /// The row that [`Self::advance`] gives up next.
    pub(crate) fn oldest(&self) -> &[T] {
        self.ago(self.rows.len() - 1)
    }

    /// The same, to be changed.
    pub(crate) fn oldest_mut(&mut self) -> &mut [T] {
        let oldest = self.position(self.rows.len() - 1);
        &mut self.rows[oldest]
    }

    /// Where the row of `n_steps` ago lies.
    fn position(&self, n_steps: usize) -> usize {
        (self.newest + self.rows.len() - n_steps) % self.rows.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_in_the_order_they_were_made_in() {
        for n_rows in 1..6 {
            let mut ring = Ring::new(n_rows, vec![0]);
            for made in 1_usize..20 {
                ring.advance().fill(made);
                for n_steps in 0..n_rows {
                    let expected = made.saturating_sub(n_steps);
                    assert_eq!(ring.ago(n_steps), [expected], "{n_rows} rows, {made} made");
                }
                assert_eq!(ring.oldest(), ring.ago(n_rows - 1));
            }
            let mut other = Ring::new(n_rows, vec![0]);
            other.continue_from(&ring);
            other.advance().fill(20);
            ring.advance().fill(20);
            assert_eq!(other.oldest_mut(), ring.oldest_mut());
        }
    }
}
