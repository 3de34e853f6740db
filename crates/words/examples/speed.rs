//! How long a sentence of the sample takes to read, in nanoseconds.

use std::hint::black_box;
use std::time::Instant;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const ROUNDS: u32 = 300;

#[allow(clippy::print_stdout, reason = "its output is what it is for")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut cases: Vec<(String, DateTime, TimeZone)> = Vec::new();
    for line in include_str!("../tests/it/sample.jsonl").lines() {
        let case: serde_json::Value = serde_json::from_str(line)?;
        let text = |key: &str| case[key].as_str().unwrap_or_default().to_owned();
        cases.push((text("text"), text("now").parse()?, TimeZone::get(&text("zone"))?));
    }
    let mut slowest = (0, "");
    let began = Instant::now();
    for (text, now, zone) in &cases {
        let one = Instant::now();
        for _ in 0..ROUNDS {
            black_box(words::parse(black_box(text), *now, zone));
        }
        slowest = slowest.max((one.elapsed().as_nanos() / u128::from(ROUNDS), text.as_str()));
    }
    let each = began.elapsed().as_nanos() / (cases.len() as u128 * u128::from(ROUNDS));
    println!("{each} ns a sentence; the slowest {} ns: {}", slowest.0, slowest.1);
    Ok(())
}
