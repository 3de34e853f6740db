//! `words`: what an order in plain words means, offline, without a database or a server.

use domain::{Clock as _, SystemClock};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use words::Span;

use crate::args::Words;
use crate::failure::{Failure, Outcome};
use crate::output::Output;

/// This machine's zone, or the one of that name.
pub(crate) fn zone(name: Option<&str>) -> Outcome<TimeZone> {
    match name {
        None => Ok(TimeZone::system()),
        Some(name) => TimeZone::get(name).map_err(|_| {
            Failure::Usage(format!("--zone {name}: there is no such time zone; write one as Europe/Berlin"))
        }),
    }
}

pub(crate) fn run(args: &Words, output: Output) -> Outcome {
    let zone = zone(args.zone.as_deref())?;
    let now: DateTime = args.now.unwrap_or_else(|| SystemClock.now().to_zoned(zone.clone()).datetime());
    let text = args.text.join(" ");
    let parsed = words::parse(&text, now, &zone);
    let mut value = serde_json::to_value(&parsed.command)
        .map_err(|error| Failure::because("the command is no JSON", &error))?;
    if args.spans
        && let Some(object) = value.as_object_mut()
    {
        let spans: Vec<Value> = parsed.spans.iter().map(|span| as_json(&text, span)).collect();
        object.insert("spans".to_owned(), Value::Array(spans));
    }
    if output.is_json() { output.text(&value.to_string()) } else { output.json(&value) }
}

/// A span by its characters, which is what a reader of JSON counts.
fn as_json(text: &str, span: &Span) -> Value {
    let characters = |end: usize| text.get(..end).map_or(0, |before| before.chars().count());
    json!({
        "start": characters(span.start),
        "end": characters(span.end),
        "text": text.get(span.start..span.end),
        "what": span.what,
    })
}
