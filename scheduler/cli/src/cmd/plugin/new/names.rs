//! The name of a plugin in the ways in which files write it.

/// The longest name.
const LONGEST: usize = 50;

/// One name, several spellings.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Names {
    /// `zone-pack`: folders and packages.
    pub(super) dashed: String,
    /// `ZonePack`: types, manifests and profiles.
    pub(super) camel: String,
}

impl Names {
    /// Of `zone-pack` or `ZonePack`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn of(name: &str) -> Result<Self, String> {
        let good = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let wrong = |why: &str| {
            Err(format!("{name:?} is not a name for a plugin: {why}; zone-pack or ZonePack is one"))
        };
        if name.is_empty() || name.len() > LONGEST {
            return wrong("it has 1 to 50 letters");
        }
        if !name.chars().all(good) {
            return wrong("letters, digits and dashes are allowed");
        }
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || name.ends_with('-') || name.contains("--")
        {
            return wrong("it begins with a letter and has no dash at its end nor two in a row");
        }
        let dashed = dashed(name);
        let upper = |part: &str| part[..1].to_ascii_uppercase() + &part[1..];
        let camel = match name.contains('-') {
            true => name.split('-').map(upper).collect(),
            false => upper(name),
        };
        if RESERVED.contains(&dashed.as_str()) {
            return wrong("the languages use this word themselves");
        }
        Ok(Self { dashed, camel })
    }

    /// The text with `{{name}}` and `{{Name}}` filled in.
    pub(super) fn fill(&self, text: &str) -> String {
        text.replace("{{name}}", &self.dashed).replace("{{Name}}", &self.camel)
    }
}

/// Packages of these names do not build, or hide what every program uses.
const RESERVED: &[&str] = &[
    "std",
    "core",
    "alloc",
    "test",
    "proc-macro",
    "longshore-plugin",
    "sdk",
    "main",
    "self",
    "super",
    "crate",
    "type",
    "fn",
    "filter",
    "score",
    "plugin",
    "pod",
    "node",
    "permit",
    "bind",
    "reserve",
    "config",
    "manifest",
    "cycle",
    "mod",
    "func",
    "package",
    "serde",
    "internal",
    "vendor",
];

/// `ZonePack` to `zone-pack`; `GPUPack` to `gpu-pack`.
fn dashed(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| letters[at]);
        let next_is_lower = letters.get(at + 1).is_some_and(char::is_ascii_lowercase);
        let begins = before.is_some_and(|b| b != '-' && (!b.is_ascii_uppercase() || next_is_lower));
        if letter.is_ascii_uppercase() && begins {
            out.push('-');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_written_with_dashes_and_with_capitals() {
        let check = |name: &str, dashed: &str, camel: &str| {
            let names = Names::of(name).unwrap();
            assert_eq!((&*names.dashed, &*names.camel), (dashed, camel), "{name}");
        };
        check("zone-pack", "zone-pack", "ZonePack");
        check("ZonePack", "zone-pack", "ZonePack");
        check("GPUPack", "gpu-pack", "GPUPack");
        check("carbon", "carbon", "Carbon");
        check("top3-zones", "top3-zones", "Top3Zones");
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for name in
            ["", "1st", "-a", "a-", "a--b", "zone_pack", "zone pack", "../x", "std", "Ü", &"a".repeat(51)]
        {
            assert!(Names::of(name).is_err(), "{name}");
        }
    }
}
