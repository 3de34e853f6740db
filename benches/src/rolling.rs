//! Every process of a fleet replaced under load, after the times that its manifests say, behind balancers that learn of
//! it as a Service's routers do.

mod chart;
mod load;
mod pod;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use desk::articles;
use sqlx::{Connection as _, Executor as _, PgConnection};
use testkit::Proxy;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::chart::{PROFILE, Part};
use self::load::{CLIENTS, Desk, PACE, PERIOD, Seen, VISITORS};
use self::pod::{Around, End, Pod};
use crate::converse::guides;
use crate::machine::{fsync, ms, percentile};
use crate::server::{GENEROUS, Place, Prepared, fill_tasks};

/// How many tasks there are before.
const TASKS: usize = 10_000;
/// How often all of it is replaced.
const ROLLS: usize = 3;
/// How long the load goes on before that.
const BEFORE: Duration = Duration::from_secs(60);
/// How long it takes until the first requests, which open connections, are answered; they are not counted.
const WARM: Duration = Duration::from_secs(5);

/// A client that keeps its connections for the next request, or begins one for each.
fn client(keeps: bool) -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let idle = if keeps { usize::MAX } else { 0 };
    let builder = reqwest::Client::builder().pool_max_idle_per_host(idle).no_proxy();
    builder.timeout(Duration::from_secs(30)).build().expect("a client")
}

/// A database with tasks and articles, the addresses that stay, and what people know of the desk.
async fn prepare(parts: &[Arc<Part>]) -> (Arc<Around>, Arc<Desk>, Duration) {
    let url = testkit::empty_postgres().await;
    let prepared = Prepared::new(Place::Postgres(url.clone())).await;
    articles::import(&prepared.desk, &prepared.owner, guides()).await.expect("the guides are imported");
    fill_tasks(&prepared.desk, &prepared.owner, TASKS).await;
    // A database that is in use knows what is in it: PostgreSQL sees to that within a minute.
    let mut database = PgConnection::connect(&url).await.expect("PostgreSQL");
    database.execute("ANALYZE").await.expect("statistics");
    let probe = fsync(prepared.folder.path());
    prepared.desk.store().close().await;
    let services = parts.iter().filter_map(|part| part.service.as_ref());
    let balancers: HashMap<String, Proxy> =
        services.clone().map(|(name, _)| (name.clone(), Proxy::empty())).collect();
    let entry = services.clone().find(|(_, is_entry)| *is_entry).expect("a way in");
    let desk = Desk {
        address: balancers[&entry.0].address().to_owned(),
        token: prepared.token.clone(),
        channel: prepared.channel.clone(),
        seen: Default::default(),
    };
    let around = Around {
        settings: GENEROUS.map(|(name, value)| (name, value.to_owned())).to_vec(),
        secrets: HashMap::from([
            ("DESKHAND_DATABASE_URL", url),
            ("DESKHAND_SECRET_KEY", "c2l4dGVlbiByYW5kb20gYnl0ZXMgdHdpY2Ugb3ZlciE=".to_owned()),
        ]),
        balancers,
    };
    (Arc::new(around), Arc::new(desk), probe)
}

/// Replaces every process of a part: as many new ones at once as there may be beyond the others, and when these are
/// ready, as many of the old ones end, while the next ones start.
async fn roll(part: Arc<Part>, around: Arc<Around>, mut old: Vec<Pod>) -> (Vec<Pod>, Vec<End>) {
    let (mut new, mut ends) = (Vec::new(), JoinSet::new());
    while !old.is_empty() {
        let batch = part.surge.min(old.len());
        let mut started: Vec<Pod> = (0..batch).map(|_| Pod::start(&part, &around)).collect();
        for pod in &mut started {
            pod.is_ready().await;
        }
        new.append(&mut started);
        for pod in old.drain(..batch) {
            ends.spawn(pod.delete());
        }
    }
    (new, ends.join_all().await)
}

pub(crate) async fn run() -> String {
    let parts: Vec<Arc<Part>> = chart::parts().into_iter().map(Arc::new).collect();
    let (around, desk, probe) = prepare(&parts).await;
    let mut fleet: Vec<(Arc<Part>, Vec<Pod>)> = parts
        .iter()
        .map(|part| (Arc::clone(part), (0..part.replicas).map(|_| Pod::start(part, &around)).collect()))
        .collect();
    for pod in fleet.iter_mut().flat_map(|(_, pods)| pods) {
        pod.is_ready().await;
    }
    let (over, began) = (CancellationToken::new(), Instant::now() + pod::LEARNED);
    tokio::time::sleep(pod::LEARNED).await;
    let people = load::begin(&desk, &over);
    tokio::time::sleep(WARM + BEFORE).await;
    let rolled = Instant::now();
    let mut ends = Vec::new();
    for _ in 0..ROLLS {
        // All parts at the same time, as an update of the release does it.
        let mut rolls = JoinSet::new();
        for (part, pods) in fleet.drain(..) {
            let around = Arc::clone(&around);
            rolls.spawn(async move {
                let (new, ends) = roll(Arc::clone(&part), around, pods).await;
                (part, new, ends)
            });
        }
        for (part, new, ended) in rolls.join_all().await {
            fleet.push((part, new));
            ends.extend(ended);
        }
    }
    let took = rolled.elapsed();
    over.cancel();
    people.join_all().await;
    let seen = std::mem::take(&mut *desk.seen.lock().expect("nobody broke it"));
    report(&parts, &seen, (began + WARM, rolled), (took, &ends), probe)
}

