//! Plugin lists, weights and arguments.

use super::Expected::{Problems, Stages};
use longshore_framework::features::Minor;

use super::{check, check_by, loaded, registry};
use crate::load;

/// One profile with this `plugins`.
fn plugins(yaml: &str) -> String {
    format!("profiles: [{{plugins: {{{yaml}}}}}]")
}

#[test]
fn without_a_word_the_default_plugins_run_at_every_stage_they_have() {
    check(
        "",
        Stages(&[
            "0 preEnqueue: Gates",
            "0 queueSort: Sort",
            "0 preFilter: Fit Spread",
            "0 filter: Taints Fit Spread",
            "0 score: Taints=3 Fit=1 Spread=2 Image=1",
            "0 permit:",
            "0 bind: Binder",
        ]),
    );
}

#[test]
fn a_default_listed_again_in_multi_point_keeps_its_place_and_takes_the_weight() {
    check(
        &plugins("multiPoint: {enabled: [{name: Extra, weight: 7}, {name: Fit, weight: 5}]}"),
        Stages(&["0 filter: Taints Fit Spread Extra", "0 score: Taints=3 Fit=5 Spread=2 Image=1 Extra=7"]),
    );
    check(
        &plugins("multiPoint: {enabled: [{name: Taints}]}"),
        Stages(&["0 score: Taints=1 Fit=1 Spread=2 Image=1"]),
    );
}

#[test]
fn disabled_in_multi_point_means_gone_unless_listed_at_a_stage() {
    check(
        &plugins("multiPoint: {disabled: [{name: Spread}]}, score: {enabled: [{name: Spread, weight: 9}]}"),
        Stages(&["0 filter: Taints Fit", "0 score: Taints=3 Fit=1 Image=1 Spread=9"]),
    );
    check(
        &plugins(
            "multiPoint: {disabled: [{name: '*'}], enabled: [{name: Binder}, {name: Sort}, {name: Extra}]}",
        ),
        Stages(&["0 filter: Extra", "0 score: Extra=1", "0 queueSort: Sort", "0 preEnqueue:"]),
    );
    check(
        &plugins("multiPoint: {disabled: [{name: Fit}], enabled: [{name: Fit, weight: 4}]}"),
        Stages(&["0 score: Taints=3 Spread=2 Image=1 Fit=4"]),
    );
}

#[test]
fn overriding_entries_come_first_then_multi_point_then_the_others() {
    check(
        &plugins("filter: {enabled: [{name: Extra}, {name: Spread}, {name: Taints}]}"),
        Stages(&["0 filter: Spread Taints Fit Extra", "0 score: Taints=3 Fit=1 Spread=2 Image=1"]),
    );
}

#[test]
fn a_stage_may_disable_one_plugin_or_all_of_multi_point() {
    check(
        &plugins("score: {disabled: [{name: Taints}, {name: Image}]}"),
        Stages(&["0 score: Fit=1 Spread=2", "0 filter: Taints Fit Spread"]),
    );
    check(
        &plugins("filter: {disabled: [{name: '*'}], enabled: [{name: Fit}, {name: Taints}]}"),
        Stages(&["0 filter: Fit Taints", "0 score: Taints=3 Fit=1 Spread=2 Image=1"]),
    );
    check(
        &plugins("filter: {disabled: [{name: Taints}], enabled: [{name: Taints}]}"),
        Stages(&["0 filter: Fit Spread Taints"]),
    );
}

#[test]
fn the_weight_of_the_score_list_goes_before_that_of_multi_point() {
    check(
        &plugins(
            "multiPoint: {enabled: [{name: Fit, weight: 5}]}, score: {enabled: [{name: Fit, weight: 8}, {name: Taints}]}",
        ),
        Stages(&["0 score: Fit=8 Taints=1 Spread=2 Image=1"]),
    );
    check(
        &plugins("filter: {enabled: [{name: Fit, weight: 50}]}"),
        Stages(&["0 score: Taints=3 Fit=1 Spread=2 Image=1", "0 filter: Fit Taints Spread"]),
    );
}

