//! Prefers nodes in zones with clean power, without filling one zone only.
//!
//! The cleanest zone of the config scores 100, the dirtiest 0, the others in between. From that goes a part of the share of
//! all cpu that this plugin has seen placed in the zone: it remembers in Reserve what went where, and hands it over to
//! the instance that replaces it.

use std::collections::BTreeMap;

use longshore_plugin::prelude::*;
use serde::{Deserialize, Serialize};

columns! {
    NAME: Text = name(),
    ZONE: Text = label("topology.kubernetes.io/zone"),
}

/// The plugin's config.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct Config {
    /// Grams of CO2 for each kWh, by zone.
    zones: BTreeMap<String, i64>,
    /// The same for zones that are not listed: as dirty as the dirtiest by default.
    other: Option<i64>,
    /// How many points a zone loses that has everything: 0 to 100, 30 by default.
    spread: i64,
}

impl Default for Config {
    fn default() -> Self {
        Self { zones: BTreeMap::new(), other: None, spread: 30 }
    }
}

/// Where a pod went, and with how much cpu.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Placed {
    zone: String,
    milli_cpu: i64,
}

/// The plugin.
pub struct Carbon {
    config: Config,
    least: i64,
    most: i64,
    /// By uid, so that nothing is counted twice.
    placed: BTreeMap<String, Placed>,
}

impl Carbon {
    /// The points for a zone: for clean power, less those for what is there already.
    fn points(&self, zone: &str) -> i64 {
        let grams = self.config.zones.get(zone).or(self.config.other.as_ref()).unwrap_or(&self.most);
        let clean = match self.most - self.least {
            0 => 100,
            range => (self.most - grams) * 100 / range,
        };
        let sum = |here: bool| -> i64 {
            let placed = self.placed.values().filter(|placed| !here || placed.zone == zone);
            placed.map(|placed| placed.milli_cpu).fold(0, i64::saturating_add)
        };
        let share = match sum(false) {
            0 => 0,
            all => (i128::from(sum(true)) * i128::from(self.config.spread) / i128::from(all)) as i64,
        };
        (clean - share).clamp(0, 100)
    }
}

impl Plugin for Carbon {
    type Config = Config;
    type Shared = ();
    /// The points of each zone that was met so far.
    type Prepared = BTreeMap<Word, i64>;

    fn manifest() -> Manifest {
        Manifest::new("Carbon")
            .version(env!("CARGO_PKG_VERSION"))
            .description("Prefers nodes in zones with clean power")
            .columns(COLUMNS)
            .single()
    }

    fn new(config: Config) -> Result<Self, Error> {
        if !(0..=100).contains(&config.spread) {
            return Err(format!("spread is {}; it has to be in 0 to 100", config.spread).into());
        }
        let grams = || config.zones.values().chain(&config.other).copied();
        if grams().any(|grams| !(0..=1_000_000).contains(&grams)) {
            return Err("grams of CO2 have to be in 0 to 1000000".into());
        }
        let (least, most) = (grams().min().unwrap_or(0), grams().max().unwrap_or(0));
        Ok(Self { config, least, most, placed: BTreeMap::new() })
    }

    fn prepare(&self, _pod: &Pod, _shared: &(), words: &mut Words) -> Result<Self::Prepared, Error> {
        let known = self.config.zones.keys().chain(self.placed.values().map(|placed| &placed.zone));
        Ok(known.map(|zone| (words.of(zone), self.points(zone))).collect())
    }
}

impl Score for Carbon {
    fn score(&self, cycle: &Cycle<Self>, node: Node<'_>) -> i64 {
        let known = cycle.prepared.get(&node.word(ZONE)).copied();
        known.unwrap_or_else(|| self.points(node.text(ZONE).unwrap_or_default()))
    }
}

impl Reserve for Carbon {
    fn reserve(&mut self, at: &Placement<'_, Self>) -> Result<Verdict, Error> {
        let zone = at.row(NAME).and_then(|node| node.text(ZONE)).unwrap_or_default().to_owned();
        let placed = Placed { zone, milli_cpu: at.pod.request("cpu") };
        self.placed.insert(at.pod.uid.clone(), placed);
        Ok(Verdict::Fit)
    }

    fn unreserve(&mut self, pod: &Pod, _node: &str) {
        self.placed.remove(&pod.uid);
    }
}

impl Handover for Carbon {
    type Saved = BTreeMap<String, Placed>;

    fn save(&self) -> Self::Saved {
        self.placed.clone()
    }

    fn restore(&mut self, saved: Self::Saved) -> Result<(), Error> {
        self.placed = saved;
        Ok(())
    }
}

export_plugin!(Carbon: Score, Reserve, Handover);

#[cfg(test)]
mod tests {
    use super::*;
    use longshore_plugin::testing::{Cluster, Node, Run};

    fn run() -> Run<Carbon> {
        let node = |name: &str, zone: &str| Node::new(name).label("topology.kubernetes.io/zone", zone);
        let cluster = Cluster::new()
            .node(node("hydro", "north"))
            .node(node("mixed", "middle"))
            .node(node("coal", "south"))
            .node(Node::new("unknown"));
        let config = r#"{"zones": {"north": 20, "middle": 220, "south": 420}}"#;
        Run::configured(config, &cluster).unwrap()
    }

    fn scores(run: &mut Run<Carbon>) -> [i64; 4] {
        let scores = run.score(&Pod::new("default", "web"));
        ["hydro", "mixed", "coal", "unknown"].map(|name| scores[name])
    }

    #[test]
    fn clean_zones_are_preferred() {
        assert_eq!(scores(&mut run()), [100, 50, 0, 0]);
    }

    #[test]
    fn what_was_placed_counts_once_until_it_is_taken_back() {
        let mut run = run();
        let pod = |name: &str, cpu: i64| Pod::new("default", name).with_request("cpu", cpu);
        for _ in 0..2 {
            run.reserve(&pod("a", 3000), "hydro").unwrap();
        }
        run.reserve(&pod("b", 1000), "mixed").unwrap();
        // Three quarters and one quarter of 30 points.
        assert_eq!(scores(&mut run), [78, 43, 0, 0]);
        run.unreserve(&pod("a", 3000), "hydro");
        run.unreserve(&pod("b", 1000), "mixed");
        assert_eq!(scores(&mut run), [100, 50, 0, 0]);
    }

    #[test]
    fn the_next_instance_knows_what_this_one_knew() {
        let (mut before, mut after) = (run(), run());
        before.reserve(&Pod::new("default", "a").with_request("cpu", 1000), "hydro").unwrap();
        after.plugin().restore(before.plugin().save()).unwrap();
        assert_eq!(scores(&mut after), scores(&mut before));
    }
}
