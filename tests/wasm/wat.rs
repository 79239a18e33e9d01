//! Guests written in WebAssembly text: a core module with the canonical ABI's exports, made into a component.
//!
//! Memory: the manifest at 64, answers at 256, texts at 1024, what the host passes in from 4096 on.

/// A guest to be; every function can be replaced by another body.
#[derive(Clone, Debug)]
pub(crate) struct Wat {
    columns: Vec<(u8, String)>,
    single: bool,
    pure: bool,
    raw_pod: bool,
    /// The one event that it names: a resource and an action.
    event: Option<(&'static str, &'static str)>,
    imports: String,
    extra: String,
    functions: Vec<(&'static str, &'static str, String)>,
}

/// A `result` that is fine and holds nothing.
pub(crate) const OK: &str = "(i32.store8 (i32.const 256) (i32.const 0)) (i32.const 256)";

/// A guest that does nothing: it has a manifest and can be made ready.
pub(crate) fn guest() -> Wat {
    let realloc = r#"(param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
        (local $at i32)
        (local.set $at (i32.and
            (i32.add (global.get $free) (i32.sub (local.get $align) (i32.const 1)))
            (i32.sub (i32.const 0) (local.get $align))))
        (global.set $free (i32.add (local.get $at) (local.get $size)))
        (if (i32.gt_u (global.get $free) (i32.mul (memory.size) (i32.const 65536)))
            (then (drop (memory.grow (i32.add (i32.const 1) (i32.shr_u (local.get $size) (i32.const 16)))))))
        (local.get $at)"#;
    Wat {
        columns: Vec::new(),
        single: false,
        pure: false,
        raw_pod: false,
        event: None,
        imports: String::new(),
        extra: String::new(),
        functions: vec![("cabi_realloc", "", realloc.to_string())],
    }
    .function("lifecycle#describe", "(result i32)", "(i32.const 64)")
    .function("lifecycle#init", "(param i32 i32 i32 i32) (result i32)", OK)
    .function("lifecycle#apply", "(param i32 i32 i32 i32 i32 i32 i32)", RESET)
}

/// Frees what the host passed in: nothing of it is kept.
pub(crate) const RESET: &str = "(global.set $free (i32.const 4096))";

impl Wat {
    /// A column of this case of the variant, with its text where the case has one.
    pub(crate) fn column(mut self, case: u8, text: &str) -> Self {
        self.columns.push((case, text.to_string()));
        self
    }

    pub(crate) fn single(mut self) -> Self {
        self.single = true;
        self
    }

    pub(crate) fn pure(mut self) -> Self {
        self.pure = true;
        self
    }

    pub(crate) fn raw_pod(mut self) -> Self {
        self.raw_pod = true;
        self
    }

    /// The one event after which pods that it rejected are tried again.
    pub(crate) fn event(mut self, resource: &'static str, action: &'static str) -> Self {
        self.event = Some((resource, action));
        self
    }

    /// An import of a function of an interface of ours, such as `log#log`.
    pub(crate) fn import(mut self, name: &str, signature: &str) -> Self {
        let (interface, function) = name.split_once('#').unwrap();
        self.imports += &format!(
            "(import \"longshore:scheduler/{interface}@0.2.0\" \"{function}\" (func ${interface}_{function} {signature}))\n"
        );
        self
    }

    /// An import of anything.
    pub(crate) fn foreign_import(mut self, text: &str) -> Self {
        self.imports += text;
        self
    }

    /// Globals, functions, data.
    pub(crate) fn extra(mut self, text: &str) -> Self {
        self.extra += text;
        self
    }

