//! Addresses: which belong to the public internet, and which are somebody's own.
//!
//! What a stranger may name as a place to send to must not lead to what only this machine or its network can reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

const fn v4(address: [u8; 4], length: u8) -> Ipv4Net {
    let [a, b, c, d] = address;
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

const fn v6(first: u16, second: u16, length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0), length)
}

/// What is not of the public internet: IANA's special-purpose addresses (RFC 6890 and what came later), multicast, and
/// what is reserved.
const SPECIAL_V4: [Ipv4Net; 15] = [
    v4([0, 0, 0, 0], 8),
    v4([10, 0, 0, 0], 8),
    v4([100, 64, 0, 0], 10),
    v4([127, 0, 0, 0], 8),
    v4([169, 254, 0, 0], 16),
    v4([172, 16, 0, 0], 12),
    v4([192, 0, 0, 0], 24),
    v4([192, 0, 2, 0], 24),
    v4([192, 88, 99, 0], 24),
    v4([192, 168, 0, 0], 16),
    v4([198, 18, 0, 0], 15),
    v4([198, 51, 100, 0], 24),
    v4([203, 0, 113, 0], 24),
    v4([224, 0, 0, 0], 4),
    v4([240, 0, 0, 0], 4),
];

/// All that is given out on the internet in IPv6. Loopback, private, link-local, multicast, and addresses that hold
/// one of IPv4 for a translator (NAT64) are outside.
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 3);

/// What of it is for protocols (among them Teredo), for documentation, or leads to an address of IPv4 (6to4).
const SPECIAL_V6: [Ipv6Net; 4] =
    [v6(0x2001, 0, 23), v6(0x2001, 0xdb8, 32), v6(0x2002, 0, 16), v6(0x3fff, 0, 20)];

/// Whether `address` is one of the public internet. One of IPv4 that is written in IPv6 counts as what it is.
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => !SPECIAL_V4.iter().any(|network| network.contains(&address)),
        IpAddr::V6(address) => {
            GLOBAL_V6.contains(&address) && !SPECIAL_V6.iter().any(|network| network.contains(&address))
        }
    }
}

/// Whether something may be sent to `address`, which a stranger has named: one of the public internet if what is sent
/// is `encrypted`, and one of the networks that are `allowed` in any case.
pub fn may_reach(address: IpAddr, encrypted: bool, allowed: &[IpNet]) -> bool {
    let canonical = address.to_canonical();
    allowed.iter().any(|network| network.contains(&canonical)) || (encrypted && is_public(address))
}

#[cfg(test)]
mod tests {
    use super::{is_public, may_reach};

    #[test]
    fn no_address_that_is_somebodys_own_counts_as_public() {
        for (class, addresses) in [
            ("this network", &["0.0.0.0", "0.1.2.3", "::"][..]),
            ("loopback", &["127.0.0.1", "127.255.255.254", "::1"]),
            ("private", &["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"]),
            ("carrier's", &["100.64.0.1", "100.127.255.255"]),
            ("link-local, where clouds keep credentials", &["169.254.169.254", "fe80::1", "febf::1"]),
            ("unique local", &["fc00::1", "fd00:ec2::254", "fdff::1"]),
            ("site-local", &["fec0::1"]),
            ("multicast", &["224.0.0.1", "239.255.255.255", "ff02::1"]),
            ("reserved", &["240.0.0.1", "255.255.255.255"]),
            ("documentation", &["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"]),
            ("benchmarks", &["198.18.0.1", "198.19.255.255", "2001:2::1"]),
            ("protocols", &["192.0.0.8", "192.88.99.1", "2001::1", "2001:1ff::1", "100::1"]),
            ("IPv4 written in IPv6", &["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1"]),
            ("NAT64", &["64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::a00:1"]),
            ("6to4", &["2002:7f00:1::", "2002:a00:1::1"]),
        ] {
            for address in addresses {
                assert!(!is_public(address.parse().unwrap()), "{address} is {class}");
            }
        }
    }

    #[test]
    fn addresses_beside_those_are_public() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.0.0.1",
            "128.0.0.1",
            "169.253.0.1",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.1",
            "192.167.0.1",
            "192.169.0.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2a00::1",
            "::ffff:8.8.8.8",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn an_allowed_network_may_be_reached_however_its_addresses_are_written_and_also_in_the_clear() {
        let allowed = ["10.20.0.0/16".parse().unwrap(), "fd00::/8".parse().unwrap()];
        for inside in ["10.20.3.4", "::ffff:10.20.3.4", "fd12::1"] {
            assert!(may_reach(inside.parse().unwrap(), false, &allowed), "{inside}");
        }
        for outside in ["10.21.0.1", "127.0.0.1", "fe80::1"] {
            assert!(!may_reach(outside.parse().unwrap(), true, &allowed), "{outside}");
        }
        let public = "8.8.8.8".parse().unwrap();
        assert!(may_reach(public, true, &allowed) && !may_reach(public, false, &allowed));
    }
}
