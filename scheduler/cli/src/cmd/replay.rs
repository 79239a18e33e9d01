//! `longshore replay`: what was recorded, decided again.

use longshore_engine::{Attempt, Engine};
use longshore_framework::Timestamp;
use longshore_framework::profile::Profile;
use longshore_recording::{Replay, ReplayError, Settings, Stretch, Summary, Tried, Turn, Witness};
use serde_json::{Value, json};

use crate::args::replay::ReplayArgs;
use crate::console::{Console, printable};
use crate::exit::{Exit, UsageError};
use crate::recorded::{Engines, open, shown};
use crate::render::data;
use longshore_simulation::report::API_VERSION;

/// Attempts at one pod that are shown, at the most: the last ones.
const SHOWN: usize = 1000;

/// Runs every stretch and says how it went.
pub(crate) fn run(args: &ReplayArgs, console: &mut Console<'_>) -> anyhow::Result<Exit> {
    if args.pod.as_ref().is_some_and(|pod| !pod.contains('/')) {
        return Err(UsageError("--pod takes NAMESPACE/NAME".to_string()).into());
    }
    let recording = open(&args.folder, console)?;
    let mut whole = recording.unreadable.iter().all(longshore_recording::ReadError::is_cut);
    let mut documents = Vec::new();
    for stretch in &recording.stretches {
        if args.until.is_some_and(|until| stretch.from() > until) {
            break;
        }
        let mut player = Player {
            engines: Engines::new(args.config.as_deref(), &args.plugins),
            pod: args.pod.clone(),
            attempts: Vec::new(),
        };
        let result = Replay::run(stretch, args.until, &mut player);
        whole &= matches!(&result, Ok(summary) if summary.differences == 0);
        match args.output {
            Some(_) => documents.push(document(stretch, &result, &player)),
            None => tell(stretch, &result, &player, console)?,
        }
    }
    if let Some(format) = args.output {
        let document = json!({"apiVersion": API_VERSION, "kind": "Replay", "stretches": documents});
        data::write(console.out, format, &document)?;
    }
    Ok(if whole { Exit::Done } else { Exit::Failure })
}

/// Gives the replay its engines, and keeps the attempts at a pod.
struct Player {
    engines: Engines,
    pod: Option<String>,
    attempts: Vec<(Timestamp, u32, String)>,
}

impl Witness for Player {
    fn engine(&mut self, settings: &Settings) -> Result<Engine, String> {
        self.engines.engine(settings)
    }

    fn profiles(&mut self, settings: &Settings) -> Result<Vec<Profile>, String> {
        self.engines.profiles(settings)
    }

    fn before(&mut self, _: &mut Engine, turn: &Turn) {
        self.engines.tell(turn.at);
    }

    fn tried(&mut self, at: Timestamp, attempt: &Attempt) {
        if self.pod.as_ref().is_some_and(|pod| *pod == attempt.pod.key()) {
            if self.attempts.len() >= SHOWN {
                self.attempts.remove(0);
            }
            self.attempts.push((at, attempt.number, Tried::of(attempt).ended.shown()));
        }
    }
}

/// With what a stretch begins.
fn begins(stretch: &Stretch) -> &'static str {
    match (stretch.first().is_some_and(|first| first.header.settings.decides), stretch.is_from_start()) {
        (false, _) => "of a cluster that another scheduler serves",
        (true, true) => "from the start of a scheduler",
        (true, false) => "from a checkpoint, following the recorded choices among equals",
    }
}

fn tell(
    stretch: &Stretch,
    result: &Result<Summary, ReplayError>,
    player: &Player,
    console: &mut Console<'_>,
) -> anyhow::Result<()> {
    writeln!(console.out, "{}, {}:", shown(stretch.from()), begins(stretch))?;
    for (at, number, ended) in &player.attempts {
        writeln!(console.out, "  {} attempt {number}: {}", shown(*at), printable(ended))?;
    }
    let summary = match result {
        Ok(summary) => summary,
        Err(error) => {
            console.error(&error.to_string());
            return Ok(());
        }
    };
    let Summary { turns, attempts, placed, differences, until, .. } = summary;
    let told =
        if *differences == 0 { "no difference".to_string() } else { format!("{differences} difference(s)") };
    writeln!(
        console.out,
        "  until {}: {turns} turns, {attempts} attempts, {placed} placed: {told}",
        shown(*until)
    )?;
    if let Some(cut) = &summary.cut {
        writeln!(console.out, "  The scheduler was killed: {}", printable(&cut.to_string()))?;
    }
    if let Some(first) = &summary.first {
        writeln!(console.out, "  The first difference is in turn {}, at {}:", first.turn, shown(first.at))?;
        for (name, text) in [
            ("turn", &first.call),
            ("pod", &first.pod),
            ("recorded", &first.recorded),
            ("came out", &first.came_out),
        ] {
            writeln!(console.out, "    {name:9} {}", printable(text))?;
        }
    }
    Ok(())
}

fn document(stretch: &Stretch, result: &Result<Summary, ReplayError>, player: &Player) -> Value {
    let attempts: Vec<Value> = player
        .attempts
        .iter()
        .map(|(at, number, ended)| json!({"time": shown(*at), "number": number, "result": ended}))
        .collect();
    let mut document = json!({"from": shown(stretch.from()), "exact": stretch.is_from_start()});
    if player.pod.is_some() {
        document["podAttempts"] = attempts.into();
    }
    match result {
        Err(error) => document["error"] = error.to_string().into(),
        Ok(summary) => {
            document["until"] = shown(summary.until).into();
            document["turns"] = summary.turns.into();
            document["attempts"] = summary.attempts.into();
            document["placed"] = summary.placed.into();
            document["differences"] = summary.differences.into();
            if let Some(cut) = &summary.cut {
                document["cut"] = cut.to_string().into();
            }
            if let Some(first) = &summary.first {
                document["firstDifference"] = json!({
                    "turn": first.turn, "time": shown(first.at), "pod": first.pod, "call": first.call,
                    "recorded": first.recorded, "cameOut": first.came_out,
                });
            }
        }
    }
    document
}
