//! The user that a client certificate stands for: its common name, its organisations being the groups.
//!
//! The certificate was verified before; of its DER only the subject is read.

use longshore_cluster::review::User;

/// `2.5.4.3`, the common name.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
/// `2.5.4.10`, the organisation.
const ORGANISATION: &[u8] = &[0x55, 0x04, 0x0a];

/// The user; `None` when there is no common name or the certificate makes no sense.
pub(super) fn user(certificate: &[u8]) -> Option<User> {
    let (mut common, mut groups) = (None, Vec::new());
    let mut subject = subject(certificate)?;
    while let Some((SET, mut set)) = take(&mut subject) {
        while let Some((SEQUENCE, mut pair)) = take(&mut set) {
            let (_, kind) = take(&mut pair)?;
            let (_, value) = take(&mut pair)?;
            let value = std::str::from_utf8(value).ok()?;
            match kind {
                COMMON_NAME => common = Some(value.to_string()),
                ORGANISATION => groups.push(value.to_string()),
                _ => {}
            }
        }
    }
    let name = common.filter(|name| !name.is_empty())?;
    groups.push("system:authenticated".to_string());
    Some(User { name, groups, ..User::default() })
}

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
/// The version, which version 1 leaves out.
const VERSION: u8 = 0xa0;

/// The subject: after version, serial number, algorithm, issuer and validity.
fn subject(certificate: &[u8]) -> Option<&[u8]> {
    let mut outer = certificate;
    let (SEQUENCE, mut whole) = take(&mut outer)? else { return None };
    let (SEQUENCE, mut body) = take(&mut whole)? else { return None };
    let (tag, _) = take(&mut body)?;
    if tag == VERSION {
        take(&mut body)?;
    }
    for _ in ["algorithm", "issuer", "validity"] {
        take(&mut body)?;
    }
    match take(&mut body)? {
        (SEQUENCE, subject) => Some(subject),
        _ => None,
    }
}

/// Takes one tag, length and value off the front.
fn take<'d>(data: &mut &'d [u8]) -> Option<(u8, &'d [u8])> {
    let (&tag, rest) = data.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let mut length = usize::from(first);
    if first & 0x80 != 0 {
        let count = usize::from(first & 0x7f);
        if !(1..=4).contains(&count) || rest.len() < count {
            return None;
        }
        let (digits, after) = rest.split_at(count);
        length = digits.iter().fold(0, |sum, digit| (sum << 8) | usize::from(*digit));
        rest = after;
    }
    if rest.len() < length {
        return None;
    }
    let (value, after) = rest.split_at(length);
    *data = after;
    Some((tag, value))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair};

    use super::*;

    fn certificate(entries: &[(DnType, &str)]) -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["localhost".to_string()]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        for (kind, value) in entries {
            params.distinguished_name.push(kind.clone(), *value);
        }
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn the_common_name_is_the_user_and_the_organisation_a_group() {
        let der = certificate(&[(DnType::CommonName, "ann"), (DnType::OrganizationName, "ops")]);
        let user = user(&der).unwrap();
        assert_eq!(user.name, "ann");
        assert_eq!(user.groups, ["ops", "system:authenticated"]);
    }

    #[test]
    fn without_a_common_name_or_cut_off_it_is_nobody() {
        assert_eq!(user(&certificate(&[(DnType::OrganizationName, "system:masters")])), None);
        let der = certificate(&[(DnType::CommonName, "ann")]);
        // Past the subject only the signature follows, which was verified before.
        for end in 0..der.len() {
            assert_eq!(user(&der[..end]), None, "{end}");
        }
        assert_eq!(user(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0]), None);
    }
}