fn report(
    parts: &[Arc<Part>],
    seen: &Seen,
    (began, rolled): (Instant, Instant),
    (took, ends): (Duration, &[End]),
    probe: Duration,
) -> String {
    let mut out = String::from("## Every process replaced under load\n\n");
    let _ = writeln!(
        out,
        "The profile `{PROFILE}` on one PostgreSQL with {TASKS} tasks, with the times of its own manifests. {CLIENTS} \
         programs make and list tasks, one request every {} ms to {} ms each, a quarter of them with a new connection for each; {VISITORS} \
         visitors ask every {} s. Balancers learn {} s late who is ready and who is to end.\n",
        PACE.as_millis(),
        (PACE * CLIENTS).as_millis(),
        PERIOD.as_secs(),
        pod::LEARNED.as_secs(),
    );
    for part in parts {
        let _ = writeln!(
            out,
            "- {} × `{}`, {} more while it is replaced: ready {} s after its start, then asked every {} s; preStop {} s, \
             all in all {} s to end",
            part.replicas,
            part.name,
            part.surge,
            part.readiness.delay.as_secs(),
            part.readiness.period.as_secs(),
            part.pre_stop.as_secs(),
            part.grace.as_secs(),
        );
    }
    let _ = writeln!(
        out,
        "\n| | requests | failed | median | p99 | most | answers to visitors | median | p99 | most | sockets told to come \
         back / cut | messages missing / twice | wanted |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|"
    );
    row(&mut out, "before", seen, |at| began <= at && at < rolled, "");
    row(&mut out, "while it is replaced", seen, |at| at >= rolled, "0 failed, p99 < 200 ms, 0 / 0");
    let count = |meant: fn(&End) -> bool| ends.iter().filter(|end| meant(end)).count();
    let _ = writeln!(
        out,
        "\nEverything was replaced {ROLLS} times in {:.0} s: {} processes ended, {} of them not with 0, {} killed when \
         their time was over. fsync of the disk: {}.",
        took.as_secs_f64(),
        ends.len(),
        count(|end| matches!(end, End::Badly)),
        count(|end| matches!(end, End::Killed)),
        ms(probe),
    );
    for (at, after, wrong) in seen.requests.iter().filter(|(_, _, wrong)| wrong.is_some()).take(10) {
        let since = at.saturating_duration_since(rolled).as_secs_f64();
        let wrong = wrong.as_deref().unwrap_or_default();
        eprintln!("failed {since:.1} s after the first process was replaced, within {}: {wrong}", ms(*after));
    }
    out
}

fn row(out: &mut String, name: &str, seen: &Seen, is_meant: impl Fn(Instant) -> bool, wanted: &str) {
    let requests: Vec<_> = seen.requests.iter().filter(|(at, ..)| is_meant(*at)).collect();
    let failed = requests.iter().filter(|(_, _, wrong)| wrong.is_some()).count();
    let mut took: Vec<Duration> = requests.iter().map(|(_, took, _)| *took).collect();
    let answers = seen.answers.iter().filter(|(at, _)| is_meant(*at));
    let mut answered: Vec<Duration> = answers.map(|(_, took)| *took).collect();
    let told = seen.ends.iter().filter(|(at, told)| is_meant(*at) && *told).count();
    let cut = seen.ends.iter().filter(|(at, told)| is_meant(*at) && !*told).count();
    let number = |moments: &[Instant]| moments.iter().filter(|at| is_meant(**at)).count();
    let _ = writeln!(
        out,
        "| {name} | {} | {failed} | {} | {} | {} | {} | {} | {} | {} | {told} / {cut} | {} / {} | {wanted} |",
        took.len(),
        ms(percentile(&mut took, 0.5)),
        ms(percentile(&mut took, 0.99)),
        ms(percentile(&mut took, 1.0)),
        answered.len(),
        ms(percentile(&mut answered, 0.5)),
        ms(percentile(&mut answered, 0.99)),
        ms(percentile(&mut answered, 1.0)),
        number(&seen.missing),
        number(&seen.twice),
    );
}
