use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use wasmtime::{Config, Instance, Store};

use super::*;

const ANSWER: &str = r#"(module (func (export "answer") (result i32) i32.const 42))"#;
const COMPONENT: &str = "(component (core module (func (export \"a\"))))";

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Takes the module from the cache in `dir`, runs it, and says where it came from.
#[track_caller]
fn take(engine: &Engine, dir: &Path) -> Origin {
    let bytes = wat::parse_str(ANSWER).unwrap();
    let (module, origin) = CompiledCache::new(dir).module(engine, &bytes, &digest(&bytes)).unwrap();
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let answer = instance.get_typed_func::<(), i32>(&mut store, "answer").unwrap();
    assert_eq!(answer.call(&mut store, ()).unwrap(), 42);
    origin
}

/// The one entry in `dir`.
#[track_caller]
fn entry(dir: &Path) -> PathBuf {
    let paths: Vec<_> = fs::read_dir(dir).unwrap().map(|found| found.unwrap().path()).collect();
    let [path] = paths.as_slice() else { panic!("{paths:?}") };
    path.clone()
}

/// What a second start finds after `change` to the entry of the first; a third finds what the second left.
#[track_caller]
fn check(change: impl FnOnce(&Path), second: Origin, third: Origin) {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("compiled");
    let engine = Engine::default();
    assert_eq!(take(&engine, &dir), Origin::Compiled);
    change(&entry(&dir));
    assert_eq!(take(&engine, &dir), second);
    assert_eq!(take(&engine, &dir), third);
}

fn overwrite(at: usize, with: &'static [u8]) -> impl FnOnce(&Path) {
    move |path| {
        let mut bytes = fs::read(path).unwrap();
        bytes[at..at + with.len()].copy_from_slice(with);
        fs::write(path, bytes).unwrap();
    }
}

#[test]
fn a_second_start_does_not_compile() {
    check(|_| {}, Origin::Cache, Origin::Cache);
    check(|path| fs::remove_file(path).unwrap(), Origin::Compiled, Origin::Cache);
}

#[test]
fn a_changed_entry_is_compiled_again_and_replaced() {
    let cut = |length: usize| move |path: &Path| fs::write(path, &fs::read(path).unwrap()[..length]).unwrap();
    for length in [0, 7, 119, 120, 121] {
        check(cut(length), Origin::Compiled, Origin::Cache);
    }
    // The magic, the format, the kind, the module, the engine, the length, the checksum, the code.
    for at in [0, 8, 12, 16, 48, 80, 88, 120, 4000] {
        check(overwrite(at, b"\x5a"), Origin::Compiled, Origin::Cache);
    }
    let longer = |path: &Path| fs::write(path, [fs::read(path).unwrap(), vec![0]].concat()).unwrap();
    check(longer, Origin::Compiled, Origin::Cache);
}

#[test]
fn an_entry_with_a_right_checksum_over_foreign_code_is_refused_by_wasmtime() {
    let forge = |path: &Path| {
        let mut file = fs::read(path).unwrap();
        let code = file.split_off(120);
        let at = code.windows(8).position(|word| word == b"wasmtime").unwrap();
        let foreign = [&code[..at], b"wasmtyme", &code[at + 8..]].concat();
        file.truncate(80);
        file.extend_from_slice(&(foreign.len() as u64).to_le_bytes());
        file.extend_from_slice(&Sha256::digest(&foreign));
        file.extend_from_slice(&foreign);
        fs::write(path, file).unwrap();
    };
    check(forge, Origin::Compiled, Origin::Cache);
}

#[test]
fn what_others_may_write_is_not_trusted() {
    let open_up = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o620)).unwrap();
    // Replaced by the second start, since a rename does not care.
    check(open_up, Origin::Compiled, Origin::Cache);
    let link = |path: &Path| {
        let moved = path.with_extension("moved");
        fs::rename(path, &moved).unwrap();
        symlink(&moved, path).unwrap();
    };
    check(link, Origin::Compiled, Origin::Cache);
    let open_folder = |path: &Path| {
        fs::set_permissions(path.parent().unwrap(), fs::Permissions::from_mode(0o770)).unwrap();
    };
    check(open_folder, Origin::Compiled, Origin::Compiled);
}

