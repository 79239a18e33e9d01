//! What the recovery of a plugin does.

use longshore_framework::profile::PluginId;

use super::wake::Wake;
use super::{Queue, Rules, Via};
use crate::meter::EventLabel;
use crate::pods::Pods;

impl Queue {
    /// A plugin can be asked again: those whom it keeps parked may have been turned away for want of an answer, and pods
    /// in the backoff after an error may have failed for it. They are tried again.
    pub(crate) fn plugin_recovered(
        &mut self,
        pods: &mut Pods,
        (profile, plugin): (usize, PluginId),
        rules: &dyn Rules,
    ) {
        let mut parked = self.parked.kept_by(profile, plugin);
        pods.sort_by_uid(&mut parked, |number| *number);
        for number in parked {
            self.unlink(pods, number);
            self.put(pods, number, Wake::AfterBackoff, Via::from_parked(EventLabel::RECOVERED), rules);
        }
        let of_profile = |number: &usize| pods.waiting(*number).is_some_and(|q| q.profile == profile);
        let mut broken: Vec<usize> = self.error_backoff.iter().filter(of_profile).collect();
        pods.sort_by_uid(&mut broken, |number| *number);
        for number in broken {
            self.unlink(pods, number);
            self.enter_active(pods, number, EventLabel::RECOVERED, rules);
        }
    }
}
