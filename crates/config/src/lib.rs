//! Every setting of Deskhand, once.
//!
//! A setting is one line of the table in `settings.rs`, listed as [`SETTINGS`]: its key, its type, its default, what it is
//! for and an example. Parsing, checking, `config show`, the refusal of a misspelled key and the
//! generated chart all read that line, so they cannot disagree. Values come from four layers, each
//! stronger than the one before: defaults, `deskhand.toml`, `DESKHAND_*` variables, flags.
//!
//! This crate decides what a value may be, and nothing about what is done with it: it opens no
//! database, listens nowhere and writes no file. It reads the environment in one function only,
//! [`process_environment`], so that everything else can be tested with a list of pairs.
//!
//! ```
//! use config::{Config, Sources};
//!
//! let sources = Sources::new().environment([("DESKHAND_LOG__FORMAT", "json")]).flag("listen", "127.0.0.1:9000");
//! let config = Config::load(sources)?;
//! assert_eq!(config.listen.port(), 9000);
//! assert_eq!(config.log.format, config::LogFormat::Json);
//! # Ok::<(), config::Problems>(())
//! ```

mod kinds;
mod layers;
mod problem;
mod rules;
mod secret;
mod settings;
mod shape;
mod table;
mod urls;
mod words;

pub use layers::{Sources, process_environment};
pub use problem::{Fault, Origin, Problem, Problems};
pub use secret::{MASK, Secret, SecretKey, WeakKey};
pub use settings::{
    Config, DatabasePool, Limits, Log, Model, Otlp, SETTINGS, Shutdown, Smtp, Trace, Webhooks,
};
pub use shape::{Setting, Shape};
pub use table::Effective;
pub use urls::{BusUrl, DatabaseUrl, WebUrl};
pub use words::{Group, LogFormat, LogLevel, OnOff, Role, Sasl};
