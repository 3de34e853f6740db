//! What of the chart is made from the model: values, profiles, their schema, the table of them in the README, and the files
//! that go into manifests. `make generate` writes it anew, which is this test with `DESKHAND_WRITE` set.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use deploy::profiles::{self, PROFILES};
use deploy::values::Values;
use serde_json::{Value, json};

use super::helm::{chart, root};

/// Where the README's table begins and ends.
const BEGIN: &str = "<!-- values: from here on generated -->\n";

/// Everything that is generated, by its path in the chart.
fn generated() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut put = |path: &str, text: String| _ = files.insert(path.to_owned(), text);
    put("values.yaml", profiles::find("production").unwrap().text().to_owned());
    put("values-dev.yaml", profiles::find("local").unwrap().text().to_owned());
    for profile in PROFILES {
        // All that `production` says is in values.yaml.
        let text = match profile.name {
            "production" => format!("# {}: this is values.yaml.\n{{}}\n", profile.about),
            _ => profile.text().to_owned(),
        };
        put(&format!("profiles/{}.yaml", profile.name), text);
    }
    let mut schema = json!({ "$schema": "http://json-schema.org/draft-07/schema#", "title": "Values of the chart deskhand" });
    schema.as_object_mut().unwrap().extend(Values::schema().as_object().unwrap().clone());
    put("values.schema.json", format!("{}\n", serde_json::to_string_pretty(&schema).unwrap()));
    let readme = fs::read_to_string(chart().join("README.md")).unwrap();
    let (head, _) = readme.split_once(BEGIN).expect("the README says where its table begins");
    put("README.md", format!("{head}{BEGIN}{}", table(&Values::schema())));
    let assets = root().join("crates/deploy/assets");
    for entry in
        fs::read_dir(&assets).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir())
    {
        for file in fs::read_dir(entry).unwrap().map(|file| file.unwrap().path()) {
            let path = Path::new("files").join(file.strip_prefix(&assets).unwrap());
            put(path.to_str().unwrap(), fs::read_to_string(&file).unwrap());
        }
    }
    files
}

/// The default of a key: what `production` says.
fn default(values: &Value, path: &str) -> String {
    let found = path.split('.').try_fold(values, |value, key| value.get(key));
    match found {
        None => String::new(),
        Some(value) => format!("`{}`", serde_json::to_string(value).unwrap().replace('|', "\\|")),
    }
}

/// One row a key. What runs Deskhand is made of the same keys each time, so these are said once.
fn table(schema: &Value) -> String {
    let values: Value = serde_saphyr::from_str(profiles::find("production").unwrap().text()).unwrap();
    let mut text =
        String::from("\n## Values\n\nDefaults are those of `production`, which is `values.yaml`.\n\n");
    text.push_str("| key | default | what |\n|---|---|---|\n");
    rows(&mut text, &values, "", schema, true);
    let component = &schema["properties"]["api"];
    text.push_str(
        "\n### A component: `web`, `api`, `workers`, `relay`, `clock`, and each of `workerSets`\n\n",
    );
    text.push_str("Defaults are those of `api`; `values.yaml` has the others'.\n\n| key | default | what |\n|---|---|---|\n");
    rows(&mut text, &values["api"], "", component, false);
    text
}

fn rows(text: &mut String, values: &Value, prefix: &str, schema: &Value, is_top: bool) {
    for (name, below) in schema["properties"].as_object().unwrap() {
        let key = format!("{prefix}{name}");
        let about = below["description"].as_str().unwrap_or_default().replace('|', "\\|");
        let is_component = is_top && below["properties"]["topologySpread"].is_object();
        let is_amounts = below["properties"]["requests"].is_object();
        if is_component || !below["properties"].is_object() {
            let default = if is_component { String::new() } else { default(values, &key) };
            let words = below["enum"].as_array().map(|words| {
                let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
                format!(" One of {}.", words.join(", "))
            });
            writeln!(text, "| `{key}` | {default} | {about}{} |", words.unwrap_or_default()).unwrap();
        } else if is_amounts {
            writeln!(text, "| `{key}.requests`, `{key}.limits` | {} | {about} `cpu`, `memory`, `ephemeralStorage` of each. |", default(values, &key)).unwrap();
        } else {
            rows(text, values, &format!("{key}."), below, false);
        }
    }
}

#[test]
fn what_is_generated_of_the_chart_is_current() {
    let files = generated();
    if std::env::var_os("DESKHAND_WRITE").is_some() {
        for (path, text) in &files {
            let path = chart().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }
    let stale: Vec<&String> = files
        .iter()
        .filter(|(path, text)| fs::read_to_string(chart().join(path)).ok().as_ref() != Some(*text))
        .map(|(path, _)| path)
        .collect();
    assert!(stale.is_empty(), "not current: run `make generate`: {stale:?}");
    for folder in ["files", "profiles"] {
        let mut left = Vec::new();
        walk(&chart().join(folder), &mut left);
        let unknown: Vec<_> = left.iter().filter(|path| !files.contains_key(*path)).collect();
        assert!(unknown.is_empty(), "nothing makes these any more: {unknown:?}");
    }
}

fn walk(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            walk(&entry, found);
        } else {
            found.push(entry.strip_prefix(chart()).unwrap().to_str().unwrap().to_owned());
        }
    }
}
