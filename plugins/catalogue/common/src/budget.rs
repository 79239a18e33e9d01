//! How much may be read whole for one pod: a call has only so much time, and the cluster may be large.

use std::cell::Cell;

/// So many more objects may be read until the next pod comes.
pub struct Budget {
    most: u32,
    left: Cell<u32>,
}

impl Budget {
    /// So many objects for each pod.
    pub const fn of(most: u32) -> Self {
        Self { most, left: Cell::new(most) }
    }

    /// A pod has come.
    pub fn refill(&self) {
        self.left.set(self.most);
    }

    /// Whether one more may be read, which is counted.
    pub fn take(&self) -> bool {
        self.spend(1)
    }

    /// Whether one more may be read that counts as so many.
    pub fn spend(&self, count: u32) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(count));
        left > 0
    }

    /// Whether nothing more may be read.
    pub fn is_spent(&self) -> bool {
        self.left.get() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_are_read_for_each_pod() {
        let budget = Budget::of(2);
        assert_eq!(
            [budget.take(), budget.is_spent(), budget.take(), budget.take()],
            [true, false, true, false]
        );
        assert!(budget.is_spent());
        budget.refill();
        assert!(budget.spend(5) && !budget.take());
    }
}
