//! Writes that share a commit: each is kept or taken back by itself, whatever its neighbours do.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use domain::EventType;
use domain::ids::{ProjectId, TaskId, WorkspaceId};
use sqlx::{Connection as _, Executor as _, PgConnection};
use store::projects::{self, Project};
use store::{Error, Failure, Kind, Location, Store, Tx, Wants};
use testkit::{Proxy, both, event, postgres};
use uuid::Uuid;

use crate::events::system;
use crate::reminders::a_task;

/// How one write goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Well,
    /// It fails before it has written anything.
    Refused,
    /// It fails with rows written, and others still to be written.
    Spoiled,
    /// A statement of it fails.
    Failed,
    Panics,
}

const HOWS: [How; 8] =
    [How::Well, How::Well, How::Refused, How::Well, How::Spoiled, How::Well, How::Failed, How::Panics];

/// Whoever commits to a disk that hangs holds its locks meanwhile, which is no fault of the statement that waits for them.
#[tokio::test]
async fn a_lock_that_is_held_for_too_long_is_a_database_that_is_away() {
    let db = postgres().await;
    let Location::Postgres(url) = db.location() else { panic!("it is on PostgreSQL") };
    let mut holder = PgConnection::connect(url).await.unwrap();
    holder.execute("SELECT pg_advisory_lock(1)").await.unwrap();
    let mut waiting = PgConnection::connect(url).await.unwrap();
    waiting.execute("SET lock_timeout = '10ms'").await.unwrap();
    let late = waiting.execute("SELECT pg_advisory_lock(1)").await.unwrap_err();
    assert!(matches!(Error::from(late), Error::Unavailable(_)));
}

