//! The exports: what the bindings want, in terms of the stages' traits.

use crate::bindings::exports::longshore::scheduler as exports;
use crate::bindings::longshore::scheduler::types::{Delta, Patch, PodInfo, RejectCode, Rejection};
use crate::error::text;
use crate::plugin::{configured, decode, encode};
use crate::stages as stage;
use crate::{Error, Instance, Plugin, Pod};
use crate::{PermitOutcome, PostFilterOutcome, PreFilterOutcome, PreScoreOutcome};

/// The type that carries the exports, which `export_plugin!` makes.
pub trait Home: 'static {
    /// The plugin.
    type Plugin: Plugin;

    /// The stages that are exported, as `export_plugin!` names them.
    const STAGES: &'static [&'static str];

    /// Calls with the place of the instance, which is empty before `init`.
    fn place<T>(call: impl FnOnce(&mut Option<Instance<Self::Plugin>>) -> T) -> T;

    /// Calls with the instance.
    fn with<T>(call: impl FnOnce(&mut Instance<Self::Plugin>) -> T) -> T {
        Self::place(|place| match place {
            Some(instance) => {
                instance.enter();
                call(instance)
            }
            None => panic!("called before init"),
        })
    }
}

/// A panic's text goes to the log, from where the scheduler puts it into the failure.
fn tell_panics() {
    #[cfg(feature = "panic-messages")]
    std::panic::set_hook(Box::new(|info| crate::host::log(crate::host::Level::Error, &info.to_string())));
}

fn shared<P: Plugin>(bytes: &[u8]) -> Result<P::Shared, Error> {
    decode(bytes)
}

/// The manifest for a config.
fn described<H: Home>(config: &str) -> Result<crate::Manifest, String> {
    // Tests call this too, and print panics themselves.
    if cfg!(target_arch = "wasm32") {
        tell_panics();
    }
    let manifest = text(configured::<H::Plugin>(config).and_then(|config| H::Plugin::describe(&config)))?;
    if !manifest.object_list().is_empty() && !H::STAGES.contains(&"Objects") {
        return Err("the manifest declares objects: `export_plugin!` has to name `Objects` too".to_owned());
    }
    if !manifest.metric_list().is_empty() && !H::STAGES.contains(&"Metrics") {
        return Err("the manifest declares metrics: `export_plugin!` has to name `Metrics` too".to_owned());
    }
    Ok(manifest)
}

impl<H: Home> exports::declaration::Guest for H {
    fn describe(config: String) -> Result<exports::lifecycle::Manifest, String> {
        Ok(described::<H>(&config)?.into())
    }
}

impl<H: Home> exports::objects::Guest for H {
    fn kinds(config: String) -> Result<Vec<exports::objects::Kind>, String> {
        Ok(described::<H>(&config)?.object_list().iter().map(|wanted| wanted.kind.clone()).collect())
    }

    fn apply(reset: bool, changes: Vec<exports::objects::Change>) {
        H::with(|it| it.apply_objects(reset, changes));
    }
}

impl<H: Home> exports::metrics::Guest for H {
    fn wanted(config: String) -> Result<Vec<exports::metrics::Metric>, String> {
        Ok(described::<H>(&config)?.metric_list().iter().map(Into::into).collect())
    }

    fn apply(reset: bool, updates: Vec<exports::metrics::Update>) {
        H::with(|it| it.apply_metrics(reset, updates));
    }
}

impl<H: Home<Plugin: stage::QueueSort>> exports::queue_sort::Guest for H {
    fn rank(pod: Pod, since: u64) -> Result<(i64, i64), String> {
        use stage::QueueSort as _;
        H::with(|it| text(it.plugin.rank(&pod, since)))
    }
}

impl<H: Home<Plugin: stage::Hints>> exports::hints::Guest for H {
    fn hint(pod: Pod, event: exports::hints::Event) -> Result<bool, String> {
        use stage::Hints as _;
        H::with(|it| text(it.plugin.hint(&pod, &event)))
    }
}

impl<H: Home<Plugin: stage::Timers>> exports::timers::Guest for H {
    fn every(config: String) -> Result<u32, String> {
        use stage::Timers as _;
        tell_panics();
        let every = text(configured::<H::Plugin>(&config).and_then(|config| H::Plugin::every(&config)))?;
        u32::try_from(every.as_millis()).map_err(|_| format!("{every:?} is too long between two ticks"))
    }

