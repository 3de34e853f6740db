//! Where each part of a document stands: a tree beside its value.
//!
//! It must not keep any text of the document.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::Spanned;

/// The lines of a value and of what is in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Lines {
    /// From 1; 0 where it is not known.
    line: usize,
    within: Within,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Within {
    #[default]
    Nothing,
    List(Vec<Lines>),
    Map(BTreeMap<String, Lines>),
}

impl Lines {
    /// The line of what `pointer` leads to, or of the last step on the way that is known.
    pub(super) fn find(&self, pointer: &str) -> Option<usize> {
        let mut found = self;
        let mut line = self.line;
        for step in pointer.split('/').skip(1) {
            let next = match &found.within {
                Within::Nothing => None,
                Within::List(list) => step.parse::<usize>().ok().and_then(|index| list.get(index)),
                Within::Map(map) if step.contains('~') => {
                    map.get(&step.replace("~1", "/").replace("~0", "~"))
                }
                Within::Map(map) => map.get(step),
            };
            let Some(next) = next else { break };
            found = next;
            line = next.line;
        }
        (line > 0).then_some(line)
    }

    /// The first line of anything in it.
    pub(super) fn first(&self) -> usize {
        let within = match &self.within {
            Within::Nothing => None,
            Within::List(list) => list.iter().map(Self::first).min(),
            Within::Map(map) => map.values().map(|lines| lines.line).min(),
        };
        within.filter(|line| *line > 0).map_or(self.line, |line| line.min(self.line.max(1)))
    }

    /// Adds lines that stand before it.
    pub(super) fn move_down(&mut self, lines: usize) {
        if self.line > 0 {
            self.line += lines;
        }
        match &mut self.within {
            Within::Nothing => {}
            Within::List(list) => list.iter_mut().for_each(|part| part.move_down(lines)),
            Within::Map(map) => map.values_mut().for_each(|part| part.move_down(lines)),
        }
    }

    /// What is at one step below, taken out of it.
    pub(super) fn take(&mut self, key: &str) -> Self {
        match &mut self.within {
            Within::Map(map) => map.remove(key).unwrap_or_default(),
            Within::Nothing | Within::List(_) => Self::default(),
        }
    }

    /// Its parts, where it is a list.
    pub(super) fn into_list(self) -> Vec<Self> {
        match self.within {
            Within::List(list) => list,
            Within::Nothing | Within::Map(_) => Vec::new(),
        }
    }
}

/// A value with its lines, and how many maps, lists and values it has.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) value: Value,
    pub(super) lines: Lines,
    pub(super) nodes: usize,
}

/// The same without the line of the whole, which its parser says beside it.
struct Part {
    value: Value,
    within: Within,
    nodes: usize,
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value: part, referenced, .. } = Spanned::<Part>::deserialize(deserializer)?;
        let line = usize::try_from(referenced.line()).unwrap_or(0);
        Ok(Self { value: part.value, lines: Lines { line, within: part.within }, nodes: part.nodes })
    }
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Parts)
    }
}

struct Parts;

fn leaf<E>(value: impl Into<Value>) -> Result<Part, E> {
    Ok(Part { value: value.into(), within: Within::Nothing, nodes: 1 })
}

impl<'de> Visitor<'de> for Parts {
    type Value = Part;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map, a list or a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Part, E> {
        leaf(value)
    }

    fn visit_i64<E>(self, value: i64) -> Result<Part, E> {
        leaf(value)
    }

    fn visit_u64<E>(self, value: u64) -> Result<Part, E> {
        leaf(value)
    }

    fn visit_f64<E>(self, value: f64) -> Result<Part, E> {
        leaf(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Part, E> {
        leaf(value)
    }

    fn visit_string<E>(self, value: String) -> Result<Part, E> {
        leaf(value)
    }

    fn visit_unit<E>(self) -> Result<Part, E> {
        leaf(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Part, E> {
        leaf(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Part, D::Error> {
        Part::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Part, A::Error> {
        let (mut values, mut lines, mut nodes) = (Vec::new(), Vec::new(), 1);
        while let Some(document) = parts.next_element::<Document>()? {
            values.push(document.value);
            lines.push(document.lines);
            nodes += document.nodes;
        }
        Ok(Part { value: Value::Array(values), within: Within::List(lines), nodes })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut parts: A) -> Result<Part, A::Error> {
        let (mut values, mut lines, mut nodes) = (Map::new(), BTreeMap::new(), 1);
        while let Some(key) = parts.next_key::<String>()? {
            let document = parts.next_value::<Document>()?;
            values.insert(key.clone(), document.value);
            lines.insert(key, document.lines);
            nodes += document.nodes;
        }
        Ok(Part { value: Value::Object(values), within: Within::Map(lines), nodes })
    }
}
