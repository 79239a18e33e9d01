//! Leaves no process behind, however the test program ends.
//!
//! A test harness runs no destructors of statics, and a killed one runs none at all. So a small shell outlives the test
//! program: it is told every process and folder, and when the pipe it reads from closes it stops what is left, youngest
//! first, since kube-apiserver ignores SIGTERM for a long time once its etcd is gone.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Lines in: `+ PID`, `- PID`, `d FOLDER`. A zombie counts as gone.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
pids= folders=
while read -r verb what; do
    case $verb in
    +) pids="$what $pids" ;;
    -) rest=; for pid in $pids; do [ "$pid" = "$what" ] || rest="$rest $pid"; done; pids=$rest ;;
    d) folders="$folders
$what" ;;
    esac
done
alive() {
    kill -0 "$1" 2>/dev/null || return 1
    case $(ps -o stat= -p "$1" 2>/dev/null) in Z*) return 1 ;; esac
}
for pid in $pids; do
    kill -TERM "$pid" 2>/dev/null
    tries=0
    while alive "$pid" && [ $tries -lt 100 ]; do tries=$((tries + 1)); sleep 0.1; done
    alive "$pid" && kill -KILL "$pid" 2>/dev/null
done
printf '%s\n' "$folders" | while read -r folder; do [ -n "$folder" ] && rm -rf "$folder"; done
"#;

struct Reaper {
    pipe: ChildStdin,
    _shell: Child,
}

static REAPER: OnceLock<Mutex<Reaper>> = OnceLock::new();

fn start() -> Mutex<Reaper> {
    let mut shell = Command::new("sh")
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Its own group: Ctrl-C in the terminal must not reach it.
        .process_group(0)
        .spawn()
        .unwrap();
    let pipe = shell.stdin.take().unwrap();
    Mutex::new(Reaper { pipe, _shell: shell })
}

fn tell(line: &str) {
    let mut reaper = REAPER.get_or_init(start).lock().unwrap_or_else(PoisonError::into_inner);
    writeln!(reaper.pipe, "{line}").unwrap();
}

/// `pid` is to be stopped when the test program ends.
pub(super) fn add(pid: u32) {
    tell(&format!("+ {pid}"));
}

/// `pid` has ended and been waited for; its number may be given to somebody else.
pub(super) fn forget(pid: u32) {
    tell(&format!("- {pid}"));
}

/// `folder` is to be removed when the test program ends.
pub(super) fn add_folder(folder: &Path) {
    tell(&format!("d {}", folder.display()));
}
