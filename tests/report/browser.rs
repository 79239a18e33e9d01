//! A headless Chromium behind two pipes: messages are JSON, each with a zero behind it.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(180);

/// A browser with one page in it.
pub(crate) struct Browser {
    child: Child,
    to: File,
    from: Receiver<Value>,
    session: String,
    number: u64,
    /// What the page did beside answering.
    events: VecDeque<Value>,
    folder: TempDir,
}

/// The program, where there is one that runs.
fn program() -> Option<String> {
    let named = std::env::var("CHROMIUM").ok();
    let names = match &named {
        Some(name) => vec![name.clone()],
        None => ["chromium", "chromium-browser", "google-chrome"].map(str::to_string).to_vec(),
    };
    let runs = |name: &&String| {
        Command::new(name.as_str()).arg("--version").output().is_ok_and(|output| output.status.success())
    };
    let found = names.iter().find(runs).cloned();
    assert!(named.is_none() || found.is_some(), "CHROMIUM={} does not run", named.unwrap_or_default());
    found
}

impl Browser {
    /// Starts it; `None`, with a word, where there is none.
    #[allow(clippy::print_stderr, reason = "a test that does not run has to say so")]
    pub(crate) fn start() -> Option<Self> {
        let Some(program) = program() else {
            eprintln!("SKIPPED: there is no Chromium; apt-get install chromium, or set CHROMIUM");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let (to, from) = (folder.path().join("to"), folder.path().join("from"));
        assert!(Command::new("mkfifo").args([&to, &from]).status().unwrap().success());
        // It reads from descriptor 3 and writes to descriptor 4.
        let child = Command::new("sh")
            .args(["-c", "to=$1 from=$2; shift 2; exec \"$@\" 3<\"$to\" 4>\"$from\"", "sh"])
            .args([&to, &from])
            .arg(program)
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
            .args(["--no-first-run", "--disable-extensions", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
            .arg("about:blank")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let to = OpenOptions::new().write(true).open(&to).unwrap();
        let from = messages(File::open(&from).unwrap());
        let (session, events) = (String::new(), VecDeque::new());
        let mut browser = Self { child, to, from, session, number: 0, events, folder };
        let target = browser.call("Target.createTarget", json!({"url": "about:blank"}));
        let attached =
            browser.call("Target.attachToTarget", json!({"targetId": target["targetId"], "flatten": true}));
        browser.session = attached["sessionId"].as_str().unwrap().to_string();
        for domain in ["Runtime", "Log", "Network", "Page"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        Some(browser)
    }

    /// Does a thing and returns what came of it.
    #[track_caller]
    pub(crate) fn call(&mut self, method: &str, params: Value) -> Value {
        self.number += 1;
        let mut message = json!({"id": self.number, "method": method, "params": params});
        if !self.session.is_empty() {
            message["sessionId"] = self.session.as_str().into();
        }
        self.to.write_all(format!("{message}\0").as_bytes()).unwrap();
        loop {
            let mut answer = self.next(method);
            if answer["id"] == self.number {
                assert!(answer.get("error").is_none(), "{method}: {}", answer["error"]);
                return answer["result"].take();
            }
            self.events.push_back(answer);
        }
    }

    #[track_caller]
    fn next(&self, during: &str) -> Value {
        self.from
            .recv_timeout(PATIENCE)
            .unwrap_or_else(|e| panic!("the browser does not answer {during}: {e}"))
    }

    /// Opens a page as a file, at this size of the window.
    #[track_caller]
    pub(crate) fn open(&mut self, html: &str, (width, height): (u32, u32)) {
        let file = self.folder.path().join("page.html");
        std::fs::write(&file, html).unwrap();
        self.resize((width, height));
        self.events.clear();
        self.call("Page.navigate", json!({"url": address(&file)}));
        let until = Instant::now() + PATIENCE;
        let ready = "document.readyState === 'complete' && document.documentElement.dataset.ready === 'yes'";
        while self.evaluate(ready) != true {
            self.is_quiet();
            assert!(Instant::now() < until, "the page is not ready");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Changes the size of the window.
    pub(crate) fn resize(&mut self, (width, height): (u32, u32)) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        self.call("Emulation.setDeviceMetricsOverride", size);
    }

    /// What an expression comes to in the page.
    #[track_caller]
    pub(crate) fn evaluate(&mut self, expression: &str) -> Value {
        let asked = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let mut answer = self.call("Runtime.evaluate", asked);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].take()
    }

    /// The same as text.
    #[track_caller]
    pub(crate) fn text(&mut self, expression: &str) -> String {
        let value = self.evaluate(expression);
        value.as_str().unwrap_or_else(|| panic!("{expression} is no text: {value}")).to_string()
    }

    /// Presses a key.
    pub(crate) fn press(&mut self, key: &str) {
        let codes =
            [("Tab", 9), ("End", 35), ("Home", 36), ("ArrowUp", 38), ("ArrowRight", 39), ("ArrowDown", 40)];
        let (_, code) = codes.iter().find(|(name, _)| *name == key).unwrap();
        for kind in ["rawKeyDown", "keyUp"] {
            let event = json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code});
            self.call("Input.dispatchKeyEvent", event);
        }
        self.settle();
    }

    /// Waits until what is to be drawn is drawn.
    pub(crate) fn settle(&mut self) {
        self.evaluate(
            "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))",
        );
    }

    /// Fails if the page said anything to the console, broke, or asked for anything but itself.
    #[track_caller]
    pub(crate) fn is_quiet(&mut self) {
        while let Ok(event) = self.from.try_recv() {
            self.events.push_back(event);
        }
        let page = address(&self.folder.path().join("page.html"));
        for event in &self.events {
            match event["method"].as_str().unwrap_or_default() {
                "Runtime.consoleAPICalled" | "Runtime.exceptionThrown" | "Log.entryAdded" => {
                    panic!("the page says: {event}");
                }
                "Network.requestWillBeSent" => {
                    let url = event["params"]["request"]["url"].as_str().unwrap_or_default();
                    assert!(url.starts_with(&page) || url.starts_with("data:"), "the page asks for {url}");
                }
                _ => {}
            }
        }
    }
}

fn address(file: &Path) -> String {
    format!("file://{}", file.display())
}

fn messages(from: File) -> Receiver<Value> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for message in BufReader::new(from).split(0).map_while(Result::ok) {
            let Ok(message) = serde_json::from_slice(&message) else { continue };
            if sender.send(message).is_err() {
                break;
            }
        }
    });
    receiver
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.to.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let until = Instant::now() + Duration::from_secs(5);
        while Instant::now() < until && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
