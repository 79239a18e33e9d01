use std::io::{BufRead, BufReader};
use std::path::Path;

use longshore_framework::Str;
use longshore_framework::device::{Attribute, Capacity, Device};
use serde_json::Value as Json;

use super::*;

fn text(value: &Json) -> Str {
    value.as_str().unwrap().into()
}

fn attribute(value: &Json) -> Attribute {
    let (kind, value) = value.as_object().unwrap().iter().next().unwrap();
    match &**kind {
        "int" => Attribute::Int(value.as_i64().unwrap()),
        "bool" => Attribute::Bool(value.as_bool().unwrap()),
        "string" => Attribute::String(text(value)),
        "version" => Attribute::Version(text(value)),
        other => panic!("{other}"),
    }
}

fn facts(case: &Json) -> Facts {
    let device = &case["device"];
    let members = |name: &str| device[name].as_object().into_iter().flatten();
    let amount = |value: &Json| value["value"].as_str().unwrap().parse().unwrap();
    let capacity = |value| Capacity { value: amount(value), policy: None };
    let device = Device {
        attributes: members("attributes").map(|(name, value)| ((&**name).into(), attribute(value))).collect(),
        capacity: members("capacity").map(|(name, value)| ((&**name).into(), capacity(value))).collect(),
        shared: device["allowMultipleAllocations"] == true,
        ..Device::default()
    };
    Facts::of(&text(&case["driver"]), &device)
}

/// What a case says, in one line.
fn recorded(case: &Json) -> String {
    if let Some(result) = case["result"].as_bool() {
        return result.to_string();
    }
    match case["error"].as_str() {
        Some(error) => format!("error: {error}"),
        None => "refused".into(),
    }
}

fn ours(case: &Json) -> (String, u64) {
    match Selector::compile(case["expression"].as_str().unwrap()) {
        Err(_) => ("refused".into(), 0),
        Ok(selector) => match selector.evaluate(&facts(case), COST_LIMIT) {
            (Ok(result), cost) => (result.to_string(), cost),
            (Err(error), cost) => (format!("error: {error}"), cost),
        },
    }
}

#[test]
fn recorded_expressions_have_the_result_and_the_cost_that_kube_scheduler_has() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/data-dra/cel.jsonl.gz");
    let file = std::fs::File::open(path).unwrap();
    let lines = BufReader::new(flate2::read::GzDecoder::new(file)).lines();
    let (mut cases, mut wrong) = (0, Vec::new());
    for line in lines {
        let case: Json = serde_json::from_str(&line.unwrap()).unwrap();
        let (want, (have, cost)) = (recorded(&case), ours(&case));
        cases += 1;
        // Maps have an order here and none there, so what is found in them is found sooner or later.
        let by_chance = matches!(case["name"].as_str(), Some("cel-hand-115" | "cel-hand-117"));
        let (want, have) = match case["cost"].as_u64().filter(|_| !by_chance) {
            Some(units) => (format!("{want} for {units}"), format!("{have} for {cost}")),
            None => (want, have),
        };
        if want != have {
            wrong.push(format!("{} {}\n  want {want}\n  have {have}", case["name"], case["expression"]));
        }
    }
    assert!(wrong.is_empty(), "{} of {cases} differ\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(cases, 600);
}

#[track_caller]
fn check(expression: &str, want: Result<bool, EvalError>) {
    let facts = Facts::of(&"gpu.example.com".into(), &Device::default());
    assert_eq!(Selector::compile(expression).unwrap().matches(&facts), want, "{expression}");
}

#[test]
fn what_costs_too_much_ends() {
    let loops = |depth: usize| {
        let open: String = (0..depth).map(|at| format!("lists.range(100).all(x{at}, ")).collect();
        format!("{open}true{}", ")".repeat(depth))
    };
    check(&loops(2), Ok(true));
    check(&loops(4), Err(EvalError::CostLimit));
    check("lists.range(1000000000000).size() == 0", Err(EvalError::CostLimit));
    check("lists.range(200000).map(x, x).map(x, x).map(x, x).size() == 0", Err(EvalError::CostLimit));
}

