//! The bus that the settings name.

use std::time::Duration;

use bus::{BrokerOptions, Bus, Retries};
use config::{BusUrl, Config, OnOff};
use store::Store;

use crate::failure::{Failure, Outcome};

/// A bus over the log that `bus_url` names. A broker need not be there yet.
pub(crate) async fn open(config: &Config, store: Store) -> Outcome<Bus> {
    let broker = &config.broker;
    let options = || BrokerOptions {
        prefix: broker.prefix.clone(),
        replication: u8::try_from(broker.replication).unwrap_or(u8::MAX),
        tls: broker.tls == OnOff::On,
        ca_file: broker.ca_file.clone(),
        user: broker.user.clone(),
        password: broker.password.as_ref().map(|password| password.expose().to_owned()),
        credentials_file: broker.credentials_file.clone(),
        sasl: broker.sasl.mechanism(),
    };
    let bus = match &config.bus_url {
        BusUrl::Database => Ok(Bus::database(store)),
        BusUrl::Nats(servers) => Bus::nats(store, servers, options()).await,
        BusUrl::Kafka(servers) => Bus::kafka(store, servers, options()),
    };
    let bus = bus.map_err(|error| Failure::because("the bus cannot be used", &error))?;
    let retry = &config.retry;
    let of = [
        ("hand", &retry.hand),
        ("recurring", &retry.recurring),
        ("notify", &retry.notify),
        ("audit", &retry.audit),
        ("webhooks", &retry.webhooks),
    ];
    let of = of.map(|(group, waits)| {
        (group.to_owned(), waits.iter().map(|wait| Duration::from_secs(*wait)).collect())
    });
    Ok(bus.with_retries(Retries { of: of.into(), ..Retries::default() }))
}
