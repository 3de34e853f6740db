//! The use cases: rules, authority, one transaction each.
