//! The bus that the settings name.

use bus::{BrokerOptions, Bus};
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
    bus.map_err(|error| Failure::because("the bus cannot be used", &error))
}
