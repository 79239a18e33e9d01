//! Whose client certificates a cluster trusts.

use std::collections::BTreeMap;

/// What kube-apiserver tells extension servers in the ConfigMap `kube-system/extension-apiserver-authentication`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterTrust {
    /// The certificates that sign those of users, in PEM.
    pub client_ca: Option<String>,
    /// How front proxies say for whom they ask; `None` when there are none.
    pub request_header: Option<RequestHeader>,
}

/// Front proxies, which ask for others and say so in headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestHeader {
    /// The certificates that sign those of front proxies, in PEM.
    pub client_ca: String,
    /// Common names of front proxies; empty: whoever has such a certificate is one.
    pub allowed_names: Vec<String>,
    /// Headers with the user's name; the first that is there counts, here and below.
    pub username_headers: Vec<String>,
    /// Headers with his UID.
    pub uid_headers: Vec<String>,
    /// Headers with his groups; all count.
    pub group_headers: Vec<String>,
    /// What headers with more about him begin with.
    pub extra_headers_prefix: Vec<String>,
}

impl ClusterTrust {
    /// From the data of the ConfigMap; lists are JSON in it. A list that is none makes that of front proxies useless, so
    /// none is trusted then.
    pub(super) fn of(mut data: BTreeMap<String, String>) -> Self {
        let request_header = request_header(&data);
        Self { client_ca: data.remove("client-ca-file"), request_header }
    }
}

fn request_header(data: &BTreeMap<String, String>) -> Option<RequestHeader> {
    let list = |key: &str| -> Option<Vec<String>> {
        data.get(key).map_or(Some(Vec::new()), |text| serde_json::from_str(text).ok())
    };
    let client_ca = data.get("requestheader-client-ca-file")?.clone();
    Some(RequestHeader {
        client_ca,
        allowed_names: list("requestheader-allowed-names")?,
        username_headers: list("requestheader-username-headers")?,
        uid_headers: list("requestheader-uid-headers")?,
        group_headers: list("requestheader-group-headers")?,
        extra_headers_prefix: list("requestheader-extra-headers-prefix")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trust(pairs: &[(&str, &str)]) -> ClusterTrust {
        ClusterTrust::of(pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect())
    }

    #[test]
    fn the_config_map_of_kube_apiserver_is_read() {
        let read = trust(&[
            ("client-ca-file", "CA"),
            ("requestheader-client-ca-file", "PROXIES"),
            ("requestheader-allowed-names", r#"["front-proxy-client"]"#),
            ("requestheader-username-headers", r#"["X-Remote-User"]"#),
            ("requestheader-group-headers", r#"["X-Remote-Group"]"#),
            ("requestheader-extra-headers-prefix", r#"["X-Remote-Extra-"]"#),
        ]);
        let one = |text: &str| vec![text.to_string()];
        let header = RequestHeader {
            client_ca: "PROXIES".into(),
            allowed_names: one("front-proxy-client"),
            username_headers: one("X-Remote-User"),
            uid_headers: Vec::new(),
            group_headers: one("X-Remote-Group"),
            extra_headers_prefix: one("X-Remote-Extra-"),
        };
        assert_eq!(read, ClusterTrust { client_ca: Some("CA".into()), request_header: Some(header) });
    }

    #[test]
    fn what_is_not_there_or_makes_no_sense_trusts_nobody() {
        assert_eq!(trust(&[]), ClusterTrust::default());
        let broken = [
            ("requestheader-client-ca-file", "PROXIES"),
            ("requestheader-allowed-names", "front-proxy-client"),
        ];
        assert_eq!(trust(&broken).request_header, None);
    }
}