    fn tick() -> Result<(), String> {
        use stage::Timers as _;
        H::with(|it| text(it.plugin.tick()))
    }
}

impl<H: Home> exports::lifecycle::Guest for H {
    fn describe() -> exports::lifecycle::Manifest {
        tell_panics();
        H::Plugin::manifest().into()
    }

    fn init(config: String, _instance: exports::lifecycle::Instance) -> Result<(), String> {
        tell_panics();
        let instance = text(Instance::new(&config))?;
        H::place(|place| *place = Some(instance));
        Ok(())
    }

    fn apply(delta: Delta) {
        H::with(|it| it.apply(delta));
    }
}

impl<H: Home<Plugin: stage::Handover>> exports::handover::Guest for H {
    fn save() -> Vec<u8> {
        use stage::Handover as _;
        match H::with(|it| serde_json::to_vec(&it.plugin.save())) {
            Ok(saved) => saved,
            Err(e) => panic!("what should be saved is no JSON: {e}"),
        }
    }

    fn restore(saved: Vec<u8>) -> Result<(), String> {
        use stage::Handover as _;
        let saved = serde_json::from_slice(&saved).map_err(|e| e.to_string())?;
        H::with(|it| text(it.plugin.restore(saved)))
    }
}

impl<H: Home> exports::cycle::Guest for H {
    fn begin(pod: Pod, shared: Vec<u8>) -> Result<(), String> {
        H::with(|it| it.begin(pod, &shared))
    }
}

impl<H: Home<Plugin: stage::PreEnqueue>> exports::pre_enqueue::Guest for H {
    fn pre_enqueue(pod: Pod) -> Result<Option<Rejection>, String> {
        use stage::PreEnqueue as _;
        H::with(|it| text(it.plugin.pre_enqueue(&pod).map(crate::Verdict::rejection)))
    }
}

impl<H: Home<Plugin: stage::PreFilter>> exports::pre_filter::Guest for H {
    fn pre_filter(pod: Pod) -> Result<exports::pre_filter::PreFiltered, String> {
        use exports::pre_filter::Outcome;
        let (outcome, shared) = match H::with(|it| text(it.pre_filter(&pod)))? {
            PreFilterOutcome::All(shared) => (Outcome::All, shared),
            PreFilterOutcome::Only(nodes, shared) => (Outcome::Only(nodes), shared),
            PreFilterOutcome::Skip(shared) => (Outcome::Skip, shared),
            PreFilterOutcome::Reject(reject) => (Outcome::Reject(reject.into()), Vec::new()),
        };
        Ok(exports::pre_filter::PreFiltered { outcome, shared })
    }
}

impl<H: Home<Plugin: stage::PreFilterExtensions>> exports::pre_filter_extensions::Guest for H {
    fn add_pod(bytes: Vec<u8>, pod: Pod, added: PodInfo, node: String) -> Result<Vec<u8>, String> {
        use stage::PreFilterExtensions as _;
        H::with(|it| {
            let mut shared = text(shared::<H::Plugin>(&bytes))?;
            text(it.plugin.add_pod(&mut shared, &pod, &added, &node).and_then(|()| encode(&shared)))
        })
    }

    fn remove_pod(bytes: Vec<u8>, pod: Pod, removed: PodInfo, node: String) -> Result<Vec<u8>, String> {
        use stage::PreFilterExtensions as _;
        H::with(|it| {
            let mut shared = text(shared::<H::Plugin>(&bytes))?;
            text(it.plugin.remove_pod(&mut shared, &pod, &removed, &node).and_then(|()| encode(&shared)))
        })
    }
}

impl<H: Home<Plugin: stage::Filter>> exports::filter::Guest for H {
    fn filter(
        candidates: Vec<u64>,
    ) -> Result<crate::bindings::longshore::scheduler::types::Verdicts, String> {
        H::with(|it| it.filter(candidates))
    }

    fn filter_supposed(row: u32, supposed: Patch) -> Result<Option<Rejection>, String> {
        H::with(|it| it.filter_supposed(row, supposed))
    }
}

