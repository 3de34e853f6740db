//! The layers of settings: a profile, files, flags, each stronger than those before it, merged as Helm merges them.

use std::path::Path;

use serde_json::Value;

use super::read::{Origin, Origins, Problem};
use super::{Component, Values, set, yaml};
use crate::error::Error;
use crate::profiles;

/// The settings of a fleet, layer upon layer.
#[derive(Debug, Clone)]
pub struct Layers {
    value: Value,
    origins: Origins,
}

impl Layers {
    /// Begins with a profile.
    ///
    /// Errors where there is none of that name, and names the nearest.
    pub fn profile(name: &str) -> Result<Self, Error> {
        let profile = profiles::find(name)?;
        let mut layers = Self { value: Value::Null, origins: Origins::new() };
        for (of, text) in profile.texts() {
            let (value, origins) = yaml::read(Path::new(of), text).map_err(Error::one)?;
            merge(&mut layers.value, &value);
            layers.origins.extend(origins.into_keys().map(|key| (key, Origin::Profile(of))));
        }
        Ok(layers)
    }

    /// Puts a file's text over it; `path` is for messages.
    ///
    /// Errors where it is no YAML. What it says is looked at when it is read.
    pub fn file(mut self, path: &Path, text: &str) -> Result<Self, Error> {
        let (value, origins) = yaml::read(path, text).map_err(Error::one)?;
        merge(&mut self.value, &value);
        self.origins.extend(origins);
        Ok(self)
    }

    /// Puts over it what a flag says: `KEY=VALUE`, several with commas between.
    ///
    /// Errors where it cannot be read.
    pub fn set(mut self, text: &str) -> Result<Self, Error> {
        let origin = Origin::Set(text.to_owned());
        let keys = set::apply(text, &mut self.value)
            .map_err(|what| Error::one(Problem { key: String::new(), origin: Some(origin.clone()), what }))?;
        self.origins.extend(keys.into_iter().map(|key| (key, origin.clone())));
        Ok(self)
    }

    /// What was said, checked one by one; sets of workers are complete.
    pub(crate) fn read(&self) -> Result<(Values, std::collections::BTreeMap<String, Component>), Error> {
        Values::read(&self.value, &self.origins).map_err(Error::Values)
    }

    /// Where each key was given.
    pub(crate) fn origins(&self) -> &Origins {
        &self.origins
    }

    /// What was said, merged and not checked.
    pub fn merged(&self) -> &Value {
        &self.value
    }
}

/// Puts `over` on `under`: groups of settings are merged, everything else is replaced.
pub(super) fn merge(under: &mut Value, over: &Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, over) in over {
                match under.get_mut(key) {
                    Some(under) => merge(under, over),
                    None => _ = under.insert(key.clone(), over.clone()),
                }
            }
        }
        (under, over) => *under = over.clone(),
    }
}
