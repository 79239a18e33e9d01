//! Addresses, ranges of them, and URLs.

use std::net::IpAddr;
use std::sync::Arc;

use super::super::data::address::{
    self, Cidr, is_global_unicast, is_link_local_multicast, is_link_local_unicast,
};
use super::super::data::url::Url;
use super::super::failure::EvalError;
use super::super::function::{Call, Row};
use super::super::value::{Map, Value};

pub(in super::super) const TABLE: &[Row] = &[
    Row { name: "ip", signatures: &["(string) ip", "cidr.() ip"], run: ip },
    Row {
        name: "isIP",
        signatures: &["(string) bool"],
        run: |call| reads(call, |t| address::parse(t).is_ok()),
    },
    Row { name: "ip.isCanonical", signatures: &["(string) bool"], run: is_canonical },
    Row { name: "family", signatures: &["ip.() int"], run: family },
    Row { name: "isUnspecified", signatures: ASKS, run: |call| asks(call, IpAddr::is_unspecified) },
    Row { name: "isLoopback", signatures: ASKS, run: |call| asks(call, IpAddr::is_loopback) },
    Row { name: "isLinkLocalMulticast", signatures: ASKS, run: |call| asks(call, is_link_local_multicast) },
    Row { name: "isLinkLocalUnicast", signatures: ASKS, run: |call| asks(call, is_link_local_unicast) },
    Row { name: "isGlobalUnicast", signatures: ASKS, run: |call| asks(call, is_global_unicast) },
    Row { name: "cidr", signatures: &["(string) cidr"], run: cidr },
    Row {
        name: "isCIDR",
        signatures: &["(string) bool"],
        run: |call| reads(call, |t| Cidr::parse(t).is_ok()),
    },
    Row { name: "containsIP", signatures: &["cidr.(ip) bool", "cidr.(string) bool"], run: contains_ip },
    Row { name: "containsCIDR", signatures: &["cidr.(cidr) bool", "cidr.(string) bool"], run: contains_cidr },
    Row {
        name: "masked",
        signatures: &["cidr.() cidr"],
        run: |call| range(call).map(|c| Value::Cidr(c.masked())),
    },
    Row {
        name: "prefixLength",
        signatures: &["cidr.() int"],
        run: |call| range(call).map(|c| Value::Int(i64::from(c.prefix))),
    },
    Row { name: "url", signatures: &["(string) url"], run: url },
    Row { name: "isURL", signatures: &["(string) bool"], run: |call| reads(call, |t| Url::parse(t).is_ok()) },
    Row { name: "getScheme", signatures: PART, run: |call| part(call, |url| &url.scheme) },
    Row { name: "getHost", signatures: PART, run: |call| part(call, |url| &url.host) },
    Row { name: "getHostname", signatures: PART, run: |call| part(call, Url::hostname) },
    Row { name: "getPort", signatures: PART, run: |call| part(call, Url::port) },
    Row { name: "getEscapedPath", signatures: PART, run: |call| part(call, |url| &url.path) },
    Row { name: "getQuery", signatures: &["url.() map(string, list(string))"], run: query },
];

const ASKS: &[&str] = &["ip.() bool"];
const PART: &[&str] = &["url.() string"];

fn text(call: Call<'_>) -> Result<&str, EvalError> {
    match call.arguments {
        [Value::String(text)] => Ok(text),
        _ => Err(call.no_overload()),
    }
}

fn reads(call: Call<'_>, reads: fn(&str) -> bool) -> Result<Value, EvalError> {
    text(call).map(|text| Value::Bool(reads(text)))
}

fn ip(call: Call<'_>) -> Result<Value, EvalError> {
    match call.arguments {
        [Value::Cidr(cidr)] => Ok(Value::Ip(cidr.address)),
        _ => address::parse(text(call)?).map(Value::Ip).map_err(EvalError::Failed),
    }
}

fn is_canonical(call: Call<'_>) -> Result<Value, EvalError> {
    let text = text(call)?;
    let address = address::parse(text).map_err(EvalError::Failed)?;
    Ok(Value::Bool(address.to_string() == text))
}

fn family(call: Call<'_>) -> Result<Value, EvalError> {
    match call.arguments {
        [Value::Ip(IpAddr::V4(_))] => Ok(Value::Int(4)),
        [Value::Ip(IpAddr::V6(_))] => Ok(Value::Int(6)),
        _ => Err(call.no_overload()),
    }
}

fn asks(call: Call<'_>, ask: fn(&IpAddr) -> bool) -> Result<Value, EvalError> {
    match call.arguments {
        [Value::Ip(ip)] => Ok(Value::Bool(ask(ip))),
        _ => Err(call.no_overload()),
    }
}

fn cidr(call: Call<'_>) -> Result<Value, EvalError> {
    Cidr::parse(text(call)?).map(Value::Cidr).map_err(EvalError::Failed)
}

fn range(call: Call<'_>) -> Result<Cidr, EvalError> {
    match call.arguments {
        [Value::Cidr(cidr)] => Ok(*cidr),
        _ => Err(call.no_overload()),
    }
}

fn contains_ip(call: Call<'_>) -> Result<Value, EvalError> {
    let (cidr, ip) = match call.arguments {
        [Value::Cidr(cidr), Value::Ip(ip)] => (cidr, *ip),
        [Value::Cidr(cidr), Value::String(text)] => (cidr, address::parse(text).map_err(EvalError::Failed)?),
        _ => return Err(call.no_overload()),
    };
    Ok(Value::Bool(cidr.contains(&ip)))
}

fn contains_cidr(call: Call<'_>) -> Result<Value, EvalError> {
    let (cidr, other) = match call.arguments {
        [Value::Cidr(cidr), Value::Cidr(other)] => (cidr, *other),
        [Value::Cidr(cidr), Value::String(text)] => (cidr, Cidr::parse(text).map_err(EvalError::Failed)?),
        _ => return Err(call.no_overload()),
    };
    Ok(Value::Bool(cidr.covers(other)))
}

fn url(call: Call<'_>) -> Result<Value, EvalError> {
    let failed = |why| EvalError::failed(format!("URL parse error during conversion from string: {why}"));
    Url::parse(text(call)?).map(|url| Value::Url(Arc::new(url))).map_err(failed)
}

fn part(call: Call<'_>, part: fn(&Url) -> &str) -> Result<Value, EvalError> {
    match call.arguments {
        [Value::Url(url)] => Ok(Value::text(part(url))),
        _ => Err(call.no_overload()),
    }
}

fn query(call: Call<'_>) -> Result<Value, EvalError> {
    let [Value::Url(url)] = call.arguments else { return Err(call.no_overload()) };
    let mut names: Vec<(String, Vec<Value>)> = Vec::new();
    for (name, value) in url.query() {
        match names.iter_mut().find(|(have, _)| *have == name) {
            Some((_, values)) => values.push(Value::text(value)),
            None => names.push((name, vec![Value::text(value)])),
        }
    }
    let mut map = Map::default();
    for (name, values) in names {
        map.insert(Value::text(name), Value::list(values));
    }
    Ok(Value::Map(Arc::new(map)))
}
