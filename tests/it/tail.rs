//! `deskhand events tail`: every event once, whatever happens to the connection, and an orderly end.

use std::io::{self, BufRead as _, BufReader, Lines, Read as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::api::{Api, set_up};
use crate::program::{PATIENCE, Place};

/// What is between the program and the desk, and can be cut.
struct Wire {
    url: String,
    is_cut: Arc<AtomicBool>,
    streams: Arc<Mutex<Vec<TcpStream>>>,
}

impl Wire {
    fn to(desk: &str) -> Self {
        let desk: SocketAddr = desk.trim_start_matches("http://").parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let is_cut = Arc::new(AtomicBool::new(false));
        let streams = Arc::new(Mutex::new(Vec::new()));
        let (cut, kept) = (Arc::clone(&is_cut), Arc::clone(&streams));
        thread::spawn(move || {
            for near in listener.incoming().map(Result::unwrap) {
                if cut.load(Ordering::SeqCst) {
                    continue;
                }
                let far = TcpStream::connect(desk).unwrap();
                for (from, to) in [(&near, &far), (&far, &near)] {
                    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    thread::spawn(move || io::copy(&mut from, &mut to));
                }
                kept.lock().unwrap().extend([near, far]);
            }
        });
        Self { url, is_cut, streams }
    }

    fn cut(&self) {
        self.is_cut.store(true, Ordering::SeqCst);
        for stream in self.streams.lock().unwrap().drain(..) {
            // The other side may have closed it.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn mend(&self) {
        self.is_cut.store(false, Ordering::SeqCst);
    }
}

/// A running `events tail`.
struct Tail {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// The last event that was read.
    last: Value,
}

impl Tail {
    /// Begins; gives it once it prints what happens.
    async fn start(place: &Place, api: &Api, url: &str, arguments: &[&str]) -> Self {
        let child = place.follow(&[&["events", "tail"], arguments].concat(), url, &api.token());
        let mut tail = Self::of(child);
        // What happens before it is connected is not told: so something happens until it is.
        let (heard, hears) = std::sync::mpsc::channel();
        let waits = thread::spawn(move || {
            let first = tail.lines.next();
            heard.send(()).unwrap();
            (tail, first)
        });
        let begun = Instant::now();
        while hears.try_recv().is_err() {
            assert!(begun.elapsed() < PATIENCE, "it prints nothing");
            api.post("/api/v1/tasks", &json!({"title": "Before"})).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let (tail, first) = waits.join().unwrap();
        assert!(first.is_some_and(|line| line.is_ok()), "it ended");
        tail
    }

    fn of(mut child: Child) -> Self {
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines, last: Value::Null }
    }

    /// The titles of the next tasks, without those of the beginning.
    fn titles(&mut self, count: usize) -> Vec<String> {
        std::iter::from_fn(|| Some(self.next()["data"]["title"].as_str().unwrap().to_owned()))
            .filter(|title| title != "Before")
            .take(count)
            .collect()
    }

    fn next(&mut self) -> Value {
        let line = self.lines.next().expect("it ended").unwrap();
        self.last = serde_json::from_str(&line).unwrap();
        self.last.clone()
    }

    fn terminate(&self) {
        let status = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(status.unwrap().success());
    }

    async fn ends(self) -> (Option<i32>, String) {
        // What is not read must not be closed either: that would end it, too.
        let Self { child, lines, .. } = self;
        let ended = ends(child).await;
        drop(lines);
        ended
    }
}

/// How it ends: the exit code, and what it said on stderr.
async fn ends(mut child: Child) -> (Option<i32>, String) {
    let begun = Instant::now();
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None => tokio::time::sleep(Duration::from_millis(5)).await,
        }
        assert!(begun.elapsed() < PATIENCE, "it does not end");
    };
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    (status.code(), said)
}