impl<H: Home<Plugin: stage::PostFilter>> exports::post_filter::Guest for H {
    fn post_filter(
        pod: Pod,
        bytes: Vec<u8>,
        rejected: Vec<(String, RejectCode)>,
    ) -> Result<exports::post_filter::Outcome, String> {
        use exports::post_filter::{Nomination, Outcome};
        use stage::PostFilter as _;
        let outcome = H::with(|it| {
            let shared = text(shared::<H::Plugin>(&bytes))?;
            text(it.plugin.post_filter(&pod, &shared, &rejected))
        })?;
        Ok(match outcome {
            PostFilterOutcome::Reject(reject) => Outcome::Reject(reject.into()),
            PostFilterOutcome::Nominate { node, victims } => Outcome::Nominate(Nomination { node, victims }),
        })
    }
}

impl<H: Home<Plugin: stage::PreScore>> exports::pre_score::Guest for H {
    fn pre_score(pod: Pod, bytes: Vec<u8>, feasible: u32) -> Result<exports::pre_score::Outcome, String> {
        use exports::pre_score::Outcome;
        Ok(match H::with(|it| text(it.pre_score(&pod, &bytes, feasible)))? {
            PreScoreOutcome::Score(shared) => Outcome::Score(shared),
            PreScoreOutcome::Skip => Outcome::Skip,
        })
    }
}

impl<H: Home<Plugin: stage::Score>> exports::score::Guest for H {
    fn score(feasible: Vec<u64>) -> Result<Vec<i64>, String> {
        H::with(|it| it.score(&feasible))
    }
}

impl<H: Home<Plugin: stage::NormalizeScore>> exports::normalize_score::Guest for H {
    fn normalize(bytes: Vec<u8>, scores: Vec<i64>) -> Result<Vec<i64>, String> {
        H::with(|it| text(it.normalize(&bytes, scores)))
    }
}

impl<H: Home<Plugin: stage::Reserve>> exports::reserve::Guest for H {
    fn reserve(pod: Pod, node: String, bytes: Vec<u8>) -> Result<Option<Rejection>, String> {
        use stage::Reserve as _;
        let verdict = H::with(|it| text(it.at(&pod, &node, &bytes, |plugin, at| plugin.reserve(at))))?;
        Ok(verdict.rejection())
    }

    fn unreserve(pod: Pod, node: String) {
        use stage::Reserve as _;
        H::with(|it| it.plugin.unreserve(&pod, &node));
    }
}

