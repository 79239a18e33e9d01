//! The file around the data.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::PageError;
use crate::model::Page;

const FRAME: &str = include_str!("../assets/page.html");
const STYLE: &str = include_str!("../assets/page.css");

/// In the order in which they build on each other.
const SCRIPTS: &[&str] = &[
    include_str!("../assets/data.js"),
    include_str!("../assets/words.js"),
    include_str!("../assets/elements.js"),
    include_str!("../assets/table.js"),
    include_str!("../assets/overview.js"),
    include_str!("../assets/heat.js"),
    include_str!("../assets/nodes.js"),
    include_str!("../assets/unplaced.js"),
    include_str!("../assets/compare.js"),
    include_str!("../assets/capacity.js"),
    include_str!("../assets/pods.js"),
    include_str!("../assets/explanation.js"),
    include_str!("../assets/decisions.js"),
    include_str!("../assets/start.js"),
];

/// The page as one file.
pub(crate) fn html(page: &Page) -> Result<String, PageError> {
    let script = format!("\"use strict\";\n(() => {{\n{}}})();\n", SCRIPTS.concat());
    let data = inert(&serde_json::to_string(page)?);
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'",
        hash(&script),
        hash(STYLE)
    );
    let mut html = String::with_capacity(FRAME.len() + STYLE.len() + script.len() + data.len());
    let mut rest = FRAME;
    // In the order in which they stand in the frame, so that nothing is looked for in what was put in.
    for (mark, text) in
        [("{policy}", policy.as_str()), ("{style}", STYLE), ("{data}", &data), ("{script}", &script)]
    {
        if let Some((before, after)) = rest.split_once(mark) {
            html.push_str(before);
            html.push_str(text);
            rest = after;
        }
    }
    html.push_str(rest);
    Ok(html)
}

fn hash(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text.as_bytes()))
}

/// JSON without a character that ends a block of HTML or a line of a script. All of them stand in strings only.
fn inert(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for letter in json.chars() {
        match letter {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(letter)));
            }
            _ => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn data_cannot_leave_its_block() {
        let hostile = "</script><script>alert(1)</script><!--&amp;\u{2028}\u{2029}";
        let html =
            html(&Page::of_explanations(vec![json!({"kind": "Explanation", "pod": hostile})])).unwrap();
        assert!(!html.contains("alert(1)</script>") && !html.contains("<!--&"));
        let block = html.split("id=\"data\">").nth(1).unwrap();
        let data = block.split("</script>").next().unwrap();
        assert!(!data.contains(['<', '>', '&', '\u{2028}', '\u{2029}']));
        let read: Value = serde_json::from_str(data).unwrap();
        assert_eq!(read["explanations"][0]["pod"], hostile);
    }

    #[test]
    fn the_policy_has_the_hashes_of_what_is_there() {
        let html = html(&Page::of_explanations(Vec::new())).unwrap();
        let between =
            |from: &str, to: &str| html.split_once(from).unwrap().1.split_once(to).unwrap().0.to_string();
        let script = between("<script id=\"program\">", "</script>");
        assert!(html.contains(&format!("script-src 'sha256-{}'", hash(&script))));
        let style = between("<style>", "</style>");
        assert!(html.contains(&format!("style-src 'sha256-{}'", hash(&style))));
        assert!(!html.contains("{policy}") && !html.contains(" style=\"") && !html.contains(" onclick="));
        for part in SCRIPTS.iter().chain([&STYLE]) {
            assert!(!part.contains("</"), "it would end its block");
            for never in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "http"] {
                let allowed = part.matches("http://www.w3.org/2000/svg").count();
                let found = part.matches(never).count();
                assert!(found == if never == "http" { allowed } else { 0 }, "{never}");
            }
        }
    }
}
