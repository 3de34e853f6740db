//! Reads what `--set` says, as Helm does: `a.b=1,c[0]=x,d={x,y}`. Whole numbers, true, false and null are what they look
//! like, everything else is text. What keys mean is not known here.

use serde_json::{Map, Value};

/// The longest list that an index may make.
const MOST_ITEMS: usize = 1_000;
/// The most steps that a key may have.
const MOST_STEPS: usize = 30;

/// One step into a value.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    Key(String),
    Index(usize),
}

/// What one flag changes: paths, with what is to be there. Errors with a sentence.
pub(super) fn apply(text: &str, value: &mut Value) -> Result<Vec<String>, String> {
    let mut keys = Vec::new();
    let mut rest = Text { letters: text.chars().collect(), at: 0 };
    loop {
        let steps = rest.steps()?;
        let new = rest.value()?;
        keys.push(dotted(&steps));
        put(value, &steps, new)?;
        if rest.at >= rest.letters.len() {
            return Ok(keys);
        }
    }
}

fn dotted(steps: &[Step]) -> String {
    let texts = steps.iter().map(|step| match step {
        Step::Key(key) => key.clone(),
        Step::Index(at) => at.to_string(),
    });
    texts.collect::<Vec<_>>().join(".")
}

struct Text {
    letters: Vec<char>,
    at: usize,
}

impl Text {
    fn next(&mut self) -> Option<char> {
        let letter = self.letters.get(self.at).copied();
        self.at += 1;
        letter
    }

    /// The letters up to one of `ends`, and which that was; a backslash takes the next letter as it is.
    fn until(&mut self, ends: &[char]) -> (String, Option<char>) {
        let mut word = String::new();
        while let Some(letter) = self.next() {
            if letter == '\\' {
                word.extend(self.next());
            } else if ends.contains(&letter) {
                return (word, Some(letter));
            } else {
                word.push(letter);
            }
        }
        (word, None)
    }

    fn steps(&mut self) -> Result<Vec<Step>, String> {
        let mut steps = Vec::new();
        loop {
            let (word, end) = self.until(&['.', '[', '=']);
            match (word.is_empty(), steps.last()) {
                (false, _) => steps.push(Step::Key(word)),
                (true, Some(Step::Index(_))) => {}
                (true, _) => return Err("a key is missing: it is written KEY=VALUE".to_owned()),
            }
            if end == Some('[') {
                let (number, closed) = self.until(&[']']);
                let index = number.parse().ok().filter(|index| *index < MOST_ITEMS && closed.is_some());
                steps.push(Step::Index(index.ok_or_else(|| format!("[{number}] is no place in a list"))?));
                match self.next() {
                    Some('=') => break,
                    Some('.') => {}
                    Some('[') => self.at -= 1,
                    _ => return Err("after ] comes . or =".to_owned()),
                }
            }
            match end {
                Some('=') => break,
                None => return Err("there is no value: it is written KEY=VALUE".to_owned()),
                _ if steps.len() > MOST_STEPS => return Err("the key has too many parts".to_owned()),
                _ => {}
            }
        }
        Ok(steps)
    }

    fn value(&mut self) -> Result<Value, String> {
        if self.letters.get(self.at) == Some(&'{') {
            self.at += 1;
            let mut items = Vec::new();
            loop {
                let (word, end) = self.until(&[',', '}']);
                if !(word.is_empty() && items.is_empty() && end == Some('}')) {
                    items.push(typed(word));
                }
                match end {
                    Some(',') => {}
                    Some(_) => break,
                    None => return Err("a list that begins with { ends with }".to_owned()),
                }
            }
            return match self.next() {
                None | Some(',') => Ok(Value::Array(items)),
                Some(other) => Err(format!("after }} comes a comma or the end, not {other:?}")),
            };
        }
        Ok(typed(self.until(&[',']).0))
    }
}

fn typed(word: String) -> Value {
    match word.as_str() {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "null" => Value::Null,
        "0" => 0.into(),
        digits if digits.starts_with(['0', '+']) => Value::String(word),
        _ => word.parse::<i64>().map_or(Value::String(word), Value::from),
    }
}

fn put(value: &mut Value, steps: &[Step], new: Value) -> Result<(), String> {
    let Some((step, rest)) = steps.split_first() else {
        *value = new;
        return Ok(());
    };
    match step {
        Step::Key(key) => {
            if value.is_null() {
                *value = Value::Object(Map::new());
            }
            let Some(object) = value.as_object_mut() else {
                return Err(format!("{key} would be below something that is no group of settings"));
            };
            put(object.entry(key.clone()).or_insert(Value::Null), rest, new)
        }
        Step::Index(at) => {
            if value.is_null() {
                *value = Value::Array(Vec::new());
            }
            let Some(items) = value.as_array_mut() else {
                return Err(format!("[{at}] is of something that is no list"));
            };
            while items.len() <= *at {
                items.push(Value::Null);
            }
            items.get_mut(*at).map_or(Ok(()), |item| put(item, rest, new))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};
    use serde_json::{Value, json};

    use super::apply;

    fn set(text: &str) -> Result<Value, String> {
        let mut value = json!({ "api": { "replicas": 2 } });
        apply(text, &mut value).map(|_| value)
    }

    #[test]
    fn flags_are_read_as_helm_reads_them() {
        assert_eq!(set("api.replicas=3").unwrap(), json!({ "api": { "replicas": 3 } }));
        assert_eq!(
            set("api.replicas=null,a.b={x,1},c=0.5,d=007,e=,f=true").unwrap(),
            json!({ "api": { "replicas": null }, "a": { "b": ["x", 1] }, "c": "0.5", "d": "007", "e": "", "f": true })
        );
        assert_eq!(
            set("settings.log\\.level=debug,x[1].y=a\\,b").unwrap(),
            json!({
                "api": { "replicas": 2 },
                "settings": { "log.level": "debug" },
                "x": [null, { "y": "a,b" }],
            })
        );
    }

    #[test]
    fn what_helm_would_not_take_is_refused() {
        for text in [
            "",
            "a",
            "=1",
            "a..b=1",
            "a[x]=1",
            "a[0=1",
            "a[99999999]=1",
            "a={x",
            "api.replicas.x=1",
            "a={x}y",
        ] {
            assert!(set(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = set(&text);
        }
    }
}
