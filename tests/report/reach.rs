//! With the keyboard, with a screen reader, on paper, and in the dark.

use serde_json::json;

use crate::browser::Browser;
use crate::cases::{EXAMPLE, SIZES, both};

fn pages() -> Vec<String> {
    let compare = [&EXAMPLE[..], &["--compare", "profiles/binpack.yaml"]].concat();
    let explain = ["explain", "shop/recommender", "-f", "examples/cluster", "-f", "examples/workload"];
    [&EXAMPLE[..], &compare, &explain].map(|args| both(args, &[], "").1).to_vec()
}

#[test]
fn everything_has_a_name_and_a_place() {
    let Some(mut browser) = Browser::start() else { return };
    for page in pages() {
        browser.open(&page, SIZES[0]);
        let nameless = "[...document.querySelectorAll('input, select, button, a, canvas, [role=region], [role=group], [role=img]')]
            .filter((element) => !element.hidden && !element.closest('[hidden]'))
            .filter((element) => !(element.getAttribute('aria-label') || element.getAttribute('aria-labelledby')
                || element.closest('label') || element.textContent.trim()))
            .map((element) => element.outerHTML)";
        assert_eq!(browser.evaluate(nameless), json!([]));
        let tables = "[...document.querySelectorAll('table')].filter((table) => !table.caption || !table.caption.textContent.trim()
            || [...table.tHead.rows[0].cells].some((cell) => cell.tagName !== 'TH' || cell.scope !== 'col')).length";
        assert_eq!(browser.evaluate(tables), 0);
        let headings =
            "[...document.querySelectorAll('h1, h2, h3, h4')].map((heading) => Number(heading.tagName[1]))";
        let levels: Vec<u64> = browser
            .evaluate(headings)
            .as_array()
            .unwrap()
            .iter()
            .map(|level| level.as_u64().unwrap())
            .collect();
        assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1);
        assert!(
            levels.windows(2).all(|pair| pair[1] <= pair[0] + 1),
            "a level of headings is left out: {levels:?}"
        );
        assert_eq!(browser.text("document.documentElement.lang"), "en");
    }
}

#[test]
fn tab_reaches_all_controls_and_shows_where_it_is() {
    let Some(mut browser) = Browser::start() else { return };
    browser.open(&both(&EXAMPLE, &[], "").1, SIZES[0]);
    let mut seen = Vec::new();
    for _ in 0..60 {
        browser.press("Tab");
        let at = browser.text(
            "(() => {
                const at = document.activeElement;
                const line = getComputedStyle(at).outlineStyle;
                return at.tagName.toLowerCase() + (at.className ? '.' + at.className : '') + (at.type ? ':' + at.type : '') + ' ' + line;
            })()",
        );
        seen.push(at);
    }
    for wanted in ["a.skip", "select:", "input:range", "div.heat", "div.viewport", "input:search"] {
        let found = seen
            .iter()
            .find(|at| at.starts_with(wanted))
            .unwrap_or_else(|| panic!("no {wanted} in {seen:?}"));
        assert!(!found.ends_with(" none"), "{found}");
    }
}

#[test]
fn long_lists_have_one_stop_and_are_gone_through_with_arrows() {
    let Some(mut browser) = Browser::start() else { return };
    browser.open(&both(&EXAMPLE, &[], "").1, SIZES[0]);
    browser.evaluate("document.querySelector('#pods .viewport').focus()");
    for _ in 0..3 {
        browser.press("ArrowDown");
    }
    let third = browser.text("document.querySelectorAll('#pods tbody button')[2].textContent");
    assert_eq!(browser.text("document.activeElement.textContent"), third);
    browser.press("End");
    let rows = browser.text("document.querySelector('#pods table').getAttribute('aria-rowcount')");
    assert_eq!(browser.text("document.activeElement.closest('tr').getAttribute('aria-rowindex')"), rows);
    browser.press("Home");
    browser.evaluate("document.activeElement.click()");
    assert_eq!(browser.evaluate("document.querySelector('#pods .card').hidden"), false);
    browser.evaluate("document.querySelector('#pods .viewport').focus()");
    browser.press("Tab");
    assert_eq!(browser.evaluate("document.activeElement.closest('#pods .viewport') === null"), true);
}

/// How light a colour is, as WCAG has it.
const CONTRAST: &str = "
    const parts = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map(Number);
    const light = (colour) => {
        const [r, g, b] = parts(colour).map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const paper = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const colour = getComputedStyle(at).backgroundColor;
            if (!colour.endsWith(', 0)')) return colour;
        }
        return 'rgb(255, 255, 255)';
    };
    const contrast = (element) => {
        const [a, b] = [light(getComputedStyle(element).color), light(paper(element))].sort((x, y) => y - x);
        return (a + 0.05) / (b + 0.05);
    };";

#[test]
fn text_can_be_read_in_light_and_dark() {
    let Some(mut browser) = Browser::start() else { return };
    for page in pages() {
        for scheme in ["light", "dark"] {
            let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
            browser.call("Emulation.setEmulatedMedia", features);
            browser.open(&page, SIZES[0]);
            let weak = format!(
                "(() => {{ {CONTRAST}
                    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
                    const weak = new Set();
                    while (walker.nextNode()) {{
                        const element = walker.currentNode.parentElement;
                        if (!walker.currentNode.data.trim() || ['SCRIPT', 'NOSCRIPT', 'OPTION'].includes(element.tagName)) continue;
                        if (contrast(element) < 4.5) weak.add(element.className + ' ' + contrast(element).toFixed(2));
                    }}
                    return [...weak];
                }})()"
            );
            assert_eq!(browser.evaluate(&weak), json!([]), "{scheme}");
        }
    }
    // The switch counts for more than the system.
    let dark = "getComputedStyle(document.body).backgroundColor";
    let before = browser.text(dark);
    browser.evaluate("(() => { const s = document.getElementById('theme'); s.value = 'light'; s.dispatchEvent(new Event('change')); })()");
    assert_ne!(browser.text(dark), before);
    browser.is_quiet();
}

#[test]
fn it_prints() {
    let Some(mut browser) = Browser::start() else { return };
    for page in pages() {
        browser.open(&page, SIZES[0]);
        let printed = browser.call("Page.printToPDF", json!({"printBackground": false}));
        let encoded = printed["data"].as_str().unwrap();
        assert!(encoded.starts_with("JVBERi"), "it is no PDF");
        assert!(encoded.len() > 20_000, "{} characters", encoded.len());
        browser.is_quiet();
    }
    browser.call("Emulation.setEmulatedMedia", json!({"media": "print"}));
    assert_eq!(browser.text("getComputedStyle(document.querySelector('.top')).display"), "none");
}
