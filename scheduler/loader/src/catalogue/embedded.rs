//! The catalogue that is a part of this program, when it was built with the feature `catalogue`: the index, and each module compressed.

use std::io::Read;

/// The most bytes of a module, as of one that is fetched.
const LARGEST: u64 = 64 << 20;

#[cfg(feature = "catalogue")]
mod carried {
    include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));
}

#[cfg(not(feature = "catalogue"))]
mod carried {
    pub(super) const INDEX: Option<&str> = None;
    pub(super) const MODULES: &[(&str, &[u8])] = &[];
}

/// The index, when this program carries a catalogue.
pub(super) fn index() -> Option<&'static str> {
    carried::INDEX
}

/// The bytes of the module that the index calls `file`.
///
/// # Errors
/// It is not there, or cannot be read.
pub(super) fn module(file: &str) -> Result<Vec<u8>, String> {
    let found = carried::MODULES.iter().find(|(name, _)| *name == file);
    let (_, packed) = found.ok_or_else(|| format!("this program carries no module {file}"))?;
    unpacked(packed)
}

fn unpacked(packed: &[u8]) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = flate2::read::GzDecoder::new(packed).take(LARGEST).read_to_end(&mut bytes);
    read.map_err(|error| format!("a module in this program cannot be read: {error}"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(b"module").unwrap();
        let packed = packer.finish().unwrap();
        assert_eq!(unpacked(&packed), Ok(b"module".to_vec()));
        assert!(unpacked(&packed[..packed.len() - 3]).is_err());
    }

    #[test]
    fn every_module_of_the_index_is_there_and_has_its_digest() {
        let Some(index) = index() else { return };
        let index: serde_json::Value = serde_json::from_str(index).unwrap();
        for plugin in index["plugins"].as_array().unwrap() {
            let bytes = module(plugin["module"].as_str().unwrap()).unwrap();
            assert_eq!(longshore_artifact::Digest::of(&bytes).hex(), plugin["sha256"].as_str().unwrap());
        }
    }
}
