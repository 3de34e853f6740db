//! The bus on its real databases: relays, groups and the live feed, running.

mod groups;
mod live;
mod stage;
