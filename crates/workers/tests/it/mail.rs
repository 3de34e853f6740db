//! A reminder comes once, not early, on the page and by mail; a mail that is refused is tried again later.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use channels::mail::Mailer;
use desk::tasks::NewTask;
use domain::task::When;
use domain::{Breaker, BreakerState, Clock};
use jiff::SignedDuration;
use testkit::both;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use workers::MailSettings;

use crate::stage::{Process, Stage, until};

/// How long a server that is away is left alone.
const REST: Duration = Duration::from_millis(500);

/// A mail server that takes everything, or refuses all of it.
struct Server {
    port: u16,
    mails: Arc<Mutex<Vec<String>>>,
    attempts: Arc<Mutex<usize>>,
    /// Whether it closes every connection before it says a word.
    away: Arc<AtomicBool>,
    connections: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl Server {
    async fn start(takes: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (mails, attempts) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(0)));
        let mut tasks = JoinSet::new();
        let (kept, tried) = (Arc::clone(&mails), Arc::clone(&attempts));
        let (away, connections) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let (is_away, counted) = (Arc::clone(&away), Arc::clone(&connections));
        tasks.spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                if is_away.load(Ordering::SeqCst) {
                    continue;
                }
                let mut lines = BufReader::new(connection);
                lines.write_all(b"220 ready\r\n").await.unwrap();
                let mut line = String::new();
                while lines.read_line(&mut line).await.unwrap_or(0) > 0 {
                    let verb = line[..4.min(line.len())].to_uppercase();
                    let reply = match verb.as_str() {
                        "MAIL" => {
                            *tried.lock().unwrap() += 1;
                            if takes { "250 ok" } else { "451 later" }
                        }
                        "DATA" => {
                            lines.write_all(b"354 go on\r\n").await.unwrap();
                            let mut mail = String::new();
                            while !mail.ends_with("\r\n.\r\n") {
                                lines.read_line(&mut mail).await.unwrap();
                            }
                            kept.lock().unwrap().push(mail);
                            "250 taken"
                        }
                        "QUIT" => "221 bye",
                        _ => "250 ok",
                    };
                    lines.write_all(format!("{reply}\r\n").as_bytes()).await.unwrap();
                    line.clear();
                }
            }
        });
        Self { port, mails, attempts, away, connections, _tasks: tasks }
    }

    fn settings(&self) -> MailSettings {
        let url = format!("smtp://127.0.0.1:{}", self.port);
        let mailer = Mailer::new(&url, "Deskhand <desk@example.org>").unwrap();
        let breaker = Arc::new(Breaker::new("mail").resting(REST));
        MailSettings { mailer, public_url: "https://desk.example".to_owned(), breaker }
    }
}

