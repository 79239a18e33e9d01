//! Where two sets of answers differ.

use longshore_framework::pod::Pod;
use std::sync::Arc;

use crate::rehearsal::Turn;
use crate::rehearsal::turn::Judged;

/// The first difference between two answers about each pod, each with the word that says how it was asked.
pub(super) fn compare(
    pods: &[Arc<Pod>],
    (one, first): (&str, &[Turn]),
    (other, second): (&str, &[Turn]),
) -> Result<(), String> {
    let pairs = pods.iter().zip(first.iter().zip(second));
    for (pod, (a, b)) in pairs {
        if let Some((what, a, b)) = difference(a, b) {
            return Err(format!("pod {}, {what}:\n  {one}: {a}\n  {other}: {b}", pod.key()));
        }
    }
    Ok(())
}

/// What differs, and how it is on either side.
fn difference(a: &Turn, b: &Turn) -> Option<(String, String, String)> {
    let length = a.stages.len().max(b.stages.len());
    for at in 0..length {
        let (a, b) = (a.stages.get(at), b.stages.get(at));
        if a != b {
            let said = |x: Option<&crate::rehearsal::turn::Answer>| {
                x.map_or("not asked".to_string(), |x| format!("{}: {:?}", x.stage.name(), x.kind))
            };
            let stage = a.or(b).map_or("", |x| x.stage.name());
            return Some((stage.to_string(), said(a), said(b)));
        }
    }
    let unequal = a.nodes.iter().zip(&b.nodes).find(|(a, b)| a != b);
    if let Some((a, b)) = unequal {
        return Some((format!("node {}", a.node), shown(&a.judged), shown(&b.judged)));
    }
    (a.nodes.len() != b.nodes.len())
        .then(|| ("nodes".to_string(), a.nodes.len().to_string(), b.nodes.len().to_string()))
}

fn shown(judged: &Judged) -> String {
    match judged {
        Judged::Fits { raw: Some(raw), score: Some(score) } => format!("fits, raw {raw}, score {score}"),
        Judged::Fits { .. } => "fits".to_string(),
        Judged::Rejected(no) => format!("rejected, {} ({})", no.message(), no.code.as_str()),
        Judged::LeftOut => "left out".to_string(),
    }
}