#[derive(Debug)]
enum Fault {
    Refused,
    Store(Error),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

impl Failure for Fault {
    fn store(&self) -> Option<&Error> {
        match self {
            Self::Refused => None,
            Self::Store(error) => Some(error),
        }
    }
}

fn project(name: &str) -> Project {
    Project {
        id: ProjectId(Uuid::now_v7()),
        name: name.to_owned(),
        color: "#336699".to_owned(),
        open_tasks: 0,
        version: 1,
    }
}

async fn make(tx: &mut Tx, how: How, name: &str) -> Result<TaskId, Fault> {
    if how == How::Refused {
        return Err(Fault::Refused);
    }
    let mut task = a_task(tx.number(Kind::Task).await?);
    task.labels = vec!["Größe".to_owned(), "b".to_owned()];
    store::tasks::insert(tx, &task)?;
    store::outbox::append(tx, &event(tx.workspace()?, EventType::TaskCreated, task.id.0, 1))?;
    if how == How::Well {
        return Ok(task.id);
    }
    assert!(projects::insert(tx, &project(name)).await?, "the name is free");
    store::outbox::append(tx, &event(tx.workspace()?, EventType::ProjectCreated, task.id.0, 1))?;
    match how {
        How::Panics => panic!("as the test wants it"),
        How::Failed => {
            // The same id again.
            store::tasks::insert(tx, &task)?;
            projects::insert(tx, &project(name)).await?;
            Ok(task.id)
        }
        _ => Err(Fault::Refused),
    }
}

/// Runs one write, alone or with others; gives the task where it says that it went well.
async fn write(store: &Store, workspace: WorkspaceId, n: usize) -> Option<TaskId> {
    let how = HOWS[n % HOWS.len()];
    let input = (how, format!("of write {n}"));
    let result = match n / HOWS.len() % 3 {
        0 => store.write(workspace, input, |tx, (how, name)| Box::pin(make(tx, *how, name))).await,
        1 => {
            store
                .add(workspace, Wants::Nothing, input, |tx, (how, name)| Box::pin(make(tx, *how, name)))
                .await
        }
        _ => {
            store
                .add(workspace, Wants::Number(Kind::Task), input, |tx, (how, name)| {
                    Box::pin(make(tx, *how, name))
                })
                .await
        }
    };
    match (how, result) {
        (How::Well, Ok(task)) => Some(task),
        (How::Refused | How::Spoiled, Err(Fault::Refused)) => None,
        (How::Failed | How::Panics, Err(Fault::Store(_))) => None,
        (how, result) => panic!("write {n} goes {how:?}, and says {result:?}"),
    }
}

#[tokio::test]
async fn a_failing_write_takes_nothing_of_its_neighbours_along_and_leaves_nothing() {
    both(async |db| {
        let workspace = WorkspaceId(Uuid::now_v7());
        let mut writes = tokio::task::JoinSet::new();
        for n in 0..400 {
            let store = db.store.clone();
            writes.spawn(async move { write(&store, workspace, n).await });
        }
        let made: BTreeSet<TaskId> = writes.join_all().await.into_iter().flatten().collect();
        assert_eq!(made.len(), 200, "half of them go well");

        let kept: Result<_, Error> = db
            .store
            .read(workspace, (), |tx, ()| {
                Box::pin(async move {
                    let filter =
                        store::tasks::Filter { label: Some("größe".to_owned()), ..Default::default() };
                    let tasks = store::tasks::list(tx, &filter, 1000, None).await?.items;
                    Ok((tasks, projects::list(tx).await?))
                })
            })
            .await;
        let (tasks, projects) = kept.unwrap();
        assert_eq!(tasks.iter().map(|view| view.task.id).collect::<BTreeSet<_>>(), made);
        let numbers: BTreeSet<i64> = tasks.iter().map(|view| view.task.number).collect();
        assert_eq!(numbers.len(), tasks.len(), "no number twice");
        assert_eq!(projects, Vec::new(), "what failed left its project");
        let waiting = system!(db.store, (), |tx, ()| store::bus::outbox_backlog(tx));
        assert_eq!(waiting.events, 200, "one event for each that went well");
    })
    .await;
}

#[tokio::test]
async fn a_transaction_sees_the_tasks_that_it_made() {
    both(async |db| {
        let workspace = WorkspaceId(Uuid::now_v7());
        let seen: Result<_, Error> = db
            .store
            .write(workspace, (), |tx, ()| {
                Box::pin(async move {
                    let task = a_task(tx.number(Kind::Task).await?);
                    store::tasks::insert(tx, &task)?;
                    Ok((store::tasks::get(tx, task.id).await?.map(|view| view.task), task))
                })
            })
            .await;
        let (seen, made) = seen.unwrap();
        // Both databases keep microseconds, and a new task was changed last when it was made.
        let created_at = jiff::Timestamp::from_microsecond(made.created_at.as_microsecond()).unwrap();
        let made = domain::task::Task { created_at, updated_at: created_at, ..made };
        assert_eq!(seen, Some(made));
    })
    .await;
}

/// Makes a task, and gives its number.
async fn number(store: &Store, workspace: WorkspaceId) -> Result<i64, Error> {
    store
        .add(workspace, Wants::Number(Kind::Task), (), |tx, ()| {
            Box::pin(async move {
                let task = a_task(tx.number(Kind::Task).await?);
                store::tasks::insert(tx, &task)?;
                store::outbox::append(tx, &event(tx.workspace()?, EventType::TaskCreated, task.id.0, 1))?;
                Ok(task.number)
            })
        })
        .await
}

#[tokio::test]
async fn a_number_that_was_taken_for_a_write_that_needs_none_is_the_next_ones() {
    both(async |db| {
        let workspace = WorkspaceId(Uuid::now_v7());
        for expected in 1..4 {
            let none: Result<(), Error> =
                db.add(workspace, Wants::Number(Kind::Task), (), |_, ()| Box::pin(async { Ok(()) })).await;
            none.unwrap();
            assert_eq!(number(&db, workspace).await.unwrap(), expected);
        }
    })
    .await;
}

/// As when a firewall has forgotten them.
#[tokio::test]
async fn connections_that_died_unseen_fail_no_write() {
    let db = testkit::postgres().await;
    let store::Location::Postgres(url) = db.location() else { panic!("it is PostgreSQL") };
    let server = url.split(['@', '/']).nth(3).expect("HOST:PORT");
    let proxy = Proxy::start(server.to_owned());
    let location = store::Location::Postgres(url.replace(server, proxy.address()));
    let clock = Arc::new(domain::SystemClock);
    let options = store::Options { location, connections: 10, serve: true, clock };
    let store = Store::open(options).await.unwrap();
    let workspace = WorkspaceId(Uuid::now_v7());
    for round in 0..10 {
        let mut writes = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let store = store.clone();
            writes.spawn(async move { number(&store, workspace).await });
        }
        let made = writes.join_all().await;
        assert!(made.iter().all(Result::is_ok), "in round {round}: {made:?}");
        // Long enough that the other processes were told, which takes a connection, too.
        tokio::time::sleep(Duration::from_millis(50)).await;
        proxy.cut();
    }
    store.close().await;
}
