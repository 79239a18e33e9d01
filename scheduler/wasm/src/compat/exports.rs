//! What a module exports, which is all that says what it can do.

use wasmtime::{ExternType, Module, ValType};

/// A function that the host calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Export {
    Enqueue,
    PreFilter,
    AddPod,
    RemovePod,
    Filter,
    PostFilter,
    PreScore,
    Score,
    NormalizeScore,
    Reserve,
    Unreserve,
    Permit,
    PreBind,
    Bind,
    PostBind,
}

/// How a function answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answers {
    /// It does not.
    Nothing,
    /// A status code.
    Int,
    /// A status code and another number.
    Long,
}

impl Export {
    /// All of them, in cycle order.
    pub(crate) const ALL: [Self; 15] = [
        Self::Enqueue,
        Self::PreFilter,
        Self::AddPod,
        Self::RemovePod,
        Self::Filter,
        Self::PostFilter,
        Self::PreScore,
        Self::Score,
        Self::NormalizeScore,
        Self::Reserve,
        Self::Unreserve,
        Self::Permit,
        Self::PreBind,
        Self::Bind,
        Self::PostBind,
    ];

    /// The name of the function.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Enqueue => "enqueue",
            Self::PreFilter => "prefilter",
            Self::AddPod => "addpod",
            Self::RemovePod => "removepod",
            Self::Filter => "filter",
            Self::PostFilter => "postfilter",
            Self::PreScore => "prescore",
            Self::Score => "score",
            Self::NormalizeScore => "normalizescore",
            Self::Reserve => "reserve",
            Self::Unreserve => "unreserve",
            Self::Permit => "permit",
            Self::PreBind => "prebind",
            Self::Bind => "bind",
            Self::PostBind => "postbind",
        }
    }

    /// The stage, as messages and metrics name it.
    pub(crate) fn stage(self) -> &'static str {
        match self {
            Self::Enqueue => "EventsToRegister",
            Self::PreFilter => "PreFilter",
            Self::AddPod => "AddPod",
            Self::RemovePod => "RemovePod",
            Self::Filter => "Filter",
            Self::PostFilter => "PostFilter",
            Self::PreScore => "PreScore",
            Self::Score => "Score",
            Self::NormalizeScore => "NormalizeScore",
            Self::Reserve => "Reserve",
            Self::Unreserve => "Unreserve",
            Self::Permit => "Permit",
            Self::PreBind => "PreBind",
            Self::Bind => "Bind",
            Self::PostBind => "PostBind",
        }
    }

    /// How it answers.
    pub(crate) fn answers(self) -> Answers {
        match self {
            Self::Enqueue | Self::Unreserve | Self::PostBind => Answers::Nothing,
            Self::PostFilter | Self::Score | Self::Permit => Answers::Long,
            _ => Answers::Int,
        }
    }

    fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// Which functions a module exports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Exports(u16);

/// Without one of these a module has no part in a decision.
const MAIN: [Export; 6] =
    [Export::PreFilter, Export::Filter, Export::Score, Export::Reserve, Export::Permit, Export::Bind];

/// What may be called after the node is chosen, in order.
const LATER: [Export; 6] =
    [Export::Reserve, Export::Permit, Export::PreBind, Export::Bind, Export::PostBind, Export::Unreserve];

impl Exports {
    /// Reads what `module` exports.
    ///
    /// # Errors
    /// No memory, a function of the wrong type, or nothing that decides anything; worded as the original words it.
    pub(crate) fn of(module: &Module) -> Result<Self, String> {
        if !matches!(module.get_export("memory"), Some(ExternType::Memory(_))) {
            return Err("guest doesn't export memory[memory]".to_string());
        }
        let mut found = Self::default();
        for export in Export::ALL {
            let Some(ExternType::Func(ty)) = module.get_export(export.name()) else { continue };
            let results: Vec<ValType> = ty.results().collect();
            let (right, shape) = match (export.answers(), results.as_slice()) {
                (Answers::Nothing, results) => (results.is_empty(), "() -> ()"),
                (Answers::Int, results) => (matches!(results, [ValType::I32]), "() -> (i32)"),
                (Answers::Long, results) => (matches!(results, [ValType::I64]), "() -> (i64)"),
            };
            if !right || ty.params().len() != 0 {
                let name = export.name();
                return Err(format!("guest exports the wrong signature for func[{name}]. should be {shape}"));
            }
            found.0 |= export.bit();
        }
        if found == Self::default() {
            return Err("guest does not export any plugin functions".to_string());
        }
        if !MAIN.iter().any(|export| found.has(*export)) {
            return Err("filter, score, reserve, permit or bind must be exported".to_string());
        }
        Ok(found)
    }