fn soon() -> (NewTask, jiff::Timestamp) {
    let at = domain::SystemClock.now() + SignedDuration::from_millis(1500);
    let local = at.to_zoned(jiff::tz::TimeZone::UTC).datetime();
    let task = NewTask {
        title: "Call Acme".to_owned(),
        zone: Some("UTC".to_owned()),
        reminders: vec![When::At { at: local }],
        ..NewTask::default()
    };
    (task, at)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reminder_comes_once_and_not_early_on_the_page_and_by_mail() {
    both(async |db| {
        let stage = Stage::new(&db).await;
        let server = Server::start(true).await;
        let one = Process::start(&stage.desk, Vec::new(), Some(server.settings()));
        // On PostgreSQL a second process does the same at the same time.
        let another = stage_of(&stage, db.another().await);
        let two = (!db.is_exclusive()).then(|| Process::start(&another, Vec::new(), Some(server.settings())));
        let (task, due_at) = soon();
        let task = desk::tasks::create(&stage.desk, &stage.owner, task).await.unwrap().value.view.task.id;
        let told = stage.until_told(&stage.owner, 1).await;
        assert!(told[0].created_at >= due_at, "{} is before {due_at}", told[0].created_at);
        let late = told[0].created_at.duration_since(due_at);
        assert!(late < SignedDuration::from_secs(2), "{late:?}");
        assert_eq!((told[0].kind.as_str(), told[0].title.as_str()), ("reminder", "Call Acme"));
        assert_eq!(told[0].task, Some((task, 1)));
        until("the mail is out", async || !server.mails.lock().unwrap().is_empty()).await;
        one.stop().await;
        if let Some(two) = two {
            two.stop().await;
        }
        assert_eq!(stage.told(&stage.owner).await.len(), 1);
        let mails = server.mails.lock().unwrap();
        assert_eq!(mails.len(), 1, "{mails:?}");
        let mail = &mails[0];
        assert!(mail.contains("Subject: Call Acme\r\n"), "{mail}");
        assert!(mail.contains(&format!("https://desk.example/tasks/{task}")), "{mail}");
        assert!(mail.contains(&format!("Message-ID: <{}@example.org>", told[0].id)), "{mail}");
    })
    .await;
}

fn stage_of(stage: &Stage, store: store::Store) -> desk::Desk {
    if store.is_exclusive() {
        return stage.desk.clone();
    }
    desk::Desk::new(store, Arc::new(domain::SystemClock), Arc::new(domain::SystemIds))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_refused_waits_for_its_next_attempt_and_the_page_shows_it_anyway() {
    both(async |db| {
        let stage = Stage::new(&db).await;
        let server = Server::start(false).await;
        let process = Process::start(&stage.desk, Vec::new(), Some(server.settings()));
        let (task, _) = soon();
        desk::tasks::create(&stage.desk, &stage.owner, task).await.unwrap();
        stage.until_told(&stage.owner, 1).await;
        until("it was tried", async || *server.attempts.lock().unwrap() == 1).await;
        let wait = async || desk::notifications::next_mail(&stage.desk).await.unwrap();
        until("it is put off", async || wait().await.is_some_and(|wait| wait.as_secs() > 30)).await;
        assert!(wait().await.unwrap().as_secs() <= 60);
        process.stop().await;
        assert_eq!(*server.attempts.lock().unwrap(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_is_left_alone_and_takes_every_mail_once_when_it_is_back() {
    both(async |db| {
        let stage = Stage::new(&db).await;
        let server = Server::start(true).await;
        server.away.store(true, Ordering::SeqCst);
        let settings = server.settings();
        let breaker = Arc::clone(&settings.breaker);
        let process = Process::start(&stage.desk, Vec::new(), Some(settings));
        let remind = async |count| {
            for _ in 0..count {
                desk::tasks::create(&stage.desk, &stage.owner, soon().0).await.unwrap();
            }
        };
        remind(5).await;
        until("five failures open it", async || breaker.state() == BreakerState::Open).await;
        let (begun, before) = (Instant::now(), server.connections.load(Ordering::SeqCst));
        assert_eq!(before, 5);
        remind(3).await;
        stage.until_told(&stage.owner, 8).await;
        let since = || server.connections.load(Ordering::SeqCst) - before;
        until("it is asked now and then", async || since() >= 3).await;
        let rests = begun.elapsed().as_millis() / REST.as_millis();
        assert!(since() as u128 <= rests, "{} connections in {rests} rests", since());
        assert!(server.mails.lock().unwrap().is_empty());

        // Those that became due meanwhile are not put off: none of their attempts was used.
        server.away.store(false, Ordering::SeqCst);
        until("they are out", async || server.mails.lock().unwrap().len() == 3).await;
        assert_eq!(breaker.state(), BreakerState::Closed);
        let wait = desk::notifications::next_mail(&stage.desk).await.unwrap();
        assert!(wait.is_some_and(|wait| wait.as_secs() > 30), "the five wait as after any failure: {wait:?}");
        process.stop().await;
        let mails = server.mails.lock().unwrap();
        let ids = mails.iter().filter_map(|mail| mail.lines().find(|line| line.starts_with("Message-ID")));
        let ids: std::collections::HashSet<&str> = ids.collect();
        assert_eq!((ids.len(), mails.len()), (3, 3));
    })
    .await;
}
