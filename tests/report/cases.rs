//! Documents and their pages, from the command itself.

use std::io::Write;
use std::process::{Command, Stdio};

use longshore_tests::control_plane::binaries;
use serde_json::Value;

use crate::browser::Browser;

/// A desktop and a phone.
pub(crate) const SIZES: [(u32, u32); 2] = [(1280, 900), (390, 844)];

/// The cluster of the examples with its workloads.
pub(crate) const EXAMPLE: [&str; 5] = ["simulate", "-f", "examples/cluster", "-f", "examples/workload"];

/// What the command prints.
#[track_caller]
fn run(args: &[&str], input: &str) -> String {
    let mut child = Command::new(binaries::longshore())
        .args(args)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The document of a command, and its page.
#[track_caller]
pub(crate) fn both(args: &[&str], more: &[&str], input: &str) -> (Value, String) {
    let document = run(&[args, more, &["-o", "json"]].concat(), input);
    (serde_json::from_str(&document).unwrap(), run(&[args, &["-o", "html"]].concat(), input))
}

/// The rows of the table whose caption begins so: of each cell its number where it has one, else its text.
#[track_caller]
pub(crate) fn rows(browser: &mut Browser, caption: &str) -> Vec<Vec<Value>> {
    let read = "(caption) => {
        const found = [...document.querySelectorAll('table')].find((table) => table.caption.textContent.startsWith(caption));
        if (!found) return null;
        const rows = [...found.tBodies].flatMap((body) => [...body.rows]);
        const shown = rows.filter((row) => row.getAttribute('aria-hidden') !== 'true');
        return shown.map((row) => [...row.cells].map((cell) => {
            const number = cell.querySelector('data');
            return number ? Number(number.value) : cell.textContent;
        }));
    }";
    let rows = browser.evaluate(&format!("({read})({})", Value::from(caption)));
    let rows = rows.as_array().unwrap_or_else(|| panic!("no table {caption:?}"));
    rows.iter().map(|row| row.as_array().unwrap().clone()).collect()
}

/// The row that begins with this text.
#[track_caller]
pub(crate) fn row<'r>(rows: &'r [Vec<Value>], first: &str) -> &'r [Value] {
    rows.iter().find(|row| row[0] == first).unwrap_or_else(|| panic!("no row {first:?} in {rows:?}"))
}

/// The numbers of the tiles, by what stands below them.
pub(crate) fn tile(browser: &mut Browser, text: &str) -> Value {
    browser.evaluate(&format!(
        "Number([...document.querySelectorAll('.tile')].find((tile) => tile.querySelector('dt').textContent === {})
            .querySelector('data').value)",
        Value::from(text)
    ))
}

/// Chooses an option of a choice by its label.
pub(crate) fn choose(browser: &mut Browser, section: &str, label: &str, option: &str) {
    browser.evaluate(&format!(
        "(() => {{
            const label = [...document.querySelectorAll('#{section} label')].find((l) => l.firstChild.textContent === {});
            const select = label.querySelector('select');
            const option = [...select.options].find((o) => o.textContent === {});
            select.value = option.value;
            select.dispatchEvent(new Event('change'));
        }})()",
        Value::from(label),
        Value::from(option)
    ));
    browser.settle();
}

/// Whether anything is wider than the window.
pub(crate) fn fits_across(browser: &mut Browser) -> bool {
    browser.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth") == true
}
