//! The files that a new plugin begins with. `{{name}}`, `{{Name}}` and `{{sdk}}` are filled in.

use crate::args::plugin::Language;

/// Path and text of a file.
type File = (&'static str, &'static str);

macro_rules! template {
    ($language:literal: $($from:literal => $to:literal),* $(,)?) => {
        &[$(($to, include_str!(concat!("../../../../../../plugins/build/templates/", $language, "/", $from)))),*]
    };
}

/// Every file of a language's template. Names that would mean something where the templates lie end in `.in` there.
pub(super) fn files(language: Language) -> &'static [File] {
    match language {
        Language::Rust => template!("rust":
            "Cargo.toml.in" => "Cargo.toml",
            "lib.rs.in" => "src/lib.rs",
            "gitignore.in" => ".gitignore",
            "README.md.in" => "README.md",
            "cluster.yaml" => "cluster.yaml",
            "pod.yaml" => "pod.yaml",
            "profile.yaml.in" => "profile.yaml",
            "case.yaml" => "tests/first.yaml",
        ),
        Language::Go => template!("go":
            "go.mod.in" => "go.mod",
            "main.go.in" => "main.go",
            "main_test.go.in" => "main_test.go",
            "gitignore.in" => ".gitignore",
            "README.md.in" => "README.md",
            "cluster.yaml" => "cluster.yaml",
            "pod.yaml" => "pod.yaml",
            "profile.yaml.in" => "profile.yaml",
            "case.yaml" => "tests/first.yaml",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::plugin::new::names::Names;

    #[test]
    fn nothing_is_left_to_fill_in() {
        let names = Names::of("zone-pack").unwrap();
        for language in [Language::Rust, Language::Go] {
            for (path, text) in files(language) {
                let filled = names.fill(text).replace("{{sdk}}", "");
                assert!(!filled.contains("{{"), "{path}");
            }
        }
    }
}
