//! Plugins that could not be asked for a while, and can be again.

use longshore_framework::profile::PluginId;

use super::Engine;

impl Engine {
    /// Pods that a plugin turned away for want of an answer are tried again when one is to be had.
    pub(crate) fn take_recoveries(&mut self) {
        for (profile, plugin) in self.recovered() {
            let (queue, pods, rules) = self.queue_parts();
            queue.plugin_recovered(pods, (profile, plugin), &rules);
        }
    }

    /// Profile and number of plugins that recovered since the last time.
    fn recovered(&mut self) -> Vec<(usize, PluginId)> {
        let mut recovered = Vec::new();
        for (profile, plugins) in self.profiles.iter().enumerate() {
            for (at, instance) in plugins.plugins().iter().enumerate() {
                let (Some(now), Ok(id)) = (instance.plugin.recoveries(), u16::try_from(at)) else { continue };
                let known = self.recoveries.entry((profile, PluginId(id))).or_default();
                if std::mem::replace(known, now) != now {
                    recovered.push((profile, PluginId(id)));
                }
            }
        }
        recovered
    }
}
