//! Reads a YAML file of settings and remembers on which line each key was. What keys mean is not known here.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::{MessageFormatter as _, Spanned, UserMessageFormatter};

use super::read::{Origin, Origins, Problem};

/// The largest file of settings, in bytes.
const MOST_BYTES: usize = 1 << 20;
/// What is not read: numbers that YAML has and JSON has not.
const NOT_A_NUMBER: &str = "a number that is none";

/// Reads the text of the file `path`, which is said in errors.
pub(super) fn read(path: &Path, text: &str) -> Result<(Value, Origins), Problem> {
    let at = |line| Some(Origin::File { path: path.to_owned(), line });
    if text.len() > MOST_BYTES {
        let what =
            format!("a file of settings has at most {MOST_BYTES} bytes, and this one has {}", text.len());
        return Err(Problem { key: String::new(), origin: at(1), what });
    }
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok((Value::Object(Map::new()), Origins::new()));
    }
    let node: Node = serde_saphyr::from_str(text).map_err(|error| {
        let reason = UserMessageFormatter.format_message(&error);
        let line = error.location().map_or(1, |location| location.line());
        Problem { key: String::new(), origin: at(line), what: format!("not YAML of settings: {reason}") }
    })?;
    let mut origins = Origins::new();
    node.lines("", &mut |key, line| {
        origins.insert(key.to_owned(), Origin::File { path: path.to_owned(), line });
    });
    match node.into_value() {
        value @ Value::Object(_) => Ok((value, origins)),
        Value::Null => Ok((Value::Object(Map::new()), origins)),
        other => Err(Problem {
            key: String::new(),
            origin: at(1),
            what: format!("found {}; a file of settings is a group of them", super::read::found(&other)),
        }),
    }
}

/// A value, in which keys know their lines.
enum Node {
    Plain(Value),
    List(Vec<Node>),
    Group(BTreeMap<String, (u64, Node)>),
}

impl Node {
    fn lines(&self, path: &str, note: &mut dyn FnMut(&str, u64)) {
        match self {
            Self::Plain(_) => {}
            Self::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    item.lines(&format!("{path}.{at}"), note);
                }
            }
            Self::Group(fields) => {
                for (key, (line, node)) in fields {
                    let key = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    note(&key, *line);
                    node.lines(&key, note);
                }
            }
        }
    }

    fn into_value(self) -> Value {
        match self {
            Self::Plain(value) => value,
            Self::List(items) => Value::Array(items.into_iter().map(Self::into_value).collect()),
            Self::Group(fields) => {
                Value::Object(fields.into_iter().map(|(key, (_, node))| (key, node.into_value())).collect())
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyNode)
    }
}

struct AnyNode;

impl<'de> Visitor<'de> for AnyNode {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("settings")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Plain(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Plain(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Plain(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Node, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom(NOT_A_NUMBER))?;
        Ok(Node::Plain(Value::Number(number)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Plain(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Plain(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Plain(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = items.next_element()? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Node, A::Error> {
        let mut nodes = BTreeMap::new();
        while let Some(key) = fields.next_key::<Spanned<String>>()? {
            nodes.insert(key.value, (key.referenced.line(), fields.next_value()?));
        }
        Ok(Node::Group(nodes))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::read;

    #[test]
    fn keys_know_the_line_they_are_on() {
        let (value, origins) = read(
            Path::new("v.yaml"),
            "# mine\napi:\n  replicas: 3\n  roles: [web, api]\nweb: {replicas: 0x10}\ndatabase:\n",
        )
        .unwrap();
        assert_eq!(
            value,
            json!({ "api": { "replicas": 3, "roles": ["web", "api"] }, "web": { "replicas": 16 }, "database": null })
        );
        assert_eq!(origins["api.replicas"].to_string(), "v.yaml:3");
        assert_eq!(origins["web.replicas"].to_string(), "v.yaml:5");
        assert_eq!(origins["database"].to_string(), "v.yaml:6");
    }

    #[test]
    fn what_is_no_yaml_is_refused_with_its_line() {
        for (text, said) in [
            ("a: 1\nb: [1, 2\n", "v.yaml:"),
            ("a: 1\na: 2\n", "v.yaml:2: not YAML of settings"),
            ("- a\n- b\n", "v.yaml:1: found a list; a file of settings is a group of them"),
            ("a: .nan\n", "v.yaml:1: not YAML of settings"),
        ] {
            let problem = read(Path::new("v.yaml"), text).unwrap_err().to_string();
            assert!(problem.starts_with(said), "{text:?}: {problem}");
        }
    }

    #[test]
    fn an_empty_file_says_nothing() {
        for text in ["", "# nothing\n\n", "---\n", "{}\n"] {
            assert_eq!(read(Path::new("v.yaml"), text).unwrap().0, json!({}), "{text:?}");
        }
    }

    #[test]
    fn anchors_that_expand_for_ever_are_refused() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for at in 1..12 {
            let before = format!("*a{}", at - 1);
            text.push_str(&format!("a{at}: &a{at} [{}]\n", [before.as_str(); 10].join(", ")));
        }
        assert!(read(Path::new("v.yaml"), &text).is_err());
    }
}