#[test]
fn unknown_and_removed_plugins_are_refused_with_the_mend() {
    check(
        "profiles:
- plugins:
    filter: {enabled: [{name: Fit}, {name: Taint}]}
    multiPoint: {enabled: [{name: EBSLimits}, {name: GangScheduler}]}
    score: {enabled: [{name: '*'}, {name: Zebra-Stripe-Counter}]}
  pluginConfig: [{name: SelectorSpread}, {name: Spraed, args: {}}]
",
        Problems(&[
            "profiles[0].plugins.multiPoint.enabled[0].name: plugin \"EBSLimits\" was removed from Kubernetes; \
             NodeVolumeLimits counts the volumes of every CSI driver; use it instead",
            "profiles[0].plugins.multiPoint.enabled[1].name: unknown plugin \"GangScheduler\"; bring it in WebAssembly, its \
             args in pluginConfig name the source, or a catalogue that has it: catalogue: file://DIR; known plugins: Binder, Extra, \
             Fit, Gates, Heavy, Image, OtherBinder, OtherSort, Sort, Spread, Taints",
            "profiles[0].plugins.filter.enabled[1].name: unknown plugin \"Taint\"; did you mean \"Taints\"?",
            "profiles[0].plugins.score.enabled[0].name: \"*\" is allowed only in disabled; name each plugin to enable",
            "profiles[0].plugins.score.enabled[1].name: unknown plugin \"Zebra-Stripe-Counter\"; bring it in WebAssembly, its \
             args in pluginConfig name the source, or a catalogue that has it: catalogue: file://DIR; known plugins: Binder, Extra, \
             Fit, Gates, Heavy, Image, OtherBinder, OtherSort, Sort, Spread, Taints",
            "profiles[0].pluginConfig[0].name: plugin \"SelectorSpread\" was removed from Kubernetes; PodTopologySpread \
             with defaultingType System spreads the same way; use it instead",
            "profiles[0].pluginConfig[1].name: unknown plugin \"Spraed\"; did you mean \"Spread\"?",
        ]),
    );
}

#[test]
fn a_plugin_stands_only_where_it_takes_part_and_only_once() {
    check(
        &plugins(
            "filter: {enabled: [{name: Image}, {name: Extra}, {name: Extra}]}, multiPoint: {enabled: [{name: Heavy}, \
             {name: Fit}, {name: Fit}, {name: Extra}, {name: Extra}]}",
        ),
        Problems(&[
            "profiles[0].plugins.multiPoint.enabled[1]: plugin \"Fit\" is listed twice; remove one",
            "profiles[0].plugins.filter.enabled[0]: plugin \"Image\" does not take part in Filter; remove it here",
            "profiles[0].plugins.filter.enabled[2]: plugin \"Extra\" is listed twice; remove one",
            "profiles[0].plugins.multiPoint.enabled[4]: plugin \"Extra\" is listed twice; remove one",
        ]),
    );
}

#[test]
fn exactly_one_queue_sort_and_at_least_one_bind() {
    check(
        &plugins("queueSort: {enabled: [{name: OtherSort}]}, bind: {disabled: [{name: '*'}]}"),
        Problems(&[
            "profiles[0].plugins.queueSort: exactly one queueSort plugin is required, and 2 are enabled (Sort, OtherSort); \
             disable the others here",
            "profiles[0].plugins.bind: at least one bind plugin is required, and none is enabled; enable DefaultBinder",
        ]),
    );
    check(
        &plugins("queueSort: {disabled: [{name: Sort}]}"),
        Problems(&[
            "profiles[0].plugins.queueSort: exactly one queueSort plugin is required, and none is enabled; enable \
             PrioritySort",
        ]),
    );
    check(
        &plugins("queueSort: {disabled: [{name: Sort}], enabled: [{name: OtherSort}]}"),
        Stages(&["0 queueSort: OtherSort"]),
    );
}

