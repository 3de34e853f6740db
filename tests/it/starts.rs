//! Starts that cannot work: each gives one clear sentence, and the right exit code.

use std::process::Command;

use sqlx::{Connection as _, Executor as _, SqliteConnection};

use crate::program::Place;

fn sentence(err: &str) -> &str {
    let line = err.strip_prefix("error: ").unwrap_or_else(|| panic!("{err}"));
    assert_eq!(line.lines().count(), 1, "{err}");
    line
}

#[tokio::test]
async fn a_second_process_on_the_same_file_is_refused() {
    let place = Place::new();
    let mut first = place.start("first", &[]);
    first.ready().await;
    let (code, out, err) = place.run(&["serve"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(sentence(&err).contains("is in use by another Deskhand process; stop that one"), "{err}");
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_not_touched() {
    let place = Place::new();
    assert_eq!(place.run(&["migrate"]).0, 0);
    let file = place.path().join("deskhand-data/deskhand.db");
    let mut database = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    database.execute("INSERT INTO schema_version (version) VALUES (999)").await.unwrap();
    database.close().await.unwrap();
    for command in [&["serve"][..], &["migrate"], &["migrate", "--check"], &["member", "list"]] {
        let (code, out, err) = place.run(command);
        assert_eq!((code, out.as_str()), (1, ""), "{command:?}");
        assert!(sentence(&err).contains("version 999") && err.contains("use a newer Deskhand"), "{err}");
    }
}

#[tokio::test]
async fn an_update_that_only_added_to_the_database_can_be_taken_back() {
    let place = Place::new();
    assert_eq!(place.run(&["migrate"]).0, 0);
    let file = place.path().join("deskhand-data/deskhand.db");
    let mut database = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    // As a later version leaves it, whose tables this one can work with.
    database
        .execute(
            "INSERT INTO schema_version (version, oldest)
             SELECT 999, max(version) FROM schema_version;
             CREATE TABLE of_the_newer (id INTEGER PRIMARY KEY);
             ALTER TABLE tasks ADD COLUMN of_the_newer TEXT",
        )
        .await
        .unwrap();
    database.close().await.unwrap();
    let (code, out, err) = place.run(&["migrate"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("to version 999, and this one can go on"), "{out}");
    assert_eq!(place.run(&["migrate", "--check"]).0, 0);
    let mut process = place.start("older", &[]);
    let url = process.ready().await;
    let api = crate::api::set_up(&process, &url).await;
    api.post("/api/v1/tasks", &serde_json::json!({"title": "Still works"})).await;
}

#[tokio::test]
async fn a_postgresql_that_is_not_there_is_said_without_its_password() {
    let place = Place::new().with("DESKHAND_DATABASE_URL", "postgres://desk:hunter2@127.0.0.1:1/desk");
    let (code, out, err) = place.run(&["serve"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(sentence(&err).contains("cannot reach PostgreSQL") && !err.contains("hunter2"), "{err}");
}

/// A small file system in memory; nothing where this user may not mount one.
struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    fn mount(place: &Place, size: &str) -> Option<Self> {
        let folder = place.path().join("disk");
        std::fs::create_dir(&folder).unwrap();
        let option = format!("size={size}");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &option, "tmpfs"]).arg(&folder).output();
        mounted.is_ok_and(|output| output.status.success()).then_some(Self(folder))
    }

    fn remount(&self, option: &str) {
        let status = Command::new("mount").args(["-o", &format!("remount,{option}")]).arg(&self.0).status();
        assert!(status.unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A mount that stays would only be untidy: it is in a folder of this test.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test]
async fn a_full_disk_stops_changes_with_a_sentence_and_nothing_is_lost() {
    let place = Place::new().with("DESKHAND_DATA_DIR", "disk");
    let Some(disk) = SmallDisk::mount(&place, "3m") else {
        eprintln!("not shown: this user may not mount a small disk");
        return;
    };
    let mut process = place.start("desk", &[]);
    let url = process.ready().await;
    let api = crate::api::set_up(&process, &url).await;
    let notes = "x".repeat(40_000);
    let mut kept = 0;
    let refusal = loop {
        let body = serde_json::json!({"title": format!("Task {kept}"), "notes": notes});
        match api.try_post("/api/v1/tasks", None, &body).await {
            Ok(_) => kept += 1,
            Err(refusal) => break refusal,
        }
        assert!(kept < 500, "the disk never filled up");
    };
    let crate::api::NoAnswer::Refused(status, problem) = refusal else {
        panic!("it is gone: {}", process.said())
    };
    assert_eq!(status.as_u16(), 503, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("full"), "{problem}");
    assert_eq!(api.all("/api/v1/tasks?status=all").await.len(), kept, "what was acknowledged is there");
    // With room again it goes on by itself.
    disk.remount("size=60m");
    api.post("/api/v1/tasks", &serde_json::json!({"title": "After"})).await;
    process.kill();
    let mut process = place.start("desk", &[]);
    let api = api.at(&process.ready().await, &api.token());
    assert_eq!(api.all("/api/v1/tasks?status=all").await.len(), kept + 1);
}

#[tokio::test]
async fn a_disk_that_is_full_or_read_only_at_the_start_is_one_sentence() {
    let place = Place::new().with("DESKHAND_DATA_DIR", "disk");
    let Some(disk) = SmallDisk::mount(&place, "40k") else {
        eprintln!("not shown: this user may not mount a small disk");
        return;
    };
    let (code, _, err) = place.run(&["serve"]);
    assert_eq!(code, 1);
    assert!(sentence(&err).contains("full") || err.contains("space") || err.contains("room"), "{err}");
    disk.remount("ro");
    let (code, _, err) = place.run(&["serve"]);
    assert_eq!(code, 1);
    assert!(sentence(&err).contains("disk"), "{err}");
}

#[tokio::test]
async fn health_says_whether_the_process_with_these_settings_is_alive() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let place = Place::new().with("DESKHAND_MANAGEMENT_LISTEN", &format!("0.0.0.0:{}", free.port()));
    let (code, out, err) = place.run(&["health"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(sentence(&err).contains(&format!("127.0.0.1:{}", free.port())), "{err}");
    let mut process = place.start("desk", &[]);
    process.ready().await;
    assert_eq!(place.run(&["health"]).0, 0);
    let url = format!("http://127.0.0.1:{}", free.port());
    assert_eq!(place.run(&["health", "--url", &format!("{url}/ready")]).0, 0);
    assert_eq!(place.run(&["health", "--url", &format!("{url}/nowhere")]).0, 1);
}