#[test]
fn a_folder_that_is_a_link_or_a_file_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let (real, linked, file) =
        (folder.path().join("real"), folder.path().join("linked"), folder.path().join("file"));
    fs::create_dir(&real).unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o700)).unwrap();
    symlink(&real, &linked).unwrap();
    fs::write(&file, "").unwrap();
    let engine = Engine::default();
    for dir in [linked, file] {
        assert_eq!(take(&engine, &dir), Origin::Compiled);
        assert_eq!(take(&engine, &dir), Origin::Compiled);
    }
    assert_eq!(fs::read_dir(&real).unwrap().count(), 0);
}

#[test]
fn entries_are_private() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("a/compiled");
    take(&Engine::default(), &dir);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&dir), mode(&entry(&dir))), (0o700, 0o600));
}

#[test]
fn other_settings_of_the_compiler_have_entries_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let other = Engine::new(Config::new().epoch_interruption(true)).unwrap();
    assert_eq!(take(&Engine::default(), folder.path()), Origin::Compiled);
    let bytes = wat::parse_str(ANSWER).unwrap();
    let cache = CompiledCache::new(folder.path());
    let origin = |engine: &Engine| cache.module(engine, &bytes, &digest(&bytes)).unwrap().1;
    assert_eq!((origin(&other), origin(&other)), (Origin::Compiled, Origin::Cache));
    assert_eq!(origin(&Engine::default()), Origin::Cache);
}

#[test]
fn components_are_kept_too_and_not_mixed_up_with_modules() {
    let folder = tempfile::tempdir().unwrap();
    let cache = CompiledCache::new(folder.path());
    let engine = Engine::default();
    let component = wat::parse_str(COMPONENT).unwrap();
    let origin = || cache.component(&engine, &component, &digest(&component)).unwrap().1;
    assert_eq!((origin(), origin()), (Origin::Compiled, Origin::Cache));
    assert!(cache.module(&engine, &component, &digest(&component)).is_err());
}

#[test]
fn what_cannot_be_compiled_is_an_error_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let cache = CompiledCache::new(folder.path());
    for bytes in [&b""[..], b"\0asm", b"random"] {
        assert!(cache.component(&Engine::default(), bytes, &digest(bytes)).is_err());
        assert!(cache.module(&Engine::default(), bytes, &digest(bytes)).is_err());
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn the_least_recently_used_goes_first() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::default();
    let modules: Vec<_> = (0..4)
        .map(|number| wat::parse_str(format!("(module (func (export \"f{number}\")))")).unwrap())
        .collect();
    let size = {
        let one = tempfile::tempdir().unwrap();
        CompiledCache::new(one.path()).module(&engine, &modules[0], &digest(&modules[0])).unwrap();
        fs::metadata(entry(one.path())).unwrap().len()
    };
    // Room for three and a half.
    let cache = CompiledCache::with_size(folder.path(), size * 7 / 2);
    let origin = |at: usize| {
        // Files get their times from a clock that does not tick between two calls.
        std::thread::sleep(std::time::Duration::from_millis(20));
        cache.module(&engine, &modules[at], &digest(&modules[at])).unwrap().1
    };
    for at in 0..3 {
        assert_eq!(origin(at), Origin::Compiled);
    }
    assert_eq!(origin(0), Origin::Cache, "used: 1 is now the oldest");
    assert_eq!(origin(3), Origin::Compiled);
    assert_eq!([origin(0), origin(2), origin(3)], [Origin::Cache; 3]);
    assert_eq!(origin(1), Origin::Compiled);
    let tiny = CompiledCache::with_size(folder.path().join("tiny"), 16);
    assert_eq!(tiny.module(&engine, &modules[0], &digest(&modules[0])).unwrap().1, Origin::Compiled);
    assert!(!folder.path().join("tiny").exists());
}

#[test]
fn leftovers_of_a_crash_are_in_nobodys_way() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..3 {
        fs::write(folder.path().join(format!(".new-{}-{number}", std::process::id())), b"half").unwrap();
    }
    let engine = Engine::default();
    assert_eq!(take(&engine, folder.path()), Origin::Compiled);
    assert_eq!(take(&engine, folder.path()), Origin::Cache);
}

#[test]
fn many_at_once_leave_one_whole_entry() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::default();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| take(&engine, folder.path()));
        }
    });
    entry(folder.path());
    assert_eq!(take(&engine, folder.path()), Origin::Cache);
}
