//! Whether this process may write as the one that schedules: only while its lease was renewed lately enough that nobody
//! else can have taken it.
//!
//! A process can be stopped at any point and wake up much later, as after a pause of its virtual machine. So the age of the
//! lease is looked at before each single write, by a clock that counts the time of a suspended machine too.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use boot_time::Instant;

/// What we have of the lease. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Hold(Arc<Mutex<State>>);

#[derive(Clone, Copy, Debug, Default)]
enum State {
    /// It is another's, or nobody knows yet.
    #[default]
    Standby,
    /// There is no election.
    Unopposed,
    /// Ours: this is when the last renewal was sent, and how old it may become.
    Held { renewed: Instant, deadline: Duration },
    /// We gave it back.
    GivenBack,
    /// It was ours and is no more.
    Lost,
}

/// Nothing may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotHeld {
    /// Another one leads, or nobody yet.
    #[error("not sent: this process does not hold the lease")]
    Standby,
    /// It was not renewed in time.
    #[error(
        "not sent: the lease was renewed {age:.1?} ago, which is longer than renewDeadline ({deadline:?})"
    )]
    Stale {
        /// Since the last renewal was sent.
        age: Duration,
        /// How old it may become.
        deadline: Duration,
    },
    /// It was given back.
    #[error("not sent: the lease was given back")]
    GivenBack,
    /// Another one may have it.
    #[error("not sent: the lease was lost")]
    Lost,
}

impl Hold {
    /// Of a process that takes part in no election.
    pub fn unopposed() -> Self {
        let hold = Self::default();
        hold.set(State::Unopposed);
        hold
    }

    /// There is no election.
    pub fn stand_alone(&self) {
        self.set(State::Unopposed);
    }

    /// It is ours: the renewal was sent at `renewed`, and nothing is written any more when it is older than `deadline`.
    pub fn renewed(&self, renewed: Instant, deadline: Duration) {
        self.set(State::Held { renewed, deadline });
    }

    /// It is given back: what was begun is done.
    pub fn give_back(&self) {
        self.set(State::GivenBack);
    }

    /// Somebody else has it, or may have it.
    pub fn lose(&self) {
        self.set(State::Lost);
    }

    /// Whether something may be written now.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self) -> Result<(), NotHeld> {
        match *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            State::Unopposed => Ok(()),
            State::Standby => Err(NotHeld::Standby),
            State::GivenBack => Err(NotHeld::GivenBack),
            State::Lost => Err(NotHeld::Lost),
            State::Held { renewed, deadline } => match renewed.elapsed() {
                age if age > deadline => Err(NotHeld::Stale { age, deadline }),
                _ => Ok(()),
            },
        }
    }

    /// Whether something may be written now.
    pub fn is_held(&self) -> bool {
        self.check().is_ok()
    }

    /// Whether we took the lease for ours longer than we may: what was decided meanwhile is not even told of. After a lease
    /// that was given back in good order the last events are still written.
    pub fn is_stale(&self) -> bool {
        matches!(self.check(), Err(NotHeld::Stale { .. } | NotHeld::Lost))
    }

    fn set(&self, state: State) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(hold: &Hold, held: bool, stale: bool) {
        assert_eq!((hold.is_held(), hold.is_stale()), (held, stale), "{hold:?}");
    }

    fn ago(seconds: u64) -> Instant {
        Instant::now() - Duration::from_secs(seconds)
    }

    #[test]
    fn only_a_lease_that_was_renewed_lately_lets_anything_be_written() {
        let (hold, deadline) = (Hold::default(), Duration::from_secs(10));
        check(&hold, false, false);
        hold.renewed(ago(0), deadline);
        check(&hold, true, false);
        hold.renewed(ago(9), deadline);
        check(&hold, true, false);
        hold.renewed(ago(11), deadline);
        check(&hold, false, true);
        let why = hold.check().unwrap_err().to_string();
        assert!(why.starts_with("not sent: the lease was renewed 11.") && why.contains("(10s)"), "{why}");
        hold.renewed(ago(0), deadline);
        check(&hold, true, false);
        hold.give_back();
        check(&hold, false, false);
        hold.lose();
        check(&hold, false, true);
    }

    #[test]
    fn without_an_election_everything_may_be_written() {
        check(&Hold::unopposed(), true, false);
    }
}