    /// Whether a function is exported.
    pub(crate) fn has(self, export: Export) -> bool {
        self.0 & export.bit() != 0
    }

    /// All that is exported, in cycle order.
    pub(crate) fn iter(self) -> impl Iterator<Item = Export> {
        Export::ALL.into_iter().filter(move |export| self.has(*export))
    }

    /// Whether anything is called once a node is chosen.
    pub(crate) fn has_later(self) -> bool {
        LATER.iter().any(|export| self.has(*export))
    }

    /// Whether anything may be called of a pod's cycle after `done` went well.
    pub(crate) fn has_after(self, done: Export) -> bool {
        // Giving back and being bound are the two ends.
        let end = matches!(done, Export::Unreserve | Export::PostBind);
        !end && LATER.iter().skip_while(|later| **later != done).skip(1).any(|later| self.has(*later))
    }
}

#[cfg(test)]
mod tests {
    use wasmtime::Engine;

    use super::*;

    const MEMORY: &str = "(memory (export \"memory\") 1)";

    #[track_caller]
    fn check(functions: &str, want: Result<&[&str], &str>) {
        let module =
            Module::new(&Engine::default(), wat::parse_str(format!("(module {functions})")).unwrap())
                .unwrap();
        let got = Exports::of(&module).map(|found| found.iter().map(Export::name).collect::<Vec<_>>());
        match (got, want) {
            (Ok(got), Ok(want)) => assert_eq!(got, want),
            (got, want) => {
                assert_eq!(got.map_err(|e| e.clone()), want.map(<[_]>::to_vec).map_err(str::to_string))
            }
        }
    }

    fn int(name: &str) -> String {
        format!("(func (export \"{name}\") (result i32) i32.const 0)")
    }

    #[test]
    fn any_set_with_one_point_that_decides_is_taken() {
        let long = |name| format!("(func (export \"{name}\") (result i64) i64.const 0)");
        let none = |name| format!("(func (export \"{name}\"))");
        check(&(MEMORY.to_string() + &int("prefilter")), Ok(&["prefilter"]));
        check(
            &(MEMORY.to_string() + &int("filter") + &int("reserve") + &long("permit")),
            Ok(&["filter", "reserve", "permit"]),
        );
        check(
            &(MEMORY.to_string() + &long("score") + &none("postbind") + &int("calloc")),
            Ok(&["score", "postbind"]),
        );
    }

    #[test]
    fn what_is_no_plugin_is_told_why() {
        check("", Err("guest doesn't export memory[memory]"));
        check(MEMORY, Err("guest does not export any plugin functions"));
        let helpers = int("prescore") + &int("normalizescore") + &int("addpod");
        check(
            &(MEMORY.to_string() + &helpers),
            Err("filter, score, reserve, permit or bind must be exported"),
        );
        check(
            &(MEMORY.to_string() + &int("score")),
            Err("guest exports the wrong signature for func[score]. should be () -> (i64)"),
        );
    }

    #[test]
    fn an_instance_is_needed_as_long_as_something_may_be_called() {
        let of = |exports: &[Export]| Exports(exports.iter().map(|e| e.bit()).sum());
        assert!(!of(&[Export::Filter, Export::Score]).has_later());
        let permit = of(&[Export::Filter, Export::Permit]);
        assert!(permit.has_later() && !permit.has_after(Export::Permit));
        let reserve = of(&[Export::Reserve, Export::Unreserve]);
        assert!(reserve.has_after(Export::Reserve) && !reserve.has_after(Export::Unreserve));
    }
}
