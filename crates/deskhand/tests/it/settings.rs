//! Wrong usage, wrong settings, and what `config` says of them.

use super::Home;

#[test]
fn a_command_that_does_not_exist_is_wrong_usage() {
    let (out, err) = Home::new().run(&["nonsense"]).code(2);
    assert_eq!(out, "");
    assert!(err.contains("unrecognized subcommand 'nonsense'"), "{err}");
}

#[test]
fn help_is_a_result_and_names_every_command() {
    let (out, err) = Home::new().run(&["--help"]).code(0);
    assert_eq!(err, "");
    for command in
        ["serve", "migrate", "config", "member", "token", "backup", "restore", "login", "say", "words"]
    {
        assert!(out.contains(&format!("  {command}")), "{command} in {out}");
    }
}

#[test]
fn settings_are_shown_with_where_they_came_from_and_no_secret() {
    let home = Home::new()
        .with("DESKHAND_DATABASE_URL", "postgres://desk:hunter2@db/desk")
        .with("DESKHAND_SECRET_KEY", "c2l4dGVlbiByYW5kb20gYnl0ZXMgdHdpY2Ugb3ZlciE=")
        .with("DESKHAND_MODEL__KEY", "sk-hunter2");
    std::fs::write(home.path().join("deskhand.toml"), "[log]\nlevel = \"debug\"\n").unwrap();
    let (out, err) = home.run(&["config", "show"]).code(0);
    assert_eq!(err, "");
    assert!(!out.contains("hunter2") && !out.contains("c2l4"), "{out}");
    let line = |key: &str| out.lines().find(|line| line.starts_with(key)).unwrap_or_default().to_owned();
    assert!(line("database_url").contains("postgres://desk:********@db/desk"), "{out}");
    assert!(line("database_url").ends_with("DESKHAND_DATABASE_URL"), "{out}");
    assert!(line("log.level").contains("debug") && line("log.level").ends_with("deskhand.toml:2"), "{out}");
    assert!(line("listen").contains("127.0.0.1:8000") && line("listen").ends_with("default"), "{out}");
    let all = home.run(&["config", "show", "--json"]).json();
    let listen = &all["items"][0];
    assert_eq!((&listen["key"], &listen["value"]), (&"listen".into(), &"127.0.0.1:8000".into()));
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let home = Home::new().with("DESKHAND_LISTN", "x").with("DESKHAND_LISTEN", "everywhere");
    let (out, err) = home.run(&["config", "check"]).code(3);
    assert!(out.contains("DESKHAND_LISTN: there is no such setting; did you mean DESKHAND_LISTEN?"), "{out}");
    assert!(out.contains("found \"everywhere\"; allowed: an IP address and a port"), "{out}");
    assert_eq!(err, "2 problems\n");
    let (out, err) = home.run(&["serve"]).code(2);
    assert_eq!(out, "");
    assert!(err.contains("did you mean DESKHAND_LISTEN?") && err.contains("found \"everywhere\""), "{err}");
    assert!(!home.path().join("deskhand-data").exists(), "nothing was touched");
}

#[test]
fn a_settings_file_that_was_named_has_to_be_there() {
    let (_, err) = Home::new().run(&["--config", "mine.toml", "config", "show"]).code(2);
    assert!(err.contains("mine.toml: the settings file cannot be read"), "{err}");
}

#[test]
fn a_broker_that_cannot_be_used_as_the_settings_say_is_one_sentence() {
    let home = Home::new();
    let settings = "listen = \"127.0.0.1:0\"\n[broker]\ntls = \"on\"\nca_file = \"not-there.pem\"\n\
        credentials_file = \"not-there.creds\"\n";
    std::fs::write(home.path().join("deskhand.toml"), settings).unwrap();
    for (bus, what) in [("kafka://127.0.0.1:9092", "not-there.pem"), ("nats://127.0.0.1:4222", "not-there.")]
    {
        let (out, err) = home.run(&["serve", "--bus", bus]).code(1);
        assert_eq!(out, "");
        let last = err.lines().last().unwrap_or_default();
        assert!(last.starts_with("error: the bus cannot be used:") && last.contains(what), "{err}");
    }
}

#[test]
fn an_unwritable_data_directory_is_one_sentence() {
    let home = Home::new();
    std::fs::write(home.path().join("file"), "").unwrap();
    let (out, err) = home.run(&["serve", "--data-dir", "file/data", "--listen", "127.0.0.1:0"]).code(1);
    assert_eq!(out, "");
    assert!(err.starts_with("error: the data directory file/data cannot be written to:"), "{err}");
    assert!(err.contains("--data-dir"), "{err}");
}

#[test]
fn an_occupied_port_is_named_with_a_free_one_to_try() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let home = Home::new();
    let (out, err) = home.run(&["serve", "--listen", &address]).code(1);
    assert_eq!(out, "");
    assert!(err.contains(&format!("{address} is occupied")) && err.contains("--listen"), "{err}");
    assert!(!home.path().join("deskhand-data/deskhand.db").exists(), "no database was made");
}
