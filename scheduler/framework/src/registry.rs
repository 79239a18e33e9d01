//! Which plugins there are: an explicit table from name to factory.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::Str;
use crate::event::EventPattern;
use crate::features::Features;
use crate::fields::Problems;
use crate::plugin::{
    Bind, Census, Filter, Permit, Plugin, PostBind, PostFilter, PreBind, PreEnqueue, PreFilter, PreScore,
    QueueSort, Reserve, Score,
};

/// The stages, in cycle order, with the names profile files use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// `preEnqueue`
    PreEnqueue,
    /// `queueSort`
    QueueSort,
    /// `preFilter`
    PreFilter,
    /// `filter`
    Filter,
    /// `postFilter`
    PostFilter,
    /// `preScore`
    PreScore,
    /// `score`
    Score,
    /// `reserve`
    Reserve,
    /// `permit`
    Permit,
    /// `preBind`
    PreBind,
    /// `bind`
    Bind,
    /// `postBind`
    PostBind,
}

impl Stage {
    /// Every stage, in cycle order.
    pub const ALL: [Self; 12] = [
        Self::PreEnqueue,
        Self::QueueSort,
        Self::PreFilter,
        Self::Filter,
        Self::PostFilter,
        Self::PreScore,
        Self::Score,
        Self::Reserve,
        Self::Permit,
        Self::PreBind,
        Self::Bind,
        Self::PostBind,
    ];

    /// The field of `plugins` in a profile file.
    pub fn field(self) -> &'static str {
        match self {
            Self::PreEnqueue => "preEnqueue",
            Self::QueueSort => "queueSort",
            Self::PreFilter => "preFilter",
            Self::Filter => "filter",
            Self::PostFilter => "postFilter",
            Self::PreScore => "preScore",
            Self::Score => "score",
            Self::Reserve => "reserve",
            Self::Permit => "permit",
            Self::PreBind => "preBind",
            Self::Bind => "bind",
            Self::PostBind => "postBind",
        }
    }

    /// The stage's name in messages and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::PreEnqueue => "PreEnqueue",
            Self::QueueSort => "QueueSort",
            Self::PreFilter => "PreFilter",
            Self::Filter => "Filter",
            Self::PostFilter => "PostFilter",
            Self::PreScore => "PreScore",
            Self::Score => "Score",
            Self::Reserve => "Reserve",
            Self::Permit => "Permit",
            Self::PreBind => "PreBind",
            Self::Bind => "Bind",
            Self::PostBind => "PostBind",
        }
    }
}

/// A plugin made ready for one profile: the same value behind the trait of each stage it takes part in.
#[derive(Clone)]
pub struct Instance {
    /// The plugin.
    pub plugin: Arc<dyn Plugin>,
    /// Its arguments with every default filled in, as `profile show` prints them; null when it has none.
    pub args: Value,
    /// PreEnqueue.
    pub pre_enqueue: Option<Arc<dyn PreEnqueue>>,
    /// QueueSort.
    pub queue_sort: Option<Arc<dyn QueueSort>>,
    /// PreFilter.
    pub pre_filter: Option<Arc<dyn PreFilter>>,
    /// Filter.
    pub filter: Option<Arc<dyn Filter>>,
    /// PostFilter.
    pub post_filter: Option<Arc<dyn PostFilter>>,
    /// PreScore.
    pub pre_score: Option<Arc<dyn PreScore>>,
    /// Score.
    pub score: Option<Arc<dyn Score>>,
    /// Reserve.
    pub reserve: Option<Arc<dyn Reserve>>,
    /// Permit.
    pub permit: Option<Arc<dyn Permit>>,
    /// PreBind.
    pub pre_bind: Option<Arc<dyn PreBind>>,
    /// Bind.
    pub bind: Option<Arc<dyn Bind>>,
    /// PostBind.
    pub post_bind: Option<Arc<dyn PostBind>>,
    /// Its census, when its answers depend on topology domains.
    pub census: Option<Arc<dyn Census>>,
    /// The events it registered, taken once.
    pub events: Vec<EventPattern>,
    /// Stages at which profiles may name it and where it has nothing to do, because the plugin of that name does there what is done
    /// elsewhere here.
    pub idle_at: Vec<Stage>,
}

impl Instance {
    /// Begins to describe `plugin`; stages are added with the builder's methods.
    pub fn of<P: Plugin>(plugin: P) -> InstanceBuilder<P> {
        let plugin = Arc::new(plugin);
        let events = plugin.events();
        let as_plugin: Arc<dyn Plugin> = plugin.clone();
        InstanceBuilder {
            plugin,
            instance: Self {
                plugin: as_plugin,
                args: Value::Null,
                pre_enqueue: None,
                queue_sort: None,
                pre_filter: None,
                filter: None,
                post_filter: None,
                pre_score: None,
                score: None,
                reserve: None,
                permit: None,
                pre_bind: None,
                bind: None,
                post_bind: None,
                census: None,
                events,
                idle_at: Vec::new(),
            },
        }
    }