    /// An exported function, such as `filter#filter`; takes the place of one of the same name.
    pub(crate) fn function(mut self, name: &'static str, signature: &'static str, body: &str) -> Self {
        self.functions.retain(|(known, _, _)| *known != name);
        self.functions.push((name, signature, body.to_string()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.functions.retain(|(known, _, _)| *known != name);
        self
    }

    /// `filter` with this body, which returns the address of its answer; and what goes with it.
    pub(crate) fn filter(self, body: &str) -> Self {
        self.cycle()
            .function(
                "filter#filter",
                "(param $set i32) (param $words i32) (result i32) (local $at i32)",
                body,
            )
            .function(
                "filter#filter-supposed",
                "(param i32 i32 i32 i32 i32 i32 i32) (result i32)",
                SUPPOSED_FITS,
            )
    }

    /// `score` with this body.
    pub(crate) fn score(self, body: &str) -> Self {
        self.cycle().function(
            "score#score",
            "(param $set i32) (param $words i32) (result i32) (local $at i32) (local $n i32)",
            body,
        )
    }

    fn cycle(self) -> Self {
        if self.functions.iter().any(|(name, _, _)| *name == "cycle#begin") {
            return self;
        }
        self.function("cycle#begin", "(param i32) (result i32)", &format!("{RESET} {OK}"))
    }

    /// The core module as text.
    pub(crate) fn text(&self) -> String {
        let mut columns = Vec::new();
        let mut data = String::new();
        for (at, (case, text)) in self.columns.iter().enumerate() {
            let place = 1024 + at * 64;
            data += &format!("(data (i32.const {place}) \"{text}\")\n");
            columns.extend([u32::from(*case), place as u32, text.len() as u32]);
        }
        let words = |words: &[u32]| -> String {
            words.iter().flat_map(|w| w.to_le_bytes()).map(|b| format!("\\{b:02x}")).collect()
        };
        let flags = u32::from(self.single) | u32::from(self.pure) << 8 | u32::from(self.raw_pod) << 16;
        let mut manifest = [0, 0, 0, 0, 0, 0, 512, self.columns.len() as u32, flags, 0, 0, 0];
        if let Some((resource, action)) = self.event {
            (manifest[9], manifest[10], manifest[11]) = (1, 320, 1);
            let pattern = [400, resource.len() as u32, 336, 1, 440, action.len() as u32];
            data += &format!("(data (i32.const 320) \"{}\")\n", words(&pattern));
            data += &format!("(data (i32.const 400) \"{resource}\") (data (i32.const 440) \"{action}\")\n");
        }
        data += &format!("(data (i32.const 64) \"{}\")\n", words(&manifest));
        data += &format!("(data (i32.const 512) \"{}\")\n", words(&columns));
        let functions: String = self
            .functions
            .iter()
            .map(|(name, signature, body)| {
                let export = match name.split_once('#') {
                    Some((interface, function)) => {
                        format!("longshore:scheduler/{interface}@0.2.0#{function}")
                    }
                    None => (*name).to_string(),
                };
                format!("(func (export \"{export}\") {signature} {body})\n")
            })
            .collect();
        format!(
            "(module\n{}(memory (export \"memory\") 1)\n(global $free (mut i32) (i32.const 4096))\n{data}{}{functions})",
            self.imports, self.extra
        )
    }

    /// The component.
    pub(crate) fn build(&self) -> Vec<u8> {
        let core = wat::parse_str(self.text()).unwrap_or_else(|e| panic!("{e}\n{}", self.text()));
        longshore_plugin_build::componentize(&core).unwrap_or_else(|e| panic!("{e}\n{}", self.text()))
    }
}

/// `none` inside `ok`.
pub(crate) const SUPPOSED_FITS: &str =
    "(i32.store8 (i32.const 256) (i32.const 0)) (i32.store8 (i32.const 260) (i32.const 0)) (i32.const 256)";

/// The answer of a filter that passes all candidates: the set that it was given.
pub(crate) const ALL_FIT: &str = "
    (i32.store8 (i32.const 256) (i32.const 0))
    (i32.store (i32.const 260) (local.get $set)) (i32.store (i32.const 264) (local.get $words))
    (i32.store (i32.const 268) (i32.const 0)) (i32.store (i32.const 272) (i32.const 0))
    (i32.store (i32.const 276) (i32.const 0)) (i32.store (i32.const 280) (i32.const 0))
    (global.set $free (i32.const 4096))
    (i32.const 256)";

/// The answer of a filter that rejects all candidates, who lie in one word, with this reason.
pub(crate) fn none_fit(reason: &str) -> String {
    let (bytes, length) = (reason.as_bytes(), reason.len());
    let text: String = bytes
        .iter()
        .enumerate()
        .map(|(at, byte)| format!("(i32.store8 (i32.const {}) (i32.const {byte}))", 2048 + at))
        .collect();
    format!(
        "{text}
        (i64.store (i32.const 2112) (i64.const 0))
        (i32.store8 (i32.const 2128) (i32.const 0)) (i32.store (i32.const 2132) (i32.const 2048))
        (i32.store (i32.const 2136) (i32.const {length}))
        (memory.fill (i32.const 2176) (i32.const 0) (i32.const 128))
        (i32.store8 (i32.const 256) (i32.const 0))
        (i32.store (i32.const 260) (i32.const 2112)) (i32.store (i32.const 264) (i32.const 1))
        (i32.store (i32.const 268) (i32.const 2128)) (i32.store (i32.const 272) (i32.const 1))
        (i32.store (i32.const 276) (i32.const 2176))
        (i32.store (i32.const 280) (i32.wrap_i64 (i64.popcnt (i64.load (local.get $set)))))
        (global.set $free (i32.const 4096))
        (i32.const 256)"
    )
}

/// The answer of a scorer that gives the same score to as many nodes as it was asked about.
pub(crate) fn same_score(score: i64) -> String {
    format!(
        "(block $done (loop $next
            (br_if $done (i32.ge_u (local.get $at) (local.get $words)))
            (local.set $n (i32.add (local.get $n) (i32.wrap_i64 (i64.popcnt
                (i64.load (i32.add (local.get $set) (i32.shl (local.get $at) (i32.const 3))))))))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br $next)))
        (local.set $at (i32.const 0))
        (block $done (loop $next
            (br_if $done (i32.ge_u (local.get $at) (local.get $n)))
            (i64.store (i32.add (i32.const 8192) (i32.shl (local.get $at) (i32.const 3))) (i64.const {score}))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br $next)))
        (i32.store8 (i32.const 256) (i32.const 0))
        (i32.store (i32.const 260) (i32.const 8192)) (i32.store (i32.const 264) (local.get $n))
        (global.set $free (i32.const 4096))
        (i32.const 256)"
    )
}
