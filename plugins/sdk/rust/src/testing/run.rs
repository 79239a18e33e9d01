//! A plugin in a cluster.

use std::collections::BTreeMap;

use super::cluster::{Cluster, all};
use super::objects::Told;
use crate::{
    Bind, Binding, Error, Event, Filter, Hints, Instance, NormalizeScore, Permit, PermitOutcome, Plugin, Pod,
    PostBind, PostFilter, PostFilterOutcome, PreBind, PreEnqueue, PreFilter, PreFilterOutcome, PreScore,
    PreScoreOutcome, QueueSort, Reject, RejectCode, Reserve, Score, Timers, Verdict,
};

/// A plugin that knows a cluster.
pub struct Run<P: Plugin> {
    instance: Instance<P>,
    names: Vec<String>,
    told: Told,
    shared: Vec<u8>,
}

impl<P: Plugin> Run<P> {
    /// The plugin with a table of all nodes of the cluster.
    pub fn new(plugin: P, cluster: &Cluster) -> Self {
        Self::of(Instance::of(plugin), cluster)
    }

    fn of(instance: Instance<P>, cluster: &Cluster) -> Self {
        let mut run = Self { instance, names: Vec::new(), told: Told::default(), shared: Vec::new() };
        run.change(cluster);
        run
    }

    /// The plugin from its config in JSON, as the scheduler makes it.
    ///
    /// # Errors
    /// The config cannot be read, or the plugin refuses it.
    pub fn configured(config: &str, cluster: &Cluster) -> Result<Self, Error> {
        Ok(Self::of(Instance::new(config)?, cluster))
    }

    /// From now on the cluster looks like this.
    pub fn change(&mut self, cluster: &Cluster) {
        self.names = cluster.nodes().iter().map(|node| node.name().to_owned()).collect();
        let manifest = self.instance.manifest();
        let delta = cluster.delta(manifest.column_list());
        let changes = self.told.changes(cluster.objects(), manifest.object_list());
        let measured = cluster.measured(manifest.metric_list().len());
        self.instance.apply(delta);
        self.instance.apply_metrics(true, measured);
        self.instance.apply_objects(false, changes);
    }

    /// The plugin itself.
    pub fn plugin(&mut self) -> &mut P {
        &mut self.at_work().plugin
    }

    /// Whatever is called by it finds what this instance knows.
    fn at_work(&mut self) -> &mut Instance<P> {
        self.instance.enter();
        &mut self.instance
    }

    fn begin(&mut self, pod: &Pod) {
        let shared = self.shared.clone();
        if let Err(e) = self.at_work().begin(pod.clone(), &shared) {
            panic!("the plugin fails to prepare: {e}");
        }
    }

    fn set(&self) -> Vec<u64> {
        all(self.names.len() as u32)
    }
}

impl<P: PreFilter> Run<P> {
    /// Asks PreFilter. What it leaves is there in later calls of Filter and Score.
    ///
    /// # Errors
    /// The plugin's failure.
    pub fn pre_filter(&mut self, pod: &Pod) -> Result<PreFilterOutcome<Vec<u8>>, Error> {
        let outcome = self.at_work().pre_filter(pod)?;
        use PreFilterOutcome::{All, Only, Reject, Skip};
        self.shared = match &outcome {
            All(shared) | Only(_, shared) | Skip(shared) => shared.clone(),
            Reject(_) => Vec::new(),
        };
        Ok(outcome)
    }
}

impl<P: PreScore> Run<P> {
    /// Asks PreScore. What it leaves is there in later calls of Score.
    ///
    /// # Errors
    /// The plugin's failure.
    pub fn pre_score(&mut self, pod: &Pod) -> Result<PreScoreOutcome<Vec<u8>>, Error> {
        let (shared, feasible) = (self.shared.clone(), self.names.len() as u32);
        let outcome = self.at_work().pre_score(pod, &shared, feasible)?;
        if let PreScoreOutcome::Score(shared) = &outcome {
            self.shared.clone_from(shared);
        }
        Ok(outcome)
    }
}

impl<P: Filter> Run<P> {
    /// The verdict on each node.
    ///
    /// # Panics
    /// When the plugin fails.
    pub fn filter(&mut self, pod: &Pod) -> BTreeMap<String, Verdict> {
        self.begin(pod);
        let answer = match self.instance.filter(self.set()) {
            Ok(answer) => answer,
            Err(e) => panic!("the plugin fails to filter: {e}"),
        };
        let mut rejections = answer.rejection_of.iter().map(|at| answer.rejections[usize::from(*at)].clone());
        let verdict = |(row, name): (usize, &String)| {
            let fits = answer.fit[row / 64] & (1 << (row % 64)) != 0;
            let rejection = if fits { None } else { rejections.next() };
            let verdict = rejection.map_or(Verdict::Fit, |rejection| {
                Verdict::Reject(Reject { code: rejection.code, reason: rejection.reason.into() })
            });
            (name.clone(), verdict)
        };
        self.names.iter().enumerate().map(verdict).collect()
    }

