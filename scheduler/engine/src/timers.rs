//! Plugins that want to be called from time to time.

use std::time::Duration;

use longshore_framework::Timestamp;
use longshore_framework::event::HintContext;
use longshore_framework::plugin::Plugin;

/// When each plugin was called last, by its place among all plugins of all profiles.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    last: Vec<Option<Timestamp>>,
}

impl Timers {
    /// Other plugins: each is called at once, and then when its time comes.
    pub(crate) fn start_over(&mut self) {
        self.last.clear();
    }

    /// Calls those of `plugins`, always the same ones in the same order, whose time has come. A plugin is called once,
    /// however long the pause was.
    pub(crate) fn tick<'p>(
        &mut self,
        plugins: impl Iterator<Item = &'p dyn Plugin>,
        now: Timestamp,
        cluster: HintContext<'_>,
    ) {
        for (at, plugin) in plugins.enumerate() {
            if self.last.len() <= at {
                self.last.push(None);
            }
            let Some(every) = plugin.ticks() else { continue };
            let is_due = self.last[at].is_none_or(|last| now >= after(last, every));
            if is_due {
                self.last[at] = Some(now);
                plugin.tick(now, cluster);
            }
        }
    }

    /// When the next of them is due; `None` when there is none.
    pub(crate) fn next<'p>(&self, plugins: impl Iterator<Item = &'p dyn Plugin>) -> Option<Timestamp> {
        let due = |(at, plugin): (usize, &'p dyn Plugin)| {
            let every = plugin.ticks()?;
            Some(self.last.get(at).copied().flatten().map_or(Timestamp::default(), |last| after(last, every)))
        };
        plugins.enumerate().filter_map(due).min()
    }
}

fn after(last: Timestamp, every: Duration) -> Timestamp {
    Timestamp(last.0.saturating_add(i64::try_from(every.as_millis()).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use longshore_framework::objects::Objects;
    use longshore_framework::snapshot::Snapshot;

    use super::*;

    struct Clock(u64, Mutex<Vec<i64>>);

    impl Plugin for Clock {
        fn name(&self) -> &str {
            "Clock"
        }

        fn ticks(&self) -> Option<Duration> {
            (self.0 > 0).then(|| Duration::from_millis(self.0))
        }

        fn tick(&self, now: Timestamp, _: HintContext<'_>) {
            self.1.lock().unwrap().push(now.0);
        }
    }

    #[track_caller]
    fn check(every: u64, told: &[i64], ticks: &[i64], next: Option<i64>) {
        let (snapshot, objects) = (Snapshot::default(), Objects::default());
        let clock = Clock(every, Mutex::default());
        let mut timers = Timers::default();
        let plugins = || std::iter::once(&clock as &dyn Plugin);
        for now in told {
            let cluster = HintContext { snapshot: &snapshot, objects: &objects };
            timers.tick(plugins(), Timestamp(*now), cluster);
        }
        assert_eq!(*clock.1.lock().unwrap(), ticks);
        assert_eq!(timers.next(plugins()), next.map(Timestamp));
    }

    #[test]
    fn a_plugin_is_called_at_once_and_then_when_its_time_has_come() {
        check(100, &[], &[], Some(0));
        check(100, &[1000, 1050, 1100, 1199, 5000, 5010], &[1000, 1100, 5000], Some(5100));
        check(0, &[1000, 2000], &[], None);
    }
}
