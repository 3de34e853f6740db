//! `deploy chart`: the Helm chart that this program carries, in a folder.

use std::collections::BTreeMap;

use deploy::output;
use rust_embed::RustEmbed;
use serde_json::json;

use crate::args::DeployChart;
use crate::failure::{Failure, Outcome};
use crate::output::Output;

/// The chart as it is committed. Tests hold it and the model together.
#[derive(RustEmbed)]
#[folder = "../../charts/deskhand"]
struct Chart;

pub(super) fn run(args: &DeployChart, output: Output) -> Outcome {
    let files = Chart::iter().filter_map(|name| {
        let text = String::from_utf8(Chart::get(&name)?.data.into_owned());
        Some(text.map(|text| (name.into_owned(), text)))
    });
    let files: BTreeMap<String, String> = files
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::because("the chart cannot be read", &error))?;
    let written = output::write(&args.output, &files)?;
    output.result(&json!({ "files": written.files, "removed": written.removed }), || {
        format!("the chart is in {}: {} files", args.output.display(), written.files.len())
    })
}
