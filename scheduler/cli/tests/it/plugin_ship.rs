//! `longshore plugin push` and `pull`, against a registry of this process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::plugin::NUMBER;
use crate::support::{Scratch, command, run};

/// Blobs and manifests by the end of their path.
type Contents = Arc<Mutex<BTreeMap<String, Bytes>>>;

/// Starts an empty registry; its address.
pub(crate) fn registry(runtime: &tokio::runtime::Runtime) -> String {
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(serve).with_state(Contents::default());
        tokio::spawn(async move { axum::serve(listener, router).await });
        address.to_string()
    })
}

async fn serve(State(contents): State<Contents>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 64 << 20).await.unwrap();
    let mut contents = contents.lock().unwrap();
    let path = parts.uri.path().to_string();
    let digest = |bytes: &[u8]| format!("sha256:{}", hex(bytes));
    match parts.method.as_str() {
        "POST" => {
            contents.insert("upload".to_string(), Bytes::new());
            (StatusCode::ACCEPTED, [(header::LOCATION, format!("{path}1"))]).into_response()
        }
        "PATCH" => {
            let all = Bytes::from([contents.remove("upload").unwrap_or_default(), body].concat());
            let range = format!("0-{}", all.len() - 1);
            contents.insert("upload".to_string(), all);
            (StatusCode::ACCEPTED, [(header::LOCATION, path), (header::RANGE, range)]).into_response()
        }
        "PUT" => {
            let names_it = path.contains("/manifests/");
            let bytes = if names_it { body } else { contents.remove("upload").unwrap() };
            contents.insert(digest(&bytes), bytes.clone());
            if names_it {
                contents.insert(path.rsplit('/').next().unwrap().to_string(), bytes);
            }
            (StatusCode::CREATED, [(header::LOCATION, path)]).into_response()
        }
        _ if path == "/v2/" => StatusCode::OK.into_response(),
        _ if path.contains("/referrers/") => StatusCode::NOT_FOUND.into_response(),
        _ => match contents.get(path.rsplit('/').next().unwrap()) {
            Some(bytes) => bytes.clone().into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        },
    }
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn what_is_pushed_can_be_pulled_and_inspected() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (image, scratch) = (format!("oci://{}/acme/nodenumber", registry(&runtime)), Scratch::new());
    let bytes =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/guests/nodenumber.wasm")).unwrap();
    let pushed = run(&["plugin", "push", NUMBER, &format!("{image}:1")]).exits(0);
    let sha256 = format!("    sha256: {}", hex(&bytes));
    let pushed = pushed.says(&[&format!("pushed {image}@sha256:"), "- name: NodeNumber", &sha256]);
    let pinned = pushed.out.lines().next().unwrap().strip_prefix("pushed ").unwrap().to_string();

    let file = format!("{}/pulled.wasm", scratch.path());
    let output =
        command(&["plugin", "pull", &pinned, "-o", &file]).env("HOME", scratch.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains(&format!("pulled {pinned} to {file}")) && said.contains(&sha256), "{said}");
    assert_eq!(std::fs::read(&file).unwrap(), bytes);

    let shown =
        command(&["plugin", "inspect", &format!("{image}:1")]).env("HOME", scratch.path()).output().unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("NodeNumber") && shown.contains(&pinned), "{shown}");
}

#[test]
fn what_is_no_plugin_is_not_pushed() {
    let scratch = Scratch::new();
    let text = scratch.file("a.wasm", "this is text");
    let image = "oci://127.0.0.1:1/acme/a:1";
    run(&["plugin", "push", &text, image]).exits(1).warns(&["is not pushed, no scheduler could use it"]);
    run(&["plugin", "push", NUMBER, "file://a.wasm"]).exits(2).warns(&["oci://REGISTRY/REPOSITORY:TAG"]);
    run(&["plugin", "push", "no-such.wasm", image]).exits(1).warns(&["no-such.wasm: cannot be read"]);
}
