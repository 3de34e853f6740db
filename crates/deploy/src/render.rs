//! Makes the manifests of a fleet. A module here is a kind of thing; none of them decides what the fleet is.

mod bus;
mod custom;
mod database;
mod entry;
mod lag;
mod logging;
mod meta;
mod monitoring;
mod network;
mod object;
mod plain;
mod pod;
mod scaling;
mod shared;
mod stateful;
mod tracing;
mod why;
mod workloads;

pub use object::Object;

use crate::error::Error;
use crate::fleet::Fleet;

/// The password of a database of ours: the key in the Secret, and the variable.
const POSTGRES_PASSWORD: &str = "POSTGRES_PASSWORD";

/// The manifests of a fleet, in an order that is always the same: what others need comes first.
///
/// Errors where two would have the same name in the same namespace, and where one cannot be written as JSON, which does not
/// happen.
pub fn render(fleet: &Fleet) -> Result<Vec<Object>, Error> {
    let mut objects = shared::objects(fleet)?;
    for part in &fleet.parts {
        objects.extend(workloads::objects(fleet, part)?);
        objects.extend(scaling::objects(fleet, part)?);
    }
    objects.extend(workloads::migration(fleet)?);
    objects.extend(database::objects(fleet)?);
    objects.extend(bus::objects(fleet)?);
    objects.extend(lag::objects(fleet)?);
    objects.extend(entry::objects(fleet)?);
    objects.extend(network::objects(fleet)?);
    objects.extend(monitoring::objects(fleet)?);
    objects.extend(tracing::objects(fleet)?);
    objects.extend(logging::objects(fleet)?);
    objects.sort_by_key(Object::place);
    Ok(objects)
}
