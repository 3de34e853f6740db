//! `deploy render`: the manifests of a fleet, printed or in a folder.

use deploy::output;
use serde_json::{Value, json};

use super::fleet;
use crate::args::DeployRender;
use crate::failure::Outcome;
use crate::output::Output;

pub(super) fn run(args: &DeployRender, output: Output) -> Outcome {
    let objects = deploy::render(&fleet(&args.fleet)?)?;
    let Some(folder) = &args.output else {
        if output.is_json() {
            let items: Vec<&Value> = objects.iter().map(deploy::Object::value).collect();
            return output.json(&json!({ "apiVersion": "v1", "kind": "List", "items": items }));
        }
        return output.text(&output::text(&objects)?);
    };
    let written = output::write(folder, &output::files(&objects)?)?;
    output.result(&json!({ "files": written.files, "removed": written.removed }), || {
        let mut text = format!("{} files are in {}", written.files.len(), folder.display());
        if !written.removed.is_empty() {
            text.push_str(&format!("; not needed any more, and removed: {}", written.removed.join(", ")));
        }
        text
    })
}
