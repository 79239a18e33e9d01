use super::*;

#[test]
fn shares_have_names_that_the_api_server_takes_and_that_differ() {
    let id = share_id(&("claim", 0));
    let parts: Vec<usize> = id.split('-').map(str::len).collect();
    assert_eq!(parts, [8, 4, 4, 4, 12], "{id}");
    assert!(id.bytes().all(|b| b == b'-' || b.is_ascii_digit() || (b'a'..=b'f').contains(&b)), "{id}");
    assert_eq!(id.as_bytes()[14], b'8', "{id}");
    assert!(matches!(id.as_bytes()[19], b'8' | b'9' | b'a' | b'b'), "{id}");
    assert_eq!(share_id(&("claim", 0)), id);
    assert_ne!(share_id(&("claim", 1)), id);
}