/// Steps that are cheap to count can make something huge: a list of lists, or a text in place of each character.
#[test]
fn what_would_be_too_large_is_not_made() {
    let doubled = |depth: usize, what: &str, step: &str, end: &str| {
        let open: String = (1..=depth)
            .map(|at| {
                let before = format!("x{}", at - 1);
                format!("cel.bind(x{at}, {}, ", step.replace("it", &before))
            })
            .collect();
        format!(
            "cel.bind(x0, {what}, {open}{}{})",
            end.replace("it", &format!("x{depth}")),
            ")".repeat(depth)
        )
    };
    check(&doubled(40, "[device.driver]", "[it, it]", "it == it"), Err(EvalError::CostLimit));
    check(&doubled(40, "[device.driver]", "it + it", "it.size() > 0"), Err(EvalError::CostLimit));
    check(&doubled(40, "device.driver", "it + it", "it.size() > 0"), Err(EvalError::CostLimit));
    check(
        &doubled(9, "device.driver", "it.replace('', 'aaaaaaaaaa')", "it.size() > 0"),
        Err(EvalError::CostLimit),
    );
    check(&doubled(3, "[device.driver]", "[it, it]", "it == it"), Ok(true));
}

/// An error in a loop counts only if nothing behind it decides.
#[test]
fn a_loop_goes_on_behind_an_error() {
    let failed = || Err(EvalError::failed("division by zero"));
    check("[0, 1].exists(x, 1 / x == 1)", Ok(true));
    check("[0, 2].exists(x, 1 / x == 1)", failed());
    check("[0, 2].all(x, 1 / x == 1)", Ok(false));
    check("[0, 1].all(x, 1 / x == 1)", failed());
    check("[0, 1].exists(i, x, 1 / x == 1)", Ok(true));
}

#[test]
fn macros_with_two_variables_and_of_optional_values() {
    let all = |expressions: &[&str]| expressions.iter().for_each(|expression| check(expression, Ok(true)));
    all(&[
        "[3, 4].all(i, v, v == i + 3)",
        "[3, 4].existsOne(i, v, v == 3)",
        "{'a': 1, 'b': 2}.exists(k, v, k == 'b' && v == 2)",
        "[1, 2, 3].transformList(i, v, i > 0, v * 2) == [4, 6]",
        "{'a': 1}.transformMap(k, v, v + 1) == {'a': 2}",
        "['a'].transformMapEntry(i, v, {v: i}) == {'a': 0}",
        "[3, 1, 2].sortBy(x, -x) == [3, 2, 1]",
        "optional.of(1).optMap(x, x + 1) == optional.of(2)",
        "optional.of(1).optFlatMap(x, optional.none()).or(optional.of(3)).value() == 3",
        "!optional.none().optMap(x, x == 1).hasValue()",
        "[?optional.none(), 1] == [1]",
        "{?'a': optional.of(1)}.a == 1",
    ]);
}

#[test]
fn hostile_text_is_refused() {
    let deep = |open: &str, close: &str, n: usize| format!("{}true{}", open.repeat(n), close.repeat(n));
    let expressions = [
        deep("(", ")", 5_000),
        deep("[", "]", 5_000),
        deep("[true].all(x, ", ")", 300),
        format!("{}1 == 1", "1 + ".repeat(20_000)),
        format!("true{}", " ? true : false".repeat(5_000)),
        format!("device{} == 1", ".a".repeat(20_000)),
        format!("device{} == 1", "['a']".repeat(20_000)),
        "\u{0}".into(),
        "\"".repeat(9_999),
        "'\\".into(),
        "`".into(),
        "device.`a".into(),
        String::new(),
        "x".repeat(200_000),
    ];
    for expression in expressions {
        let short: String = expression.chars().take(40).collect();
        assert!(Selector::compile(&expression).is_err(), "{short}");
    }
    check(&format!("{}true", "false || ".repeat(2_000)), Ok(true));
    check(&deep("!", "", 20_000), Ok(true));
    check(&format!("{}1 == 1", "-".repeat(20_000)), Ok(true));
}
