//! Label selectors as kubectl takes them.

use longshore_framework::Str;
use longshore_framework::labels::{LabelSelector, Operator, Requirement};

/// Reads a label selector: `a=b`, `a==b`, `a!=b`, `a`, `!a`, `a in (b,c)`, `a notin (b,c)`, with commas between.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn parse(text: &str) -> Result<LabelSelector, String> {
    let requirements = parts(text)?.into_iter().map(requirement).collect::<Result<_, _>>()?;
    Ok(LabelSelector { requirements })
}

/// The parts between commas that do not stand in parentheses.
fn parts(text: &str) -> Result<Vec<&str>, String> {
    let (mut parts, mut begin, mut inside) = (Vec::new(), 0, false);
    for (at, letter) in text.char_indices() {
        match letter {
            '(' if !inside => inside = true,
            ')' if inside => inside = false,
            '(' | ')' => return Err(format!("{letter:?} is out of place")),
            ',' if !inside => {
                parts.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    if inside {
        return Err("a closing parenthesis is missing".to_string());
    }
    parts.push(&text[begin..]);
    Ok(parts)
}

fn requirement(part: &str) -> Result<Requirement, String> {
    let part = part.trim();
    let bad = || {
        format!(
            "{part:?} is no requirement; write it as app=web, app!=web, app, !app, app in (a,b) or app notin (a,b)"
        )
    };
    let (key, operator, values) = if let Some(list) = part.strip_suffix(')') {
        let (head, list) = list.split_once('(').ok_or_else(bad)?;
        let (key, word) = head.trim().rsplit_once(char::is_whitespace).ok_or_else(bad)?;
        let operator = match word {
            "in" => Operator::In,
            "notin" => Operator::NotIn,
            _ => return Err(bad()),
        };
        (key, operator, list.split(',').map(|value| value.trim().into()).collect::<Vec<Str>>())
    } else if let Some((key, value)) = part.split_once("!=") {
        (key, Operator::NotIn, vec![value.trim().into()])
    } else if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        (key, Operator::In, vec![value.trim().into()])
    } else if let Some(key) = part.strip_prefix('!') {
        (key, Operator::DoesNotExist, Vec::new())
    } else {
        (part, Operator::Exists, Vec::new())
    };
    let key = key.trim();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    let values_are = values.iter().all(|value| value.chars().all(is_name));
    if key.is_empty() || !key.chars().all(is_name) || !values_are {
        return Err(bad());
    }
    Ok(Requirement { key: key.into(), operator, values })
}

#[cfg(test)]
mod tests {
    use longshore_framework::fixture::pod;

    use super::*;

    /// Whether a selector shows a pod with the labels `app=web` and `tier=`.
    #[track_caller]
    fn check(selector: &str, want: Option<bool>) {
        let pod = pod("p").label("app", "web").label("tier", "").build();
        assert_eq!(parse(selector).ok().map(|s| s.matches(&pod.meta.labels)), want, "{selector}");
    }

    #[test]
    fn selectors_are_kubectls() {
        check("app=web", Some(true));
        check("app==web,tier=", Some(true));
        check("app!=web", Some(false));
        check("other!=web", Some(true));
        check("app in (api, web)", Some(true));
        check("app notin (api,web),tier", Some(false));
        check("app,tier,!other", Some(true));
        check("!app", Some(false));
        check("example.com/a=b", Some(false));
        for wrong in
            ["", "app=web,", "app in web", "app in (web", "app is (web)", "a b", "app=(x)", "=x", ")"]
        {
            check(wrong, None);
        }
    }
}