impl<H: Home<Plugin: stage::Permit>> exports::permit::Guest for H {
    fn permit(pod: Pod, node: String, bytes: Vec<u8>) -> Result<exports::permit::Outcome, String> {
        use exports::permit::Outcome;
        use stage::Permit as _;
        let outcome = H::with(|it| text(it.at(&pod, &node, &bytes, |plugin, at| plugin.permit(at))))?;
        Ok(match outcome {
            PermitOutcome::Allow => Outcome::Allow,
            PermitOutcome::Wait(time) => Outcome::Wait(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
            PermitOutcome::Reject(reject) => Outcome::Reject(reject.into()),
        })
    }
}

impl<H: Home<Plugin: stage::PreBind>> exports::pre_bind::Guest for H {
    fn pre_bind(pod: Pod, node: String, bytes: Vec<u8>) -> Result<Option<Rejection>, String> {
        use stage::PreBind as _;
        let verdict = H::with(|it| text(it.at(&pod, &node, &bytes, |plugin, at| plugin.pre_bind(at))))?;
        Ok(verdict.rejection())
    }
}

impl<H: Home<Plugin: stage::Bind>> exports::bind::Guest for H {
    fn bind(pod: Pod, node: String, bytes: Vec<u8>) -> Result<Option<crate::Binding>, String> {
        use stage::Bind as _;
        H::with(|it| text(it.at(&pod, &node, &bytes, |plugin, at| plugin.bind(at))))
    }
}

impl<H: Home<Plugin: stage::PostBind>> exports::post_bind::Guest for H {
    fn post_bind(pod: Pod, node: String) {
        use stage::PostBind as _;
        H::with(|it| it.plugin.post_bind(&pod, &node));
    }
}

/// Exports a plugin with the stages that are named, which it has to implement.
///
/// `export_plugin!(MyPlugin: PreFilter, Filter, Score);`
#[macro_export]
macro_rules! export_plugin {
    ($plugin:ty : $($stage:ident),+ $(,)?) => {
        const _: () = {
            const fn implemented<T: $($crate::$stage +)+>() {}
            implemented::<$plugin>();
        };

        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Exports;

            impl $crate::guest::Home for Exports {
                type Plugin = $plugin;
                const STAGES: &'static [&'static str] = &[$(::core::stringify!($stage)),+];

                fn place<T>(call: impl FnOnce(&mut Option<$crate::Instance<$plugin>>) -> T) -> T {
                    ::std::thread_local! {
                        static INSTANCE: ::core::cell::RefCell<Option<$crate::Instance<$plugin>>> =
                            const { ::core::cell::RefCell::new(None) };
                    }
                    INSTANCE.with(|place| call(&mut place.borrow_mut()))
                }
            }

            #[unsafe(export_name = "cabi_realloc")]
            unsafe extern "C" fn realloc(pointer: *mut u8, old: usize, align: usize, new: usize) -> *mut u8 {
                unsafe { $crate::rt::cabi_realloc(pointer, old, align, new) }
            }

            $crate::__export_longshore_scheduler_lifecycle_0_2_0_cabi!(
                Exports with_types_in $crate::bindings::exports::longshore::scheduler::lifecycle
            );
            $crate::__export_longshore_scheduler_declaration_0_2_0_cabi!(
                Exports with_types_in $crate::bindings::exports::longshore::scheduler::declaration
            );
            $crate::__export_cycle!($($stage)+);
            $($crate::__export_stage!($stage);)+
        };
    };
}

/// Exports `cycle` when Filter or Score are among the stages.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_cycle {
    (Filter $($rest:ident)*) => { $crate::__export_cycle!(); };
    (Score $($rest:ident)*) => { $crate::__export_cycle!(); };
    ($other:ident $($rest:ident)+) => { $crate::__export_cycle!($($rest)+); };
    ($other:ident) => {};
    () => {
        $crate::__export_longshore_scheduler_cycle_0_2_0_cabi!(
            Exports with_types_in $crate::bindings::exports::longshore::scheduler::cycle
        );
    };
}

