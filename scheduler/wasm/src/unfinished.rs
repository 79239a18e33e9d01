//! A core module that was built with one of our SDKs, and is no component yet.

use wasmparser::{Parser, Payload};

/// How exports of our interface are called in core modules.
const PREFIX: &str = "longshore:scheduler/";

/// What to do with a core module that speaks our interface: a component has to be made of it.
pub(crate) fn hint(bytes: &[u8]) -> Option<String> {
    let ours = Parser::new(0).parse_all(bytes).map_while(Result::ok).any(|payload| match payload {
        Payload::ExportSection(exports) => {
            exports.into_iter().flatten().any(|export| export.name.starts_with(PREFIX))
        }
        _ => false,
    });
    ours.then(|| {
        "it is the core module of a plugin, as the compiler leaves it; `longshore plugin build`, in the plugin's folder, makes \
         the component that can be loaded (NAME.wasm)"
            .to_string()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_core_module_of_our_interface_is_told_what_it_lacks() {
        let check = |text: &str, want: bool| {
            let bytes = wat::parse_str(text).unwrap();
            assert_eq!(hint(&bytes).is_some(), want, "{text}");
        };
        check(r#"(module (func (export "longshore:scheduler/lifecycle@0.1.0#describe")))"#, true);
        check(r#"(module (func (export "filter") (result i32) i32.const 0))"#, false);
        check("(component)", false);
        assert_eq!(hint(b"this is text"), None);
    }
}