    /// The plugin's name.
    pub fn name(&self) -> &str {
        self.plugin.name()
    }

    /// Whether the plugin takes part in `stage`.
    pub fn has(&self, stage: Stage) -> bool {
        match stage {
            Stage::PreEnqueue => self.pre_enqueue.is_some(),
            Stage::QueueSort => self.queue_sort.is_some(),
            Stage::PreFilter => self.pre_filter.is_some(),
            Stage::Filter => self.filter.is_some(),
            Stage::PostFilter => self.post_filter.is_some(),
            Stage::PreScore => self.pre_score.is_some(),
            Stage::Score => self.score.is_some(),
            Stage::Reserve => self.reserve.is_some(),
            Stage::Permit => self.permit.is_some(),
            Stage::PreBind => self.pre_bind.is_some(),
            Stage::Bind => self.bind.is_some(),
            Stage::PostBind => self.post_bind.is_some(),
        }
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Instance({})", self.name())
    }
}

/// Says which stages a plugin takes part in: `Instance::of(plugin).pre_filter().filter().build()`.
pub struct InstanceBuilder<P> {
    plugin: Arc<P>,
    instance: Instance,
}

macro_rules! stages {
    ($($method:ident: $stage:ident),* $(,)?) => {
        impl<P: Plugin> InstanceBuilder<P> {
            $(
                #[doc = concat!("The plugin takes part in ", stringify!($stage), ".")]
                #[must_use]
                pub fn $method(mut self) -> Self
                where
                    P: $stage,
                {
                    self.instance.$method = Some(self.plugin.clone());
                    self
                }
            )*

            /// The plugin takes a census.
            #[must_use]
            pub fn census(mut self) -> Self
            where
                P: Census,
            {
                self.instance.census = Some(self.plugin.clone());
                self
            }

            /// The plugin's arguments, defaults filled in.
            #[must_use]
            pub fn args(mut self, args: Value) -> Self {
                self.instance.args = args;
                self
            }

            /// Profiles may name the plugin at these stages, where it has nothing to do.
            #[must_use]
            pub fn idle_at(mut self, stages: &[Stage]) -> Self {
                self.instance.idle_at = stages.to_vec();
                self
            }

            /// Done.
            pub fn build(self) -> Instance {
                self.instance
            }
        }
    };
}

stages! {
    pre_enqueue: PreEnqueue,
    queue_sort: QueueSort,
    pre_filter: PreFilter,
    filter: Filter,
    post_filter: PostFilter,
    pre_score: PreScore,
    score: Score,
    reserve: Reserve,
    permit: Permit,
    pre_bind: PreBind,
    bind: Bind,
    post_bind: PostBind,
}

/// What a factory is given beside the plugin's arguments.
#[derive(Clone, Debug, Default)]
pub struct FactoryContext {
    /// The profile's scheduler name.
    pub scheduler_name: Str,
    /// Resources that NodeResourcesFit leaves to an extender (`managedResources` with `ignoredByScheduler`).
    pub extender_ignored_resources: Vec<Str>,
    /// The rules that decisions follow. A plugin keeps what it asks of them: it is made anew when they change.
    pub features: Features,
}

/// Makes a plugin from its arguments (null when the file has none). Everything wrong with them goes into the
/// [`Problems`], all at once; a plugin is returned even then, with defaults in place of what is wrong.
pub type Factory = Arc<dyn Fn(&Value, &FactoryContext, &mut Problems<'_>) -> Instance + Send + Sync>;

/// Names and factories, and the rules that factories are given.
#[derive(Clone, Default)]
pub struct Registry {
    factories: BTreeMap<Str, Factory>,
    features: Features,
}

impl Registry {
    /// Adds a plugin; a later one takes the place of an earlier one of the same name.
    pub fn add(
        &mut self,
        name: &str,
        factory: impl Fn(&Value, &FactoryContext, &mut Problems<'_>) -> Instance + Send + Sync + 'static,
    ) {
        self.factories.insert(name.into(), Arc::new(factory));
    }

    /// The same plugins, to be made for other rules.
    #[must_use]
    pub fn with_features(mut self, features: Features) -> Self {
        self.features = features;
        self
    }

    /// The rules that factories are given.
    pub fn features(&self) -> Features {
        self.features
    }

    /// The factory of the plugin called `name`.
    pub fn get(&self, name: &str) -> Option<&Factory> {
        self.factories.get(name)
    }

    /// All names, in order.
    pub fn names(&self) -> impl Iterator<Item = &Str> {
        self.factories.keys()
    }
}
