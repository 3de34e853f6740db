//! How long a day of a fleet takes to be simulated: five runs of the profile `support-fleet` under a daily curve.
//!
//! `cargo run --release -p deskhand-deploy --example day [FILE.svg]`; with a file it also draws the last run there.

use std::error::Error;
use std::time::Instant;

use deploy::simulate::{Caption, Fleet, Load, Rate, Workers, hpa, replay, scaled};
use deploy::values::Layers;

#[expect(clippy::print_stdout, reason = "it is run to be read")]
fn main() -> Result<(), Box<dyn Error>> {
    let objects = deploy::render(&deploy::Fleet::try_from(&Layers::profile("support-fleet")?)?)?;
    let objects: Vec<serde_json::Value> = objects.iter().map(|object| object.value().clone()).collect();
    let found = deploy::workload::read(&objects)?;
    let scaled = scaled(&found)?;
    let one = scaled.first().ok_or("nothing is scaled")?;
    let fleet = Fleet {
        workers: Workers { service_secs: 0.5, start_secs: 20, partitions: 12, handover_secs: 0, cpu: None },
        replicas: one.replicas,
        scaling: one.scaling.clone(),
        nodes: None,
        controls: hpa::Controls::default(),
        seed: None,
    };
    let load = Load::parse("daily:1:10")?;
    let mut last = None;
    for _ in 0..5 {
        let began = Instant::now();
        let run = replay(&fleet, &load, 86_400)?;
        println!("{} events of a day: {:.1} ms", run.events, began.elapsed().as_secs_f64() * 1_000.0);
        last = Some(run);
    }
    if let (Some(run), Some(path)) = (last, std::env::args().nth(1)) {
        let rate = Rate { hour: 480.0 / 8_760.0, currency: "USD".to_owned() };
        let title = "support-fleet: deskhand-workers under daily:1:10";
        let caption = Caption { title, promise_secs: Some(2.5), rate: Some(&rate) };
        std::fs::write(path, run.svg(&caption))?;
    }
    Ok(())
}