#[test]
fn all_profiles_share_one_queue_sort_with_the_same_arguments() {
    check(
        "profiles:
- schedulerName: a
- schedulerName: b
  plugins: {queueSort: {disabled: [{name: '*'}], enabled: [{name: OtherSort}]}}
- schedulerName: c
  plugins: {multiPoint: {disabled: [{name: Sort}], enabled: [{name: OtherSort}]}}
- schedulerName: d
  pluginConfig: [{name: Sort, args: {by: age}}]
",
        Problems(&[
            "profiles[1].plugins.queueSort: must be the same in all profiles, because they share one queue; write the list \
             of profiles[0]",
            "profiles[2].plugins.queueSort: comes to \"OtherSort\", in profiles[0] to \"Sort\"; it must be the same in all \
             profiles, because they share one queue",
            "profiles[3].pluginConfig[0].args: the arguments of queueSort plugin \"Sort\" must be the same in all profiles, \
             because they share one queue; compare profiles[0], which gives none",
        ]),
    );
    check(
        "profiles: [{schedulerName: a, pluginConfig: [{name: Sort, args: {by: age}}]}, {schedulerName: b, pluginConfig: \
         [{name: Sort, args: {by: age}}]}]",
        Stages(&["0 queueSort: Sort", "1 queueSort: Sort"]),
    );
}

#[test]
fn arguments_are_checked_by_the_plugin_even_when_it_is_not_enabled_or_listed_twice() {
    check(
        "profiles:
- plugins: {multiPoint: {disabled: [{name: Fit}]}}
  pluginConfig:
  - {name: Sort}
  - {name: Fit, args: {ratio: 101}}
  - {name: Fit, args: {ration: 1}}
",
        Problems(&[
            "profiles[0].pluginConfig[2].name: repeated config for plugin Fit; pluginConfig[1] has it already",
            "profiles[0].pluginConfig[1].args.ratio: must be a whole number from 0 to 100, not 101",
            "profiles[0].pluginConfig[2].args.ration: unknown field; did you mean ratio?",
        ]),
    );
}

#[test]
fn fields_of_a_newer_minor_are_refused_in_an_older_one() {
    let post_filter = plugins("podGroupPostFilter: {enabled: [{name: DefaultPreemption}]}");
    check_by(Minor::V1_37, &post_filter, Stages(&[]));
    check_by(
        Minor::V1_36,
        &post_filter,
        Problems(&[
            "profiles[0].plugins.podGroupPostFilter: is a field of Kubernetes 1.37 and later, and decisions are made \
             as Kubernetes 1.36 makes them; remove it",
        ]),
    );
    check_by(
        Minor::V1_37,
        &plugins("podGroupPostFilter: {enabled: [{name: Fit}]}"),
        Problems(&[
            "profiles[0].plugins.podGroupPostFilter.enabled[0].name: plugin \"Fit\" does not take part in it; only \
             DefaultPreemption does",
        ]),
    );
    let feasible = plugins("placementFeasible: {enabled: []}");
    check_by(Minor::V1_38, &feasible, Stages(&[]));
    check_by(
        Minor::V1_37,
        &feasible,
        Problems(&[
            "profiles[0].plugins.placementFeasible: is a field of Kubernetes 1.38 and later, and decisions are made \
             as Kubernetes 1.37 makes them; remove it",
        ]),
    );
    let placements = "percentageOfPlacementsToScore: 100";
    check_by(
        Minor::V1_38,
        placements,
        Problems(&[
            "percentageOfPlacementsToScore: needs the feature gate TopologyAwareWorkloadScheduling, which is off; \
             remove it",
        ]),
    );
    check_by(
        Minor::V1_37,
        placements,
        Problems(&[
            "percentageOfPlacementsToScore: is a field of Kubernetes 1.38 and later, and decisions are made as \
             Kubernetes 1.37 makes them; remove it",
        ]),
    );
}

