use super::*;

/// Compares every `Pod-*.json` and `Node-*.json` of a folder with what Go made of it, the `.pb` beside it.
#[test]
#[ignore = "needs a folder of objects as Go encodes them: LONGSHORE_PROTO_SAMPLES=DIR cargo test -- --ignored"]
fn bytes_are_those_of_go() {
    let folder = std::env::var("LONGSHORE_PROTO_SAMPLES").unwrap();
    let mut compared = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "json") {
            continue;
        }
        let pod = path.file_name().unwrap().to_string_lossy().starts_with("Pod");
        let kind = if pod { Kind::Pod } else { Kind::Node };
        let got = from_text(kind, &std::fs::read_to_string(&path).unwrap()).unwrap();
        let want = std::fs::read(path.with_extension("pb")).unwrap();
        let same = got.iter().zip(&want).take_while(|(a, b)| a == b).count();
        assert!(got == want, "{}: differs at {same} of {}", path.display(), want.len());
        compared += 1;
    }
    assert!(compared > 0);
}