    /// The verdict on one node if it were as it is in another cluster with the same nodes.
    ///
    /// # Panics
    /// When the plugin fails, or there is no such node.
    pub fn filter_supposed(&mut self, pod: &Pod, node: &str, cluster: &Cluster) -> Verdict {
        self.begin(pod);
        let Some(row) = self.names.iter().position(|name| name == node) else {
            panic!("there is no node {node}")
        };
        let patch = cluster.row(self.instance.manifest().column_list(), row as u32);
        match self.instance.filter_supposed(row as u32, patch) {
            Ok(None) => Verdict::Fit,
            Ok(Some(no)) => Verdict::Reject(Reject { code: no.code, reason: no.reason.into() }),
            Err(e) => panic!("the plugin fails to filter: {e}"),
        }
    }
}

impl<P: Score> Run<P> {
    /// The score of each node, not normalised.
    ///
    /// # Panics
    /// When the plugin fails, or gives another number of scores than there are nodes.
    pub fn score(&mut self, pod: &Pod) -> BTreeMap<String, i64> {
        self.begin(pod);
        match self.instance.score(&self.set()) {
            Ok(scores) => self.by_name(scores),
            Err(e) => panic!("the plugin fails to score: {e}"),
        }
    }

    fn by_name(&self, scores: Vec<i64>) -> BTreeMap<String, i64> {
        assert_eq!(scores.len(), self.names.len(), "one score for each node");
        self.names.iter().cloned().zip(scores).collect()
    }
}

impl<P: NormalizeScore> Run<P> {
    /// The score of each node after NormalizeScore.
    ///
    /// # Errors
    /// The plugin's failure.
    pub fn normalized(&mut self, pod: &Pod) -> Result<BTreeMap<String, i64>, Error> {
        self.begin(pod);
        let scores = self.instance.score(&self.set())?;
        let scores = self.instance.normalize(&self.shared, scores)?;
        Ok(self.by_name(scores))
    }
}

impl<P: Reserve> Run<P> {
    /// Asks Reserve.
    ///
    /// # Errors
    /// The plugin's failure.
    pub fn reserve(&mut self, pod: &Pod, node: &str) -> Result<Verdict, Error> {
        let shared = self.shared.clone();
        self.at_work().at(pod, node, &shared, |plugin, at| plugin.reserve(at))
    }

    /// Takes a reservation back.
    pub fn unreserve(&mut self, pod: &Pod, node: &str) {
        self.plugin().unreserve(pod, node);
    }
}

impl<P: Permit> Run<P> {
    /// Asks Permit.
    ///
    /// # Errors
    /// The plugin's failure.
    pub fn permit(&mut self, pod: &Pod, node: &str) -> Result<PermitOutcome, Error> {
        let shared = self.shared.clone();
        self.at_work().at(pod, node, &shared, |plugin, at| plugin.permit(at))
    }
}

impl<P: PreBind> Run<P> {
    /// Asks PreBind.
    ///
    /// # Errors
    /// The plugin's failure.
    pub fn pre_bind(&mut self, pod: &Pod, node: &str) -> Result<Verdict, Error> {
        let shared = self.shared.clone();
        self.at_work().at(pod, node, &shared, |plugin, at| plugin.pre_bind(at))
    }
}

impl<P: Bind> Run<P> {
    /// Asks Bind.
    ///
    /// # Errors
    /// The plugin's failure.
    pub fn bind(&mut self, pod: &Pod, node: &str) -> Result<Option<Binding>, Error> {
        let shared = self.shared.clone();
        self.at_work().at(pod, node, &shared, |plugin, at| plugin.bind(at))
    }
}

impl<P: PostBind> Run<P> {
    /// Tells PostBind.
    pub fn post_bind(&mut self, pod: &Pod, node: &str) {
        self.plugin().post_bind(pod, node);
    }
}

impl<P: PreEnqueue> Run<P> {
    /// Asks PreEnqueue.
    ///
    /// # Errors
    /// The plugin's failure.
    pub fn pre_enqueue(&mut self, pod: &Pod) -> Result<Verdict, Error> {
        self.plugin().pre_enqueue(pod)
    }
}

impl<P: QueueSort> Run<P> {
    /// Asks where a pod stands in the queue that entered it at `since`, in milliseconds.
    ///
    /// # Errors
    /// The plugin's failure.
    pub fn rank(&mut self, pod: &Pod, since: u64) -> Result<(i64, i64), Error> {
        self.plugin().rank(pod, since)
    }
}

impl<P: Hints> Run<P> {
    /// Asks whether an event makes a pod worth another try.
    ///
    /// # Errors
    /// The plugin's failure.
    pub fn hint(&mut self, pod: &Pod, event: &Event) -> Result<bool, Error> {
        self.plugin().hint(pod, event)
    }
}

impl<P: Timers> Run<P> {
    /// The time has come.
    ///
    /// # Errors
    /// The plugin's failure.
    pub fn tick(&mut self) -> Result<(), Error> {
        self.plugin().tick()
    }
}

impl<P: PostFilter> Run<P> {
    /// Asks PostFilter, with every node rejected in this way.
    ///
    /// # Errors
    /// The plugin's failure.
    pub fn post_filter(&mut self, pod: &Pod, code: RejectCode) -> Result<PostFilterOutcome, Error> {
        let rejected: Vec<_> = self.names.iter().map(|name| (name.clone(), code)).collect();
        let shared = crate::plugin::decode(&self.shared)?;
        self.plugin().post_filter(pod, &shared, &rejected)
    }
}
