//! Extenders that break, lie or do not answer, and what the engine makes of them.

use longshore_framework::fixture;

use super::*;

#[track_caller]
fn check_failure(reply: Reply, change: impl FnOnce(&mut ExtenderOptions), want: &str) {
    let world = world(reply, change);
    let url = format!("http://{}/scheduler/filter", world.server.address);
    let want = want.replace("$URL", &url);
    let error = world.filter().unwrap_err().to_string();
    assert!(error.starts_with(&want), "{error}\n{want}");
}

#[test]
fn any_status_but_200_is_an_error() {
    for status in [500, 404, 204, 302] {
        let want = format!("failed filter with extender at URL $URL, code {status}");
        check_failure(Reply::Body(status, String::new()), |_| {}, &want);
    }
}

#[test]
fn an_answer_that_is_no_json_is_an_error() {
    let html = Reply::Body(200, "<html>".to_string());
    check_failure(html, |_| {}, "the answer of $URL cannot be read: expected value");
    check_failure(Reply::Body(200, String::new()), |_| {}, "the answer of $URL cannot be read: EOF");
}

#[test]
fn an_answer_of_any_size_is_not_read_to_its_end() {
    check_failure(Reply::Bytes(17 << 20), |_| {}, "Post \"$URL\": the answer is larger than 1677");
}

#[test]
fn a_call_ends_with_its_time() {
    let short = |o: &mut ExtenderOptions| o.http_timeout = Duration::from_millis(50);
    let want = "Post \"$URL\": no answer within 50ms (httpTimeout)";
    check_failure(Reply::Slow(Duration::from_secs(60)), short, want);
    check_failure(Reply::Stalled, short, want);
}

#[test]
fn a_connection_that_fails_is_an_error() {
    check_failure(Reply::Hangup, |_| {}, "Post \"$URL\": ");
    let runtime = Runtime::new().unwrap();
    let options = options("http://127.0.0.1:1");
    let extender = HttpExtender::new(options, store(), runtime.handle().clone()).unwrap();
    let error = extender.filter(&fixture::pod("p").build(), &[]).unwrap_err().to_string();
    assert!(error.starts_with("Post \"http://127.0.0.1:1/filter\": "), "{error}");
    assert!(error.contains("Connection refused"), "{error}");
}
