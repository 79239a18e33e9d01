//! The thread that writes.

mod files;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use longshore_framework::Timestamp;
use thiserror::Error;

use crate::checkpoint::Checkpoint;
use crate::limits::{BLOCK, Limits};
use crate::line::Lines;
use crate::segment::{Begins, Header};
use crate::settings::Settings;
use crate::status::{BATCH, Parcel, Status};
use crate::tape::{Link, Tape};
use crate::turn::{Turn, What};
use files::Files;

/// How often what was told is written out: so much is lost at the most when the process is killed.
const FLUSH: Duration = Duration::from_secs(1);

/// A recording cannot be begun.
#[derive(Debug, Error)]
#[error("{}: nothing can be recorded there: {why}", folder.display())]
pub struct StartError {
    folder: PathBuf,
    why: String,
}

/// A recording that goes on.
#[derive(Debug)]
pub struct Recorder {
    thread: JoinHandle<()>,
    status: Arc<Status>,
    reloaded: Arc<Mutex<Option<Box<Settings>>>>,
}

impl Recorder {
    /// Begins to record an engine that knows nothing yet, into a folder that is made if it is not there. `session` tells this
    /// process from others: when it began, and a number by chance. `on_stop` is told why nothing is recorded any more, should
    /// that happen.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn start(
        folder: &Path,
        limits: Limits,
        settings: Settings,
        session: (Timestamp, u32),
        on_stop: impl Fn(&str) + Send + 'static,
    ) -> Result<(Self, Tape), StartError> {
        let failed = |why: String| StartError { folder: folder.to_path_buf(), why };
        let most = (limits.waiting / BATCH).max(2);
        let status = Arc::new(Status::new(most));
        let (to, from) = sync_channel(most);
        let header = Header {
            session: (session.0.0, session.1),
            number: 0,
            at: session.0.0,
            begins: Begins::Empty,
            settings,
        };
        let mut writer = Writer {
            files: Files::open(folder, limits, Arc::clone(&status)).map_err(|e| failed(e.to_string()))?,
            header,
            lines: Lines::default(),
            written: Instant::now(),
            status: Arc::clone(&status),
        };
        writer.begin().map_err(failed)?;
        let thread = std::thread::Builder::new()
            .name("recording".to_string())
            .spawn(move || writer.run(&from, &on_stop))
            .map_err(|error| failed(error.to_string()))?;
        let reloaded = Arc::default();
        let tape = Tape::new(Link::new(to, Arc::clone(&status), Arc::clone(&reloaded)));
        Ok((Self { thread, status, reloaded }, tape))
    }

    /// How it goes.
    pub fn status(&self) -> Arc<Status> {
        Arc::clone(&self.status)
    }

    /// Where settings are put that are in force from now on; the [tape](Tape::visited) looks there.
    pub fn reloaded(&self) -> Arc<Mutex<Option<Box<Settings>>>> {
        Arc::clone(&self.reloaded)
    }

    /// Waits until everything is written; the tape is gone by then.
    pub fn finish(self) {
        // Its panic was reported where it happened.
        let _ = self.thread.join();
    }
}

struct Writer {
    files: Files,
    header: Header,
    lines: Lines,
    /// When everything was written out last.
    written: Instant,
    status: Arc<Status>,
}

impl Writer {
    fn run(mut self, from: &Receiver<Parcel>, on_stop: &dyn Fn(&str)) {
        if let Err(why) = self.follow(from) {
            self.files.give_up();
            self.status.stop(&why);
            on_stop(&why);
        }
    }

    /// Writes until there is nothing more to come.
    fn follow(&mut self, from: &Receiver<Parcel>) -> Result<(), String> {
        loop {
            let wait = FLUSH.saturating_sub(self.written.elapsed());
            match from.recv_timeout(wait) {
                Ok(parcel) => {
                    self.status.waiting.fetch_sub(1, Ordering::Relaxed);
                    self.take(parcel)?;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    self.block()?;
                    return self.said(Files::close);
                }
            }
            if self.written.elapsed() >= FLUSH {
                self.block()?;
                self.said(Files::sync)?;
                self.written = Instant::now();
            }
        }
    }

    fn take(&mut self, parcel: Parcel) -> Result<(), String> {
        match parcel {
            Parcel::Turns(turns) => turns.iter().try_for_each(|turn| self.turn(turn)),
            Parcel::Checkpoint { checkpoint, missing, at } => {
                self.block()?;
                self.said(Files::close)?;
                self.header.number += 1;
                self.header.at = at.0;
                self.header.begins = missing.map_or(Begins::Checkpoint, Begins::AfterHole);
                self.begin()?;
                self.restore(&checkpoint)
            }
        }
    }

    fn begin(&mut self) -> Result<(), String> {
        self.lines.start_over();
        self.status.wants_checkpoint.store(false, Ordering::Relaxed);
        let bytes = self.header.bytes()?;
        let header = &self.header;
        self.files.begin(header, &bytes).map_err(|error| self.files.explained(&error))
    }

    fn turn(&mut self, turn: &Turn) -> Result<(), String> {
        if let What::Reloaded(settings) = &turn.what {
            self.header.settings = Settings::clone(settings);
        }
        self.lines.turn(turn)?;
        self.files.saw(turn.at, matches!(turn.what, What::Tried(_)));
        self.status.turns.fetch_add(1, Ordering::Relaxed);
        self.block_if_large()
    }

    fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), String> {
        for input in &checkpoint.inputs {
            self.lines.restore(input)?;
            self.block_if_large()?;
        }
        for pod in &checkpoint.in_flight {
            self.lines.in_flight(pod)?;
            self.block_if_large()?;
        }
        self.lines.restored()
    }

    fn block_if_large(&mut self) -> Result<(), String> {
        if self.lines.len() >= BLOCK { self.block() } else { Ok(()) }
    }

    fn block(&mut self) -> Result<(), String> {
        if self.lines.len() == 0 {
            return Ok(());
        }
        let raw = self.lines.take();
        self.said(|files| files.append(&raw))?;
        if self.files.is_full() {
            self.status.wants_checkpoint.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    fn said(&mut self, act: impl FnOnce(&mut Files) -> io::Result<()>) -> Result<(), String> {
        act(&mut self.files).map_err(|error| self.files.explained(&error))
    }
}