#[test]
fn plugins_whose_gate_is_off_may_stand_where_they_take_part_and_do_nothing() {
    check(
        &plugins("placementScore: {enabled: []}, placementGenerate: {disabled: [{name: '*'}]}"),
        Stages(&[]),
    );
    let generate = "placementGenerate: {enabled: [{name: TopologyPlacementGenerator}]}";
    let gang = "multiPoint: {enabled: [{name: GangScheduling}]}, permit: {enabled: [{name: GangScheduling}]}";
    for text in [generate, gang] {
        check_by(Minor::V1_36, &plugins(text), Stages(&[]));
        check_by(Minor::V1_37, &plugins(text), Stages(&[]));
    }
    let warnings: Vec<String> =
        loaded(&plugins(gang)).unwrap().warnings.iter().map(ToString::to_string).collect();
    let why = "plugin \"GangScheduling\" does nothing: groups are decided as a whole without it";
    let lists =
        ["multiPoint", "permit"].map(|list| format!("profiles[0].plugins.{list}.enabled[0].name: {why}"));
    assert_eq!(warnings, lists);
    check_by(
        Minor::V1_38,
        &plugins("permit: {enabled: [{name: GangScheduling}]}"),
        Problems(&[
            "profiles[0].plugins.permit.enabled[0]: plugin \"GangScheduling\" does not take part in Permit; \
             remove it here",
        ]),
    );
    check_by(
        Minor::V1_37,
        &plugins("placementScore: {enabled: [{name: TopologyPlacementGenerator}]}"),
        Problems(&[
            "profiles[0].plugins.placementScore.enabled[0].name: plugin \"TopologyPlacementGenerator\" does not take \
             part in it; only PodGroupPodsCount does",
        ]),
    );
    let deferred = plugins("filter: {enabled: [{name: DeferredPodScheduling}]}");
    check_by(Minor::V1_37, &deferred, Stages(&[]));
    check_by(
        Minor::V1_36,
        &deferred,
        Problems(&[
            "profiles[0].plugins.filter.enabled[0].name: plugin \"DeferredPodScheduling\" is one of Kubernetes 1.37 and \
             later, and decisions are made as Kubernetes 1.36 makes them; leave it out",
        ]),
    );
}

#[test]
fn the_highest_total_score_must_be_a_number() {
    let most = i64::MAX / 100;
    let loaded = |heavy: i64| {
        let text = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration";
        load("p", text, &registry(), &[("Sort", 0), ("Binder", 0), ("Image", 1), ("Heavy", heavy)])
    };
    assert!(loaded(most - 1).is_ok());
    let error = loaded(most).unwrap_err();
    assert_eq!(
        error.to_string(),
        "p: profiles[0].plugins.score: the total score could overflow; lower the weights"
    );
}

#[test]
fn a_disabled_name_that_no_plugin_has_is_a_warning() {
    let resolved =
        loaded(&plugins("score: {disabled: [{name: Imag}, {name: EBSLimits}, {name: Extra}]}")).unwrap();
    let warnings: Vec<String> = resolved.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "profiles[0].plugins.score.disabled[0].name: disables nothing: unknown plugin \"Imag\"; did you mean \
             \"Image\"?"
        ]
    );
}

#[test]
fn a_default_plugin_that_the_registry_lacks_is_a_problem() {
    let error =
        crate::default_profile(&registry(), &[("Sort", 0), ("Nowhere", 0), ("Binder", 0)]).unwrap_err();
    assert!(
        error.to_string().contains("profiles[0].plugins.multiPoint: a default plugin cannot be made"),
        "{error}"
    );
}

#[test]
fn a_plugin_may_be_named_where_it_has_nothing_to_do_if_it_says_so() {
    let text = |stage: &str| {
        format!(
            "profiles:\n- plugins:\n    queueSort: {{enabled: [{{name: OtherSort}}], disabled: [{{name: '*'}}]}}\n    \
             {stage}: {{enabled: [{{name: OtherSort}}]}}\n"
        )
    };
    check(&text("permit"), Stages(&["0 queueSort: OtherSort", "0 permit:"]));
    check(
        &text("reserve"),
        Problems(&[
            "profiles[0].plugins.reserve.enabled[0]: plugin \"OtherSort\" does not take part in Reserve; remove it here",
        ]),
    );
}

#[test]
fn fields_of_longshore_stand_at_the_top() {
    let loaded = super::loaded("catalogue: file://x\nverification: {keys: ['file://a.pub']}\n").unwrap();
    assert_eq!(loaded.configuration.catalogue.as_deref(), Some("file://x"));
    assert_eq!(loaded.configuration.verification.unwrap().keys, ["file://a.pub"]);
    check(
        "profiles: [{catalogue: file://x, verification: {}}]\n",
        Problems(&[
            "profiles[0].catalogue: stands at the top of the file, beside profiles: it counts for all of them",
            "profiles[0].verification: stands at the top of the file, beside profiles: it counts for all of them",
        ]),
    );
}
