//! Price tables: dated, with the place that each price was read at, and replaceable by a file.
//!
//! A table names only what was read somewhere. It must not work anything out.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_saphyr::{MessageFormatter as _, UserMessageFormatter};

use super::YEAR_HOURS;
use crate::check::{Demand, Prices};

const GIB: f64 = 1_073_741_824.0;

/// The highest price that is believed.
const MOST: f64 = 1e9;
/// The largest size that is believed, in GiB or vCPUs.
const MOST_SIZE: f64 = 1e12;

/// The tables that come along: their names and texts.
const TABLES: [(&str, &str); 5] = [
    ("digitalocean", include_str!("prices/digitalocean.yaml")),
    ("google", include_str!("prices/google.yaml")),
    ("azure", include_str!("prices/azure.yaml")),
    ("oracle", include_str!("prices/oracle.yaml")),
    ("given", include_str!("prices/given.yaml")),
];

/// The names of the tables that come along.
pub const PROVIDERS: [&str; 5] = [TABLES[0].0, TABLES[1].0, TABLES[2].0, TABLES[3].0, TABLES[4].0];

/// Other names that people know providers by.
const ALIASES: [(&str, &str); 8] = [
    ("doks", "digitalocean"),
    ("do", "digitalocean"),
    ("gke", "google"),
    ("gcp", "google"),
    ("aks", "azure"),
    ("microsoft", "azure"),
    ("oke", "oracle"),
    ("oci", "oracle"),
];

/// What a price is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// An hour.
    Hour,
    /// A twelfth of a year.
    Month,
    /// A year.
    Year,
}

/// A price, when it was read, and where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Price {
    /// The amount.
    #[serde(deserialize_with = "amount")]
    pub price: f64,
    /// What it is for.
    pub per: Per,
    /// The day on which it was said, `YYYY-MM-DD`.
    #[serde(deserialize_with = "date")]
    pub dated: String,
    /// Where it was read.
    pub source: String,
    /// What else there is to say.
    pub note: Option<String>,
}

impl Per {
    /// How often a price for this is paid in a year.
    pub fn a_year(self) -> f64 {
        match self {
            Self::Hour => YEAR_HOURS,
            Self::Month => 12.0,
            Self::Year => 1.0,
        }
    }
}

impl Price {
    /// The price for a year.
    pub fn year(&self) -> f64 {
        self.price * self.per.a_year()
    }
}

/// What a node leaves to pods.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Allocatable {
    /// Of the CPU, in thousandths of a core.
    pub cpu_milli: i64,
    /// Of memory, in MiB.
    pub memory_mib: i64,
    /// Where that was read.
    pub source: String,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Node {
    /// What the provider calls it.
    pub name: String,
    /// Its vCPUs.
    #[serde(deserialize_with = "size")]
    pub vcpu: f64,
    /// Its memory, in GiB.
    #[serde(deserialize_with = "size")]
    pub memory_gib: f64,
    /// What is left to pods; nothing where nobody says, and then all of it counts.
    pub allocatable: Option<Allocatable>,
    /// What it costs.
    pub price: Price,
}

impl Node {
    /// What it has for pods: thousandths of a core, and MiB.
    pub fn room(&self) -> (i64, i64) {
        match &self.allocatable {
            Some(room) => (room.cpu_milli, room.memory_mib),
            None => ((self.vcpu * 1_000.0) as i64, (self.memory_gib * 1_024.0) as i64),
        }
    }
}

/// A disk that is sold by its size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Disk {
    /// What the provider calls it.
    pub name: String,
    /// Volumes that are larger than this get it, in GiB.
    #[serde(deserialize_with = "size")]
    pub above_gib: f64,
    /// Volumes up to this, in GiB.
    #[serde(deserialize_with = "size")]
    pub gib: f64,
    /// What it costs.
    #[serde(deserialize_with = "amount")]
    pub price: f64,
}

/// Disks that are sold by their sizes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Disks {
    /// What their prices are for.
    pub per: Per,
    /// The day on which they were said, `YYYY-MM-DD`.
    #[serde(deserialize_with = "date")]
    pub dated: String,
    /// Where they were read.
    pub source: String,
    /// What else there is to say.
    pub note: Option<String>,
    /// The sizes.
    pub sizes: Vec<Disk>,
}

/// What is sent to the internet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Egress {
    /// What a GiB costs.
    #[serde(deserialize_with = "amount")]
    pub price: f64,
    /// As much of it is free in a month, in GiB.
    #[serde(default, deserialize_with = "size")]
    pub free_gib: f64,
    /// The day on which it was said, `YYYY-MM-DD`.
    #[serde(deserialize_with = "date")]
    pub dated: String,
    /// Where it was read.
    pub source: String,
    /// What else there is to say.
    pub note: Option<String>,
}

/// The prices of one provider. What it does not name is not priced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Table {
    /// Its name, by which it is chosen.
    pub name: String,
    /// What it is called.
    pub title: String,
    /// The currency, three letters.
    #[serde(deserialize_with = "currency")]
    pub currency: String,
    /// A vCPU.
    pub vcpu: Option<Price>,
    /// A GiB of memory.
    pub memory_gib: Option<Price>,
    /// A node.
    #[serde(default, deserialize_with = "node")]
    pub node: Option<Node>,
    /// A GiB of a disk.
    pub storage_gib: Option<Price>,
    /// Disks, where they are sold by their sizes.
    pub disks: Option<Disks>,
    /// A load balancer.
    pub balancer: Option<Price>,
    /// What the provider takes for the cluster.
    pub control_plane: Option<Price>,
    /// A GiB that is sent to the internet.
    pub egress_gib: Option<Egress>,
}

