//! Migrations, backups, and restores that replace nothing unless they are good.

use std::fs;

use super::Home;

#[test]
fn a_check_finds_a_database_that_is_behind_and_changes_nothing() {
    let home = Home::new();
    let (_, err) = home.run(&["migrate", "--check"]).code(3);
    assert_eq!(err, "the database is behind: run `deskhand migrate`\n");
    assert!(!home.path().join("deskhand-data").exists());
    home.run(&["migrate"]).code(0);
    let answer = home.run(&["migrate", "--check", "--json"]).json();
    assert_eq!(answer["current"], true);
    assert_eq!(home.run(&["migrate", "--json"]).json()["from"], answer["version"]);
}

#[tokio::test]
async fn a_backup_comes_back_whole_and_what_it_replaces_is_kept() {
    let home = Home::new().with_workspace().await;
    let file = home.path().join("desk.backup");
    let (out, _) = home.run(&["backup", "desk.backup"]).code(0);
    assert!(out.starts_with("wrote desk.backup ("), "{out}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let add = ["member", "add", "omar@example.org", "--name", "Omar", "--password-stdin"];
    home.run_with(&add, "long enough\n").code(0);
    let members = || home.run(&["member", "list", "--json"]).json()["items"].as_array().unwrap().len();
    assert_eq!(members(), 2);
    let answer = home.run(&["restore", "desk.backup", "--json"]).json();
    assert_eq!(members(), 1);
    // What was replaced is a whole database of its own.
    let kept = answer["replaced"].as_str().unwrap().to_owned();
    home.run(&["restore", &kept]).code(0);
    assert_eq!(members(), 2);
}

#[tokio::test]
async fn a_backup_never_writes_over_a_file_and_leaves_no_pieces() {
    let home = Home::new().with_workspace().await;
    fs::write(home.path().join("precious"), "mine").unwrap();
    let (_, err) = home.run(&["backup", "precious"]).code(1);
    assert_eq!(err, "error: precious exists already; give another name\n");
    assert_eq!(fs::read_to_string(home.path().join("precious")).unwrap(), "mine");
    let (_, err) = home.run(&["backup", "no/such/folder/x"]).code(1);
    assert!(err.starts_with("error: cannot write"), "{err}");
    let mut names: Vec<_> =
        fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["deskhand-data", "precious"]);
}

#[tokio::test]
async fn a_file_that_is_no_good_backup_replaces_nothing() {
    let home = Home::new().with_workspace().await;
    home.run(&["backup", "good"]).code(0);
    let good = fs::read(home.path().join("good")).unwrap();
    let mut torn = good.clone();
    torn.truncate(good.len() / 2);
    let mut flipped = good.clone();
    for byte in flipped.iter_mut().skip(good.len() / 2).take(4096) {
        *byte ^= 0x55;
    }
    for (name, bytes, word) in [
        ("empty", Vec::new(), "no Deskhand tables"),
        ("text", b"hello".to_vec(), "damaged"),
        ("torn", torn, "damaged"),
        ("flipped", flipped, "damaged"),
    ] {
        fs::write(home.path().join(name), bytes).unwrap();
        let (_, err) = home.run(&["restore", name]).code(1);
        assert!(
            err.contains(&format!("{name} is not a Deskhand backup")) && err.contains(word),
            "{name}: {err}"
        );
    }
    let (_, err) = home.run(&["restore", "missing"]).code(1);
    assert_eq!(err, "error: there is no such file as missing\n");
    assert_eq!(home.run(&["member", "list", "--json"]).json()["items"].as_array().unwrap().len(), 1);
    assert!(!home.path().join("deskhand-data/deskhand.db.restoring").exists());
}

#[tokio::test]
async fn a_restore_that_was_cut_short_stops_every_start_until_it_is_repeated() {
    let home = Home::new().with_workspace().await;
    home.run(&["backup", "good"]).code(0);
    let data = home.path().join("deskhand-data");
    // What a crash between the two steps of a restore leaves behind.
    fs::copy(home.path().join("good"), data.join("deskhand.db.restoring")).unwrap();
    fs::rename(data.join("deskhand.db"), data.join("deskhand.db.replaced-20261121-100000")).unwrap();
    for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["member", "list"], &["migrate"]] {
        let (_, err) = home.run(command).code(1);
        assert!(err.contains("a restore was cut short"), "{command:?}: {err}");
    }
    // Nor does one that fails make room for an empty database.
    fs::write(home.path().join("bad"), b"hello").unwrap();
    home.run(&["restore", "bad"]).code(1);
    home.run(&["migrate"]).code(1);
    home.run(&["restore", "good"]).code(0);
    assert_eq!(home.run(&["member", "list", "--json"]).json()["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_database_is_restored_with_the_changes_that_lie_beside_it() {
    let home = Home::new();
    let desk = home.desk().await;
    // A process that was killed leaves such a pair. All that there is may still be beside the file.
    let (data, killed) = (home.path().join("deskhand-data/deskhand.db"), home.path().join("killed.db"));
    let beside = |path: &std::path::Path| format!("{}-wal", path.display());
    assert!(fs::metadata(beside(&data)).unwrap().len() > 0);
    fs::copy(&data, &killed).unwrap();
    fs::copy(beside(&data), beside(&killed)).unwrap();
    desk.store().close().await;
    drop(desk);
    fs::remove_file(&data).unwrap();
    home.run(&["restore", "killed.db"]).code(0);
    home.run(&["migrate", "--check"]).code(0);
}

#[test]
fn a_postgresql_database_is_left_to_its_own_tools() {
    let home = Home::new().with("DESKHAND_DATABASE_URL", "postgres://desk:hunter2@127.0.0.1:1/desk");
    let (_, err) = home.run(&["backup", "x"]).code(1);
    assert!(err.contains("pg_dump") && !err.contains("hunter2"), "{err}");
    let (_, err) = home.run(&["restore", "x"]).code(1);
    assert!(err.contains("pg_restore") && !err.contains("hunter2"), "{err}");
    let (_, err) = home.run(&["member", "list"]).code(1);
    assert!(err.contains("cannot reach PostgreSQL") && !err.contains("hunter2"), "{err}");
}
