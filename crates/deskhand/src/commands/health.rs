//! `health`: whether the process that runs beside this one, with the same settings, is alive; or whatever is asked at an
//! address. For an image's HEALTHCHECK and for tests in a cluster, where there is neither a shell nor curl.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use config::Config;
use serde_json::json;

use crate::args::Health;
use crate::client::Client;
use crate::database;
use crate::failure::{Failure, Outcome};
use crate::output::Output;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(3);

pub(crate) async fn run(args: &Health, settings: Option<PathBuf>, output: Output) -> Outcome {
    let url = match &args.url {
        Some(url) => url.clone(),
        None => {
            let config = Config::load(database::sources(settings))?;
            format!("http://{}/health", reached(config.management_listen.unwrap_or(config.listen)))
        }
    };
    let client = Client::new(&url, None)?;
    match tokio::time::timeout(PATIENCE, client.get("", &[])).await {
        Ok(answer) => answer?,
        Err(_) => {
            return Err(Failure::Failed(format!("{url} did not answer within {} s", PATIENCE.as_secs())));
        }
    };
    output.result(&json!({"status": "ok", "url": url}), || format!("{url} answers"))
}

/// Where a process that listens at `address` is reached from the same machine.
fn reached(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