/// A table that cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PriceError {
    /// There is none of that name.
    #[error("there are no prices of {found:?}{}: there are {}", nearest(found), PROVIDERS.join(", "))]
    Unknown {
        /// What was asked for.
        found: String,
    },
    /// It cannot be read.
    #[error("{}the prices cannot be read: {reason}", at(*line))]
    Unreadable {
        /// The line, where it is known.
        line: Option<u64>,
        /// Why.
        reason: String,
    },
}

fn at(line: Option<u64>) -> String {
    line.map(|line| format!("line {line}: ")).unwrap_or_default()
}

/// A hint at the name that was meant.
fn nearest(found: &str) -> String {
    let near = PROVIDERS.into_iter().chain(ALIASES.iter().map(|(alias, _)| *alias));
    let near = near.map(|name| (strsim::osa_distance(found, name), name)).min();
    near.filter(|(distance, _)| *distance <= 2)
        .map(|(_, name)| format!(" (is it {name}?)"))
        .unwrap_or_default()
}

/// A number that is one, from 0 to `most`.
fn number<'de, D: Deserializer<'de>>(from: D, most: f64, wanted: &str) -> Result<f64, D::Error> {
    let found = f64::deserialize(from)?;
    let is_fine = (0.0..=most).contains(&found);
    if is_fine { Ok(found) } else { Err(D::Error::custom(format!("{found} has to be {wanted}"))) }
}

fn amount<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    number(from, MOST, "a price from 0 to a thousand million")
}

fn size<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    number(from, MOST_SIZE, "a size from 0 to a thousand thousand million")
}

/// `YYYY-MM-DD`.
fn date<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let found = String::deserialize(from)?;
    let parts: Vec<&str> = found.split('-').collect();
    let widths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    let is_date = widths == [4, 2, 2] && parts.concat().bytes().all(|byte| byte.is_ascii_digit());
    if is_date { Ok(found) } else { Err(D::Error::custom(format!("{found} has to be a date, YYYY-MM-DD"))) }
}

fn currency<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let found = String::deserialize(from)?;
    let is_currency = found.len() == 3 && found.bytes().all(|byte| byte.is_ascii_uppercase());
    let wanted = "has to be a currency of three capital letters, such as USD or EUR";
    if is_currency { Ok(found) } else { Err(D::Error::custom(format!("{found} {wanted}"))) }
}

/// A node that leaves no more to pods than it has, and something.
fn node<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Node>, D::Error> {
    let Some(node) = Option::<Node>::deserialize(from)? else { return Ok(None) };
    let (cpu, memory) = node.room();
    let is_left = cpu > 0 && memory > 0;
    let is_had = cpu as f64 <= node.vcpu * 1_000.0 && memory as f64 <= node.memory_gib * 1_024.0;
    if is_left && is_had {
        return Ok(Some(node));
    }
    let Node { name, vcpu, memory_gib, .. } = node;
    let wanted = "has to leave something to pods, and no more than it has";
    Err(D::Error::custom(format!(
        "{name} with {vcpu} vCPUs and {memory_gib} GiB {wanted}: {cpu}m and {memory} MiB"
    )))
}

impl Prices for Table {
    /// Without a price for the CPU and for memory it is the share of a node; what has no price costs nothing here.
    fn year(&self, demand: Demand) -> f64 {
        let (cores, gib) = (demand.cpu_milli as f64 / 1_000.0, demand.memory_bytes as f64 / GIB);
        let of =
            |price: &Option<Price>, amount: f64| price.as_ref().map_or(0.0, |price| price.year() * amount);
        let requests = match (&self.vcpu, &self.memory_gib, &self.node) {
            (None, _, Some(node)) | (_, None, Some(node)) => {
                let (cpu_milli, memory_mib) = node.room();
                let share =
                    f64::midpoint(cores * 1_000.0 / cpu_milli as f64, gib * 1_024.0 / memory_mib as f64);
                share * node.price.year()
            }
            _ => of(&self.vcpu, cores) + of(&self.memory_gib, gib),
        };
        requests
            + of(&self.storage_gib, demand.storage_bytes as f64 / GIB)
            + of(&self.balancer, demand.load_balancers as f64)
            + of(&self.control_plane, 1.0)
    }
}

impl Table {
    /// The table of that name that comes along; `doks`, `gke`, `aks`, `oke` and the like name it, too.
    ///
    /// Errors where there is none, with the nearest that there is.
    pub fn named(name: &str) -> Result<Self, PriceError> {
        let lower = name.to_lowercase();
        let name = ALIASES.iter().find(|(alias, _)| *alias == lower).map_or(lower.as_str(), |(_, name)| name);
        let found = TABLES.iter().find(|(known, _)| *known == name);
        let unknown = || PriceError::Unknown { found: lower.chars().take(40).collect() };
        Self::parse(found.ok_or_else(unknown)?.1)
    }

    /// A table from YAML or JSON.
    ///
    /// Errors where it has a key that is not known, or a price, a size, a date or a currency that is none, with the line.
    pub fn parse(text: &str) -> Result<Self, PriceError> {
        serde_saphyr::from_str(text).map_err(|error| {
            let error = error.without_snippet();
            let reason = UserMessageFormatter.format_message(error).escape_debug().to_string();
            let reason = reason.chars().take(300).collect();
            PriceError::Unreadable { line: error.location().map(|place| place.line()), reason }
        })
    }
}
