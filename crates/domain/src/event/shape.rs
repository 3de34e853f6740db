//! What became of a shape, for those who read it: a new optional field is a minor version, anything else a major
//! (DESIGN, "Events"). Shapes are JSON Schemas as schemars writes them.

use std::collections::{BTreeSet, HashSet};
use std::fmt;

use serde_json::{Map, Value};

/// One difference between two versions of a shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The field, as a path with dots; `[]` stands for the elements of a list.
    pub field: String,
    /// What became of it.
    pub what: What,
}

/// What became of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It is new, and may be absent. All else breaks those who read the shape as it was.
    Added,
    /// It is new, and said to be always there, which it is not in the events before.
    AddedAsRequired,
    /// It is gone.
    Removed,
    /// It was always there, and may be absent now.
    MayBeAbsent,
    /// It could be absent, as it still is in the events before.
    IsRequired,
    /// It has another type, other values, or another meaning of them.
    Retyped {
        /// The keyword of JSON Schema that differs.
        keyword: String,
    },
}

impl Difference {
    /// Whether a new minor version is enough for it.
    pub fn is_minor(&self) -> bool {
        self.what == What::Added
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = if self.field.is_empty() { "the whole" } else { &self.field };
        match &self.what {
            What::Added => write!(f, "{field} is new"),
            What::AddedAsRequired => write!(f, "{field} is new, and required"),
            What::Removed => write!(f, "{field} is gone"),
            What::MayBeAbsent => write!(f, "{field} may be absent now"),
            What::IsRequired => write!(f, "{field} is required now"),
            What::Retyped { keyword } => write!(f, "{field} has another {keyword}"),
        }
    }
}

/// What is different in `after`, which is to be read by whoever could read `before`, and the other way round.
pub fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut comparison = Comparison { roots: (before, after), seen: HashSet::new(), found: Vec::new() };
    comparison.compare("", before, after);
    comparison.found
}

/// What says nothing about which values there can be.
const ANNOTATIONS: [&str; 8] =
    ["$schema", "$defs", "$ref", "title", "description", "default", "examples", "x-version"];

struct Comparison<'s> {
    roots: (&'s Value, &'s Value),
    /// Definitions that were compared already: a shape may hold itself.
    seen: HashSet<(&'s str, &'s str)>,
    found: Vec<Difference>,
}

impl<'s> Comparison<'s> {
    fn tell(&mut self, field: &str, what: What) {
        self.found.push(Difference { field: field.to_owned(), what });
    }

    fn compare(&mut self, field: &str, before: &'s Value, after: &'s Value) {
        let ((before, old), (after, new)) = (resolve(self.roots.0, before), resolve(self.roots.1, after));
        if let (Some(old), Some(new)) = (old, new)
            && !self.seen.insert((old, new))
        {
            return;
        }
        let (Value::Object(before), Value::Object(after)) = (before, after) else {
            if before != after {
                self.tell(field, What::Retyped { keyword: "type".to_owned() });
            }
            return;
        };
        let keywords: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for keyword in keywords.into_iter().filter(|keyword| !ANNOTATIONS.contains(&keyword.as_str())) {
            match (keyword.as_str(), before.get(keyword), after.get(keyword)) {
                ("properties", ..) => self.compare_fields(field, before, after),
                ("required", ..) => {}
                ("items" | "additionalProperties", Some(old), Some(new)) => {
                    self.compare(&format!("{field}[]"), old, new);
                }
                ("anyOf" | "oneOf" | "allOf", Some(Value::Array(old)), Some(Value::Array(new)))
                    if old.len() == new.len() =>
                {
                    for (old, new) in old.iter().zip(new) {
                        self.compare(field, old, new);
                    }
                }
                (_, Some(old), Some(new)) if as_set(old) == as_set(new) => {}
                _ => self.tell(field, What::Retyped { keyword: keyword.clone() }),
            }
        }
    }

    fn compare_fields(&mut self, field: &str, before: &'s Map<String, Value>, after: &'s Map<String, Value>) {
        let (old, new) = (fields(before), fields(after));
        let names: BTreeSet<&String> = old.iter().chain(&new).flat_map(|fields| fields.keys()).collect();
        for name in names {
            let path = if field.is_empty() { name.clone() } else { format!("{field}.{name}") };
            let (was, is) = (is_required(before, name), is_required(after, name));
            match (old.and_then(|fields| fields.get(name)), new.and_then(|fields| fields.get(name))) {
                (Some(_), None) => self.tell(&path, What::Removed),
                (None, Some(_)) => self.tell(&path, if is { What::AddedAsRequired } else { What::Added }),
                (Some(old), Some(new)) => {
                    if was != is {
                        self.tell(&path, if is { What::IsRequired } else { What::MayBeAbsent });
                    }
                    self.compare(&path, old, new);
                }
                (None, None) => {}
            }
        }
    }
}