async fn make(api: &Api, titles: &[String]) {
    for title in titles {
        api.post("/api/v1/tasks", &json!({"title": title})).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_prints_every_event_once_also_those_while_it_was_cut_off() {
    let place = Place::new();
    let mut process = place.start("desk", &[]);
    let url = process.ready().await;
    let api = set_up(&process, &url).await;
    let wire = Wire::to(&url);
    let mut tail = Tail::start(&place, &api, &wire.url, &["--json", "--type", "task."]).await;

    let names: Vec<String> = (0..60).map(|number| format!("Task {number:02}")).collect();
    make(&api, &names[..20]).await;
    wire.cut();
    make(&api, &names[20..40]).await;
    wire.mend();
    make(&api, &names[40..]).await;
    // The order is one of each partition, not of all.
    let mut found = tail.titles(names.len());
    found.sort();
    assert_eq!(found, names);

    // What is printed is enough for another one to go on, and nothing that was printed comes again.
    make(&api, &["Afterwards".to_owned()]).await;
    let cursor = tail.last["cursor"].as_str().unwrap();
    let arguments = ["events", "tail", "--json", "--type", "task.", "--after", cursor];
    let mut other = Tail::of(place.follow(&arguments, &url, &api.token()));
    assert_eq!(other.next()["data"]["title"], "Afterwards");
    for tail in [tail, other] {
        tail.terminate();
        assert_eq!(tail.ends().await.0, Some(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_goes_on_when_the_desk_is_started_again_and_says_so() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let place = Place::new().with("DESKHAND_LISTEN", &port);
    let mut process = place.start("desk", &[]);
    let url = process.ready().await;
    let api = set_up(&process, &url).await;
    let mut tail = Tail::start(&place, &api, &url, &["--json", "--type", "task.created"]).await;
    process.terminate();
    assert_eq!(process.ended().await.code(), Some(0));
    let mut process = place.start("desk", &[]);
    process.ready().await;
    make(&api, &["Again".to_owned()]).await;
    assert_eq!(tail.titles(1), ["Again"]);
    tail.terminate();
    assert_eq!(tail.ends().await.0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_ends_with_0_when_nobody_reads_it_any_more_also_when_nothing_happens() {
    let place = Place::new();
    let mut process = place.start("desk", &[]);
    let url = process.ready().await;
    let api = set_up(&process, &url).await;
    let mut tail = Tail::start(&place, &api, &url, &[]).await;
    make(&api, &["Seen".to_owned()]).await;
    let line = tail.lines.next().expect("it ended").unwrap_or_default();
    let words: Vec<&str> = line.split_whitespace().collect();
    assert!(matches!(words[..], [_, "task.created", number, "Dana"] if number.starts_with('#')), "{line}");
    let Tail { child, lines, .. } = tail;
    drop(lines);
    assert_eq!(ends(child).await, (Some(0), String::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_that_nobody_reads_but_that_is_not_closed_ends_at_a_signal() {
    let place = Place::new();
    let mut process = place.start("desk", &[]);
    let url = process.ready().await;
    let api = set_up(&process, &url).await;
    let tail = Tail::start(&place, &api, &url, &["--json"]).await;
    // More than a pipe holds.
    let notes = "n".repeat(9000);
    for number in 0..20 {
        api.post("/api/v1/tasks", &json!({"title": format!("Long {number}"), "notes": notes})).await;
    }
    tail.terminate();
    assert_eq!(tail.ends().await.0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_whose_token_is_revoked_ends_and_says_what_to_do() {
    let place = Place::new();
    let mut process = place.start("desk", &[]);
    let url = process.ready().await;
    let api = set_up(&process, &url).await;
    let made = api.post("/api/v1/tokens", &json!({"name": "tail"})).await;
    let theirs = api.at(&url, made["secret"].as_str().unwrap());
    let tail = Tail::start(&place, &theirs, &url, &[]).await;
    api.delete(&format!("/api/v1/tokens/{}", made["token"]["id"].as_str().unwrap())).await;
    let (code, said) = tail.ends().await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("does not know this token"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_that_is_none_of_this_desk_is_refused() {
    let place = Place::new();
    let mut process = place.start("desk", &[]);
    let url = process.ready().await;
    let api = set_up(&process, &url).await;
    let child = place.follow(&["events", "tail", "--after", "nonsense"], &url, &api.token());
    let (code, said) = ends(child).await;
    assert_eq!(code, Some(1));
    assert_eq!(
        said,
        "error: the desk cannot go on from this cursor: it is too long ago, or none of this desk\n"
    );
}
