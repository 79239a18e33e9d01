//! IP addresses and ranges of them.

use std::fmt;
use std::net::IpAddr;

/// A range of addresses: those that begin as this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Cidr {
    pub(in super::super) address: IpAddr,
    /// How many bits count.
    pub(in super::super) prefix: u8,
}

impl Cidr {
    /// Reads `ADDRESS/BITS`.
    pub(in super::super) fn parse(text: &str) -> Result<Self, String> {
        let failed = |why: &str| {
            format!(
                "network address parse error during conversion from string: netip.ParsePrefix({text:?}): {why}"
            )
        };
        let (address, bits) = text.split_once('/').ok_or_else(|| failed("no '/'"))?;
        let address: IpAddr = address.parse().map_err(|_| failed("unable to parse IP"))?;
        if is_mapped(&address) {
            return Err(format!("IPv4-mapped IPv6 address {text:?} is not allowed"));
        }
        let plain = !bits.is_empty() && bits.bytes().all(|b| b.is_ascii_digit());
        let canonical = plain && (bits.len() == 1 || !bits.starts_with('0'));
        let prefix: u8 = match canonical {
            true => bits.parse().map_err(|_| failed("prefix length out of range"))?,
            false => return Err(failed("bad bits after slash")),
        };
        if u32::from(prefix) > width(&address) {
            return Err(failed("prefix length out of range"));
        }
        Ok(Self { address, prefix })
    }

    /// The range with its lowest address.
    pub(in super::super) fn masked(self) -> Self {
        Self { address: cut(&self.address, self.prefix), ..self }
    }

    /// Whether the address is in the range.
    pub(in super::super) fn contains(self, address: &IpAddr) -> bool {
        address.is_ipv4() == self.address.is_ipv4()
            && cut(address, self.prefix) == cut(&self.address, self.prefix)
    }

    /// Whether the other range is a part of this one.
    pub(in super::super) fn covers(self, other: Self) -> bool {
        self.prefix <= other.prefix && self.contains(&other.address)
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// Reads an address.
pub(in super::super) fn parse(text: &str) -> Result<IpAddr, String> {
    if let Some((address, _)) = text.split_once('%')
        && address.parse::<std::net::Ipv6Addr>().is_ok()
    {
        return Err(format!("IP address {text:?} with zone value is not allowed"));
    }
    let address: IpAddr = text.parse().map_err(|_| {
        format!(
            "IP Address {text:?} parse error during conversion from string: ParseAddr({text:?}): unable to parse IP"
        )
    })?;
    match is_mapped(&address) {
        true => Err(format!("IPv4-mapped IPv6 address {text:?} is not allowed")),
        false => Ok(address),
    }
}

/// Whether anybody on any network may have it, as Go's `IsGlobalUnicast`: private addresses too.
pub(in super::super) fn is_global_unicast(address: &IpAddr) -> bool {
    let broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
    !(address.is_unspecified()
        || address.is_loopback()
        || address.is_multicast()
        || is_link_local_unicast(address)
        || broadcast)
}

/// 169.254.0.0/16 or fe80::/10.
pub(in super::super) fn is_link_local_unicast(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.segments()[0] & 0xffc0 == 0xfe80,
    }
}

/// 224.0.0.0/24 or ff02::/16, whatever the flags.
pub(in super::super) fn is_link_local_multicast(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.octets()[..3] == [224, 0, 0],
        IpAddr::V6(v6) => v6.segments()[0] & 0xff0f == 0xff02,
    }
}

fn is_mapped(address: &IpAddr) -> bool {
    matches!(address, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some())
}

fn width(address: &IpAddr) -> u32 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn cut(address: &IpAddr, prefix: u8) -> IpAddr {
    let prefix = u32::from(prefix);
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32u32.saturating_sub(prefix)).unwrap_or(0);
            IpAddr::V4((v4.to_bits() & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128u32.saturating_sub(prefix)).unwrap_or(0);
            IpAddr::V6((v6.to_bits() & mask).into())
        }
    }
}
