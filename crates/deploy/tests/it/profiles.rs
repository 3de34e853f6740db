//! Every profile as it was last agreed to.

use std::fs;
use std::path::Path;

use deploy::output;
use deploy::profiles::PROFILES;
use serde_json::Value;

use crate::invariants::hold;
use crate::rendered;

/// All manifests as text, with long files of others shortened to their length.
fn text(profile: &str) -> String {
    let objects = rendered(profile, &[]).unwrap();
    let texts = objects.iter().map(|object| {
        let mut value = object.value().clone();
        if let Some(data) = value.get_mut("data").and_then(Value::as_object_mut) {
            for text in data.values_mut().filter(|text| text.as_str().is_some_and(|text| text.len() > 4_000))
            {
                *text = format!("{} bytes", text.as_str().unwrap().len()).into();
            }
        }
        output::yaml(&value).unwrap()
    });
    texts.collect::<Vec<_>>().join("---\n")
}

#[test]
fn every_profile_renders_what_was_agreed_to() {
    let mut changed = Vec::new();
    for profile in PROFILES {
        let file =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{}.yaml", profile.name));
        let now = text(profile.name);
        if fs::read_to_string(&file).unwrap_or_default() != now {
            let new = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.yaml", profile.name));
            fs::write(&new, now).unwrap();
            changed.push(format!("cp {} {}", new.display(), file.display()));
        }
    }
    assert!(changed.is_empty(), "look at what changed, and agree to it by\n{}", changed.join("\n"));
}

#[test]
fn what_must_hold_of_every_fleet_holds_of_every_profile() {
    for profile in PROFILES {
        hold(&rendered(profile.name, &[]).unwrap());
    }
}

#[test]
fn rendering_twice_gives_the_same() {
    for profile in PROFILES {
        assert_eq!(text(profile.name), text(profile.name));
    }
}
