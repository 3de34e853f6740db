//! Taking the address that the desk is reached at.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;

use crate::failure::{Failure, Outcome};

/// Listens at `address`, which the setting `key` names.
pub(super) async fn bind(key: &str, address: SocketAddr) -> Outcome<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let remedy = if key == "listen" { "--listen" } else { key };
        let example = SocketAddr::new(address.ip(), address.port().checked_add(80).unwrap_or(8080));
        Failure::Failed(match error.kind() {
            ErrorKind::AddrInUse => format!(
                "{address} is occupied by another program, perhaps a second Deskhand; stop that one, or choose \
                 another port with {remedy}, such as {example}"
            ),
            ErrorKind::PermissionDenied => {
                format!("{address} is not allowed for this user; choose a port from 1024 with {remedy}, such as {example}")
            }
            ErrorKind::AddrNotAvailable => {
                format!("{address} is not an address of this machine; choose another with {remedy}")
            }
            _ => format!("cannot listen at {address}: {error}; choose another address with {remedy}"),
        })
    })
}

/// The address as one types it into a browser on this machine.
pub(super) fn url(address: SocketAddr) -> String {
    let ip = if address.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { address.ip() };
    format!("http://{}", SocketAddr::new(ip, address.port()))
}

#[cfg(test)]
mod tests {
    use super::url;

    #[test]
    fn every_address_is_shown_as_one_that_a_browser_here_can_open() {
        assert_eq!(url("0.0.0.0:80".parse().unwrap()), "http://127.0.0.1:80");
        assert_eq!(url("[::1]:8000".parse().unwrap()), "http://[::1]:8000");
        assert_eq!(url("10.0.0.7:8000".parse().unwrap()), "http://10.0.0.7:8000");
    }
}
