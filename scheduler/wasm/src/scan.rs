//! A look at a module before it is compiled: compiling cannot be interrupted, so what would take too long or too much
//! memory has to be seen beforehand.
//!
//! What is counted is what the compiler's work grows with. Real plugins stay far below: a component made by the SDK of
//! Rust has four modules and some hundred functions, one with a whole Python inside some ten thousand functions.

use wasmparser::{
    ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind, ComponentTypeRef,
    Encoding, FunctionBody, Instance, Parser, Payload,
};

/// The deepest nesting of modules and components.
const DEEPEST: usize = 8;
/// Modules and components inside, together.
const MOST_PARTS: usize = 200;
/// Instances that come to life, those that instances of components bring along counted each time.
const MOST_INSTANCES: u64 = 500;
/// Items of one kind in all parts together: types, imports, exports, globals, segments and so on.
const MOST_ITEMS: u64 = 200_000;
/// Types of functions and others in all parts together, each of which may take code of its own.
const MOST_TYPES: u64 = 20_000;
/// Functions in all parts together, those between components and the host included. A hundred thousand empty ones take 13
/// seconds and 600 MB to compile.
const MOST_FUNCTIONS: u64 = 30_000;
/// The work of all functions together, as [`work_of`] weighs it: about half a minute.
const MOST_WORK: u64 = 32 << 20;
/// What a function weighs beside its length.
const FUNCTION: u64 = 512;
/// Of a function of this length, in bytes, a byte weighs twice as much as of a short one.
const HEAVY: u64 = 64 << 10;
/// The longest function, in bytes. The time for one grows faster than its length.
const LONGEST_FUNCTION: usize = 512 << 10;
/// Locals of one function.
const MOST_LOCALS: u64 = 10_000;
/// Locals of all functions together.
const MOST_LOCALS_TOGETHER: u64 = 2_000_000;

/// Refuses what cannot be a plugin or would take too much to compile.
///
/// # Errors
/// Which limit is passed, or what is wrong with the encoding.
pub(crate) fn check(bytes: &[u8]) -> Result<(), String> {
    let mut census = Census::default();
    for payload in Parser::new(0).parse_all(bytes) {
        census.count(payload.map_err(|error| error.to_string())?)?;
    }
    Ok(())
}

/// What was seen so far.
#[derive(Default)]
struct Census {
    /// The component that is being read, inside those around it.
    open: Vec<Part>,
    parts: usize,
    items: u64,
    types: u64,
    functions: u64,
    work: u64,
    code: u64,
    locals: u64,
}

/// A module or component.
#[derive(Default)]
struct Part {
    /// How many instances one instance of it is.
    weight: u64,
    /// Weights of the components that it has defined, by their index.
    components: Vec<u64>,
    /// A component, not a module.
    component: bool,
}

impl Census {
    fn count(&mut self, payload: Payload<'_>) -> Result<(), String> {
        match payload {
            Payload::Version { encoding, .. } => self.opened(encoding == Encoding::Component)?,
            Payload::End(_) => self.closed(),
            Payload::CodeSectionEntry(body) => self.function(&body)?,
            Payload::CodeSectionStart { count, .. } => self.functions(count)?,
            Payload::InstanceSection(section) => {
                for instance in section {
                    if let Instance::Instantiate { .. } = instance.map_err(text)? {
                        self.instances(1)?;
                    }
                }
            }
            Payload::ComponentInstanceSection(section) => {
                for instance in section {
                    if let ComponentInstance::Instantiate { component_index, .. } = instance.map_err(text)? {
                        self.instances(self.weight_of(component_index)?)?;
                    }
                }
            }
            Payload::ComponentAliasSection(section) => {
                self.items(section.count())?;
                for alias in section {
                    foreign_component(is_component_alias(&alias.map_err(text)?))?;
                }
            }
            Payload::ComponentImportSection(section) => {
                self.items(section.count())?;
                for import in section {
                    foreign_component(matches!(import.map_err(text)?.ty, ComponentTypeRef::Component(_)))?;
                }
            }
            Payload::ComponentExportSection(section) => {
                self.items(section.count())?;
                for export in section {
                    // An export is one more component in the index space.
                    foreign_component(export.map_err(text)?.kind == ComponentExternalKind::Component)?;
                }
            }
            Payload::TypeSection(section) => {
                self.items(section.count())?;
                for group in section {
                    self.types(group.map_err(text)?.types().len())?;
                }
            }
            Payload::ComponentTypeSection(section) => {
                self.items(section.count())?;
                self.types(section.count() as usize)?;
            }
            Payload::ComponentCanonicalSection(section) => {
                self.items(section.count())?;
                self.functions(section.count())?;
            }
            other => self.items(items_of(&other))?,
        }
        Ok(())
    }