/// Exports one stage.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_stage {
    (Metrics) => {
        $crate::__export_longshore_scheduler_metrics_0_2_0_cabi!(
            Exports with_types_in $crate::bindings::exports::longshore::scheduler::metrics
        );
    };
    (PreEnqueue) => {
        $crate::__export_longshore_scheduler_pre_enqueue_0_2_0_cabi!(
            Exports with_types_in $crate::bindings::exports::longshore::scheduler::pre_enqueue
        );
    };
    (PreFilter) => {
        $crate::__export_longshore_scheduler_pre_filter_0_2_0_cabi!(
            Exports with_types_in $crate::bindings::exports::longshore::scheduler::pre_filter
        );
    };
    (PreFilterExtensions) => {
        $crate::__export_longshore_scheduler_pre_filter_extensions_0_2_0_cabi!(
            Exports with_types_in $crate::bindings::exports::longshore::scheduler::pre_filter_extensions
        );
    };
    (Filter) => {
        $crate::__export_longshore_scheduler_filter_0_2_0_cabi!(
            Exports with_types_in $crate::bindings::exports::longshore::scheduler::filter
        );
    };
    (PostFilter) => {
        $crate::__export_longshore_scheduler_post_filter_0_2_0_cabi!(
            Exports with_types_in $crate::bindings::exports::longshore::scheduler::post_filter
        );
    };
    (PreScore) => {
        $crate::__export_longshore_scheduler_pre_score_0_2_0_cabi!(
            Exports with_types_in $crate::bindings::exports::longshore::scheduler::pre_score
        );
    };
    (Score) => {
        $crate::__export_longshore_scheduler_score_0_2_0_cabi!(
            Exports with_types_in $crate::bindings::exports::longshore::scheduler::score
        );
    };
    (NormalizeScore) => {
        $crate::__export_longshore_scheduler_normalize_score_0_2_0_cabi!(
            Exports with_types_in $crate::bindings::exports::longshore::scheduler::normalize_score
        );
    };
    (Reserve) => {
        $crate::__export_longshore_scheduler_reserve_0_2_0_cabi!(
            Exports with_types_in $crate::bindings::exports::longshore::scheduler::reserve
        );
    };
    (Permit) => {
        $crate::__export_longshore_scheduler_permit_0_2_0_cabi!(
            Exports with_types_in $crate::bindings::exports::longshore::scheduler::permit
        );
    };
    (PreBind) => {
        $crate::__export_longshore_scheduler_pre_bind_0_2_0_cabi!(
            Exports with_types_in $crate::bindings::exports::longshore::scheduler::pre_bind
        );
    };
    (Bind) => {
        $crate::__export_longshore_scheduler_bind_0_2_0_cabi!(
            Exports with_types_in $crate::bindings::exports::longshore::scheduler::bind
        );
    };
    (PostBind) => {
        $crate::__export_longshore_scheduler_post_bind_0_2_0_cabi!(
            Exports with_types_in $crate::bindings::exports::longshore::scheduler::post_bind
        );
    };
    (Objects) => {
        $crate::__export_longshore_scheduler_objects_0_2_0_cabi!(
            Exports with_types_in $crate::bindings::exports::longshore::scheduler::objects
        );
    };
    (QueueSort) => {
        $crate::__export_longshore_scheduler_queue_sort_0_2_0_cabi!(
            Exports with_types_in $crate::bindings::exports::longshore::scheduler::queue_sort
        );
    };
    (Hints) => {
        $crate::__export_longshore_scheduler_hints_0_2_0_cabi!(
            Exports with_types_in $crate::bindings::exports::longshore::scheduler::hints
        );
    };
    (Timers) => {
        $crate::__export_longshore_scheduler_timers_0_2_0_cabi!(
            Exports with_types_in $crate::bindings::exports::longshore::scheduler::timers
        );
    };
    (Handover) => {
        $crate::__export_longshore_scheduler_handover_0_2_0_cabi!(
            Exports with_types_in $crate::bindings::exports::longshore::scheduler::handover
        );
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Manifest;
    use crate::object::{Declared, spec::kind};

    struct Reader;

    impl Plugin for Reader {
        type Config = Vec<String>;
        type Shared = ();
        type Prepared = ();

        fn manifest() -> Manifest {
            const KINDS: &[Declared] = &[kind("v1", "Namespace")];
            Manifest::new("Reader").objects(KINDS)
        }

        fn describe(config: &Vec<String>) -> Result<Manifest, Error> {
            match config.first() {
                Some(text) => Err(text.as_str().into()),
                None => Ok(Self::manifest()),
            }
        }

        fn new(_config: Vec<String>) -> Result<Self, Error> {
            Ok(Self)
        }
    }

    /// Exports of the plugin, with or without `Objects`.
    struct Exports<const OBJECTS: bool>;

    impl<const OBJECTS: bool> Home for Exports<OBJECTS> {
        type Plugin = Reader;
        const STAGES: &'static [&'static str] = if OBJECTS { &["Filter", "Objects"] } else { &["Filter"] };

        fn place<T>(call: impl FnOnce(&mut Option<Instance<Reader>>) -> T) -> T {
            call(&mut None)
        }
    }

    #[test]
    fn objects_that_are_declared_and_not_exported_are_told_with_the_mend() {
        let kinds = <Exports<true> as exports::objects::Guest>::kinds("null".into()).unwrap();
        assert_eq!((kinds.len(), &*kinds[0].kind), (1, "Namespace"));
        let refused = <Exports<false> as exports::declaration::Guest>::describe("null".into()).unwrap_err();
        assert_eq!(refused, "the manifest declares objects: `export_plugin!` has to name `Objects` too");
    }

    #[test]
    fn a_config_may_be_refused_where_the_plugin_is_described() {
        let describe = |config: &str| <Exports<true> as exports::declaration::Guest>::describe(config.into());
        assert_eq!(describe(r#"["no such zone"]"#).unwrap_err(), "no such zone");
        assert!(describe("{}").unwrap_err().starts_with("config: invalid type: map"));
    }
}
