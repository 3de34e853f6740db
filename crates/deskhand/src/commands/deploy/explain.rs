//! `deploy explain`: where a number of a manifest comes from, and what is otherwise than it was asked for.

use deploy::explain::{self, Explanation, Reason};
use serde_json::{Value, json};

use super::layers;
use crate::args::DeployExplain;
use crate::failure::Outcome;
use crate::output::Output;

pub(super) fn run(args: &DeployExplain, output: Output) -> Outcome {
    let layers = layers(&args.fleet)?;
    let profile = args.fleet.profile.as_str();
    let Some(path) = &args.path else {
        let reasons: Vec<&Reason> = explain::reasons(profile).collect();
        return output.result(&json!({ "reasons": reasons }), || {
            reasons.into_iter().map(reason).collect::<Vec<_>>().join("\n")
        });
    };
    let explanation = explain::explain(&layers, profile, path)?;
    output.result(&explanation, || text(&explanation))
}

fn text(explanation: &Explanation) -> String {
    let Explanation { resource, field, value, setting, set_by, follows, reasons } = explanation;
    let dot = if field.is_empty() { "" } else { "." };
    let shown = match value {
        None => "left out".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(value @ (Value::Object(_) | Value::Array(_))) => {
            format!("\n{}", deploy::output::yaml(value).unwrap_or_default().trim_end())
        }
        Some(value) => value.to_string(),
    };
    let mut text = format!("{resource}{dot}{field}: {shown}\n");
    if let Some(setting) = setting {
        let by = set_by.as_deref().map(|by| format!(", set by {by}")).unwrap_or_default();
        text.push_str(&format!("  from {setting}{by}\n"));
    }
    for sentence in follows {
        text.push_str(&format!("  {sentence}\n"));
    }
    for one in reasons {
        text.push_str(&format!("\n{}", reason(one)));
    }
    text
}

/// A reason in three lines.
fn reason(reason: &Reason) -> String {
    format!("asked:   {}\nhappens: {}\ninstead: {}\n", reason.asked, reason.happens, reason.instead)
}