    fn opened(&mut self, component: bool) -> Result<(), String> {
        self.parts += 1;
        self.open.push(Part { weight: 1, components: Vec::new(), component });
        at_most(self.parts as u64, MOST_PARTS as u64, "modules and components")?;
        at_most(self.open.len() as u64, DEEPEST as u64, "levels of components")
    }

    fn closed(&mut self) {
        let closed = self.open.pop();
        if let (Some(part), Some(outer)) = (closed.filter(|part| part.component), self.open.last_mut()) {
            outer.components.push(part.weight);
        }
    }

    fn weight_of(&self, component: u32) -> Result<u64, String> {
        let known = self.open.last().and_then(|part| part.components.get(component as usize));
        known.copied().ok_or_else(|| format!("unknown component {component}"))
    }

    fn instances(&mut self, more: u64) -> Result<(), String> {
        let Some(part) = self.open.last_mut() else { return Ok(()) };
        part.weight = part.weight.saturating_add(more);
        at_most(part.weight, MOST_INSTANCES, "instances")
    }

    fn items(&mut self, more: u32) -> Result<(), String> {
        self.items = self.items.saturating_add(more.into());
        at_most(self.items, MOST_ITEMS, "items")
    }

    fn types(&mut self, more: usize) -> Result<(), String> {
        self.types = self.types.saturating_add(more as u64);
        at_most(self.types, MOST_TYPES, "types")
    }

    fn functions(&mut self, more: u32) -> Result<(), String> {
        self.functions = self.functions.saturating_add(more.into());
        at_most(self.functions, MOST_FUNCTIONS, "functions")
    }

    fn works(&mut self, length: u64) -> Result<(), String> {
        self.code = self.code.saturating_add(length);
        self.work = self.work.saturating_add(work_of(length));
        if self.work <= MOST_WORK {
            return Ok(());
        }
        Err(format!(
            "its code is too much to compile: it has {} functions and more than {} bytes of code, which is beyond the {} MiB \
             that are allowed where long functions weigh more; build it for size, or leave out what it does not use",
            self.functions,
            self.code,
            MOST_WORK >> 20
        ))
    }

    fn function(&mut self, body: &FunctionBody<'_>) -> Result<(), String> {
        let length = body.range().len();
        at_most(length as u64, LONGEST_FUNCTION as u64, "bytes in one function")?;
        self.works(length as u64)?;
        let mut locals = 0_u64;
        for run in body.get_locals_reader().map_err(text)? {
            let (count, _) = run.map_err(text)?;
            locals = locals.saturating_add(count.into());
        }
        at_most(locals, MOST_LOCALS, "locals in one function")?;
        self.locals = self.locals.saturating_add(locals);
        at_most(self.locals, MOST_LOCALS_TOGETHER, "locals")
    }
}

/// How much work a function of this length is: the time for one grows faster than its length.
fn work_of(length: u64) -> u64 {
    FUNCTION + length + length * length / HEAVY
}

/// How many items a section has.
fn items_of(payload: &Payload<'_>) -> u32 {
    match payload {
        Payload::ImportSection(section) => section.count(),
        Payload::FunctionSection(section) => section.count(),
        Payload::TableSection(section) => section.count(),
        Payload::MemorySection(section) => section.count(),
        Payload::TagSection(section) => section.count(),
        Payload::GlobalSection(section) => section.count(),
        Payload::ExportSection(section) => section.count(),
        Payload::ElementSection(section) => section.count(),
        Payload::DataSection(section) => section.count(),
        Payload::CoreTypeSection(section) => section.count(),
        _ => 0,
    }
}

fn is_component_alias(alias: &ComponentAlias<'_>) -> bool {
    match alias {
        ComponentAlias::InstanceExport { kind, .. } => *kind == ComponentExternalKind::Component,
        ComponentAlias::Outer { kind, .. } => *kind == ComponentOuterAliasKind::Component,
        ComponentAlias::CoreInstanceExport { .. } => false,
    }
}

/// Components that are handed around could multiply in ways that cannot be counted by reading once. No tool that makes
/// components out of modules writes them.
fn foreign_component(found: bool) -> Result<(), String> {
    if found {
        return Err("it hands components around as values, which is not supported".into());
    }
    Ok(())
}

fn at_most(count: u64, most: u64, what: &str) -> Result<(), String> {
    if count > most {
        return Err(format!("it has {count} {what}, {most} are allowed"));
    }
    Ok(())
}

fn text(error: wasmparser::BinaryReaderError) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests;