/// What `schema` stands for, and the name of the definition that it points to.
fn resolve<'s>(root: &'s Value, schema: &'s Value) -> (&'s Value, Option<&'s str>) {
    let name = schema.get("$ref").and_then(Value::as_str);
    let found = name.and_then(|name| root.pointer(name.strip_prefix('#')?));
    (found.unwrap_or(schema), name)
}

fn fields(schema: &Map<String, Value>) -> Option<&Map<String, Value>> {
    schema.get("properties")?.as_object()
}

fn is_required(schema: &Map<String, Value>, name: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.is_some_and(|names| names.iter().any(|required| required == name))
}

/// The order of what a list allows says nothing.
fn as_set(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Array(values) => values.iter().map(Value::to_string).collect(),
        value => BTreeSet::from([value.to_string()]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shape() -> Value {
        json!({
            "type": "object",
            "required": ["title"],
            "properties": {
                "title": { "type": "string" },
                "due": { "anyOf": [{ "$ref": "#/$defs/Due" }, { "type": "null" }] },
                "status": { "enum": ["open", "done"] },
                "steps": { "type": "array", "items": { "$ref": "#/$defs/Step" } },
            },
            "$defs": {
                "Due": {
                    "type": "object",
                    "required": ["date"],
                    "properties": { "date": { "type": "string", "format": "date" } },
                },
                "Step": {
                    "type": "object",
                    "properties": { "steps": { "type": "array", "items": { "$ref": "#/$defs/Step" } } },
                },
            },
        })
    }

    fn found(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut after = shape();
        change(&mut after);
        differences(&shape(), &after).iter().map(ToString::to_string).collect()
    }

    fn is_minor(change: impl FnOnce(&mut Value)) -> bool {
        let mut after = shape();
        change(&mut after);
        differences(&shape(), &after).iter().all(Difference::is_minor)
    }

    #[test]
    fn descriptions_and_the_order_of_values_are_no_difference() {
        assert_eq!(found(|_| {}), [""; 0]);
        assert_eq!(found(|shape| shape["properties"]["title"]["description"] = json!("new")), [""; 0]);
        assert_eq!(found(|shape| shape["properties"]["status"]["enum"] = json!(["done", "open"])), [""; 0]);
    }

    #[test]
    fn a_new_field_that_may_be_absent_is_a_minor_wherever_it_is() {
        let add = |shape: &mut Value| shape["$defs"]["Due"]["properties"]["zone"] = json!({"type": "string"});
        assert_eq!(found(add), ["due.zone is new"]);
        assert!(is_minor(add));
    }

    #[test]
    fn everything_else_is_a_major() {
        type Change = fn(&mut Value);
        let cases: [(Change, &str); 8] = [
            (|shape| _ = shape["properties"].as_object_mut().unwrap().remove("due"), "due is gone"),
            (|shape| shape["properties"]["title"]["type"] = json!("integer"), "title has another type"),
            (
                |shape| shape["properties"]["title"]["type"] = json!(["string", "null"]),
                "title has another type",
            ),
            (|shape| shape["required"] = json!([]), "title may be absent now"),
            (|shape| shape["required"] = json!(["title", "status"]), "status is required now"),
            (|shape| shape["properties"]["status"]["enum"] = json!(["open"]), "status has another enum"),
            (
                |shape| shape["$defs"]["Due"]["properties"]["date"]["format"] = json!("date-time"),
                "due.date has another format",
            ),
            (
                |shape| {
                    shape["properties"]["kind"] = json!({ "type": "string" });
                    shape["required"] = json!(["title", "kind"]);
                },
                "kind is new, and required",
            ),
        ];
        for (change, expected) in cases {
            assert_eq!(found(change), [expected]);
            assert!(!is_minor(change), "{expected}");
        }
    }

    #[test]
    fn a_shape_that_holds_itself_is_compared_once() {
        let add =
            |shape: &mut Value| shape["$defs"]["Step"]["properties"]["name"] = json!({"type": "string"});
        assert_eq!(found(add), ["steps[].name is new"]);
    }
}
