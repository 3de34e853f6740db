//! The exact sentences with which bad settings are refused.

use config::{Config, Sources};

use crate::{file_refusal, refusal};

#[test]
#[rustfmt::skip] // A line a case is easier to compare than what the longest sentence makes of all of them.
fn a_bad_value_is_named_with_what_was_found_and_what_is_allowed() {
    let cases = [
        ("listen", "8000", "found \"8000\"; allowed: an IP address and a port, such as 0.0.0.0:8000"),
        ("listen", "localhost:8000", "found \"localhost:8000\"; allowed: an IP address and a port, such as 0.0.0.0:8000"),
        ("listen", "", "found \"\"; allowed: an IP address and a port, such as 0.0.0.0:8000"),
        ("management_listen", "127.0.0.1", "found \"127.0.0.1\"; allowed: an IP address and a port, such as 0.0.0.0:9000"),
        ("public_url", "desk.example", "found \"desk.example\"; allowed: http:// or https:// with a host, and no path, user or query, such as https://desk.example"),
        ("public_url", "https://desk.example/help", "found \"https://desk.example/help\"; allowed: http:// or https:// with a host, and no path, user or query, such as https://desk.example"),
        ("api_url", "ftp://api", "found \"ftp://api\"; allowed: http:// or https:// with a host, and no path, user or query, such as http://deskhand-api:8000"),
        ("data_dir", "", "found \"\"; allowed: a path, such as /var/lib/deskhand"),
        ("database_url", "mysql://u:p@db/desk", "found \"mysql://u:********@db/desk\"; allowed: sqlite://PATH or postgres://USER:PASSWORD@HOST/DATABASE"),
        ("database_url", "deskhand.db", "found 11 characters without ://; allowed: sqlite://PATH or postgres://USER:PASSWORD@HOST/DATABASE"),
        ("database_url", "sqlite::memory:", "found 15 characters without ://; allowed: sqlite://PATH or postgres://USER:PASSWORD@HOST/DATABASE"),
        ("database_url", "sqlite://a.db?mode=rwc", "found \"sqlite://a.db?mode=rwc\"; allowed: sqlite://PATH or postgres://USER:PASSWORD@HOST/DATABASE"),
        ("database_url", "postgres:///desk", "found \"postgres:///desk\"; allowed: sqlite://PATH or postgres://USER:PASSWORD@HOST/DATABASE"),
        ("bus_url", "kafka://broker", "found \"kafka://broker\"; allowed: database:, kafka://HOST:PORT,... or nats://HOST:PORT"),
        ("bus_url", "rabbit://broker:5672", "found \"rabbit://broker:5672\"; allowed: database:, kafka://HOST:PORT,... or nats://HOST:PORT"),
        ("roles", "web,worker", "found \"worker\"; allowed: one or more of web, api, channels, relay, clock, workers; did you mean workers?"),
        ("roles", "", "found \"\"; allowed: one or more of web, api, channels, relay, clock, workers"),
        ("groups", "everything", "found \"everything\"; allowed: one or more of hand, recurring, notify, audit, live, webhooks"),
        ("secret_key", "c2hvcnQ=", "found a key of 5 bytes; allowed: 32 bytes or more in base64 or hex, such as `openssl rand -base64 32` prints"),
        ("secret_key", "not a key at all", "found 16 characters that are neither base64 nor hex; allowed: 32 bytes or more in base64 or hex, such as `openssl rand -base64 32` prints"),
        ("trusted_proxies", "10.0.0.0/8, 10.0.0.0/33", "found \"10.0.0.0/33\"; allowed: IP addresses and networks, separated by commas, such as 10.0.0.0/8,192.168.1.7"),
        ("model.url", "localhost:11434", "found \"localhost:11434\"; allowed: an http:// or https:// address without user or query, such as http://localhost:11434/v1"),
        ("model.timeout_secs", "0", "found \"0\"; allowed: a whole number from 1 to 300, such as 20"),
        ("model.timeout_secs", "20s", "found \"20s\"; allowed: a whole number from 1 to 300, such as 20"),
        ("smtp.url", "mail.example:25", "found 15 characters without ://; allowed: smtp:// or smtps:// with a host, such as smtps://user:PASSWORD@mail.example:465"),
        ("smtp.from", "Deskhand", "found \"Deskhand\"; allowed: an e-mail address, such as Deskhand <desk@example.org>"),
        ("smtp.from", "a@b\r\nBcc: c@d", "found \"a@b\\r\\nBcc: c@d\"; allowed: an e-mail address, such as Deskhand <desk@example.org>"),
        ("log.format", "jsn", "found \"jsn\"; allowed: one of json, text; did you mean json?"),
        ("log.level", "INFO", "found \"INFO\"; allowed: one of error, warn, info, debug, trace; did you mean info?"),
        ("otlp.endpoint", "grpc://collector:4317", "found \"grpc://collector:4317\"; allowed: an http:// or https:// address without user or query, such as http://localhost:4318"),
        ("trace.ratio", "10%", "found \"10%\"; allowed: a number from 0 to 1, such as 0.1"),
        ("trace.ratio", "NaN", "found \"NaN\"; allowed: a number from 0 to 1, such as 0.1"),
        ("shutdown.drain_secs", "-1", "found \"-1\"; allowed: a whole number from 1 to 600, such as 20"),
        ("database.pool", "4294967296", "found \"4294967296\"; allowed: a whole number from 1 to 500, such as 20"),
        ("limits.body_bytes", "1MB", "found \"1MB\"; allowed: a whole number from 1024 to 1073741824, such as 1048576"),
    ];
    for (key, value, sentence) in cases {
        let flag = key.replace(['.', '_'], "-");
        assert_eq!(refusal(Sources::new().flag(key, value)), [format!("{key} (--{flag}): {sentence}")]);
    }
}

#[test]
fn a_misspelled_key_is_named_with_the_nearest_one_in_the_spelling_of_its_layer() {
    let variables = [
        ("DESKHAND_LOG_LEVEL", "info"),
        ("DESKHAND_MODLE__KEY", "secret"),
        ("DESKHAND_PORT", "9000"),
        ("DESKHAND_listen", "127.0.0.1:1"),
    ];
    assert_eq!(
        refusal(Sources::new().environment(variables)),
        [
            "DESKHAND_LOG_LEVEL: there is no such setting; did you mean DESKHAND_LOG__LEVEL?",
            "DESKHAND_MODLE__KEY: there is no such setting; did you mean DESKHAND_MODEL__KEY?",
            "DESKHAND_PORT: there is no such setting; `deskhand config show` lists them all",
            "DESKHAND_listen: there is no such setting; did you mean DESKHAND_LISTEN?",
        ]
    );
    assert_eq!(
        file_refusal("databse_url = 'a'\n[smpt]\nurl = 'b'\n[colour]\ntheme = 1\n[empty]\n"),
        [
            "databse_url (deskhand.toml:1): there is no such setting; did you mean database_url?",
            "smpt.url (deskhand.toml:3): there is no such setting; did you mean smtp.url?",
            "colour.theme (deskhand.toml:5): there is no such setting; `deskhand config show` lists them all",
            "empty (deskhand.toml:6): there is no such setting; `deskhand config show` lists them all",
        ]
    );
    assert_eq!(
        refusal(Sources::new().flag("data-dir", "x")),
        ["--data-dir: there is no such setting; did you mean --data-dir?"]
    );
}

#[test]
fn a_value_of_the_wrong_kind_in_a_file_is_named_with_its_line() {
    assert_eq!(
        file_refusal("listen = 8000\nroles = [['web']]\nmodel = 'llama'\n\n[data_dir]\npath = 'x'\n"),
        [
            "roles (deskhand.toml:2): found a list with something other than plain words in it; allowed: one or more of \
             web, api, channels, relay, clock, workers",
            "model (deskhand.toml:3): found a value; allowed: a table with model.url, model.name, model.key, model.timeout_secs",
            "data_dir (deskhand.toml:5): found a table; allowed: a path, such as /var/lib/deskhand",
            "listen (deskhand.toml:1): found \"8000\"; allowed: an IP address and a port, such as 0.0.0.0:8000",
        ]
    );
}

#[test]
fn a_file_that_is_not_toml_is_named_with_the_line() {
    assert_eq!(
        file_refusal("listen = '127.0.0.1:1'\ndata_dir\n"),
        ["deskhand.toml:2: not valid TOML: key with no value, expected `=`"]
    );
    assert_eq!(
        file_refusal("listen = '127.0.0.1:1'\n\nlisten = '127.0.0.1:1'\n"),
        ["deskhand.toml:3: not valid TOML: duplicate key"]
    );
}

#[test]
fn everything_that_is_wrong_in_all_layers_is_said_at_once() {
    let (folder, path) = crate::file("listen = 'here'\nlogs = 1\n");
    let sources = Sources::new()
        .file(&path)
        .environment([("DESKHAND_LISTEN", "there"), ("DESKHAND_ROLES", "web"), ("DESKHAND_X", "")])
        .flag("log.format", "xml");
    let folder = format!("{}/", folder.path().display());
    let sentences: Vec<_> = refusal(sources).iter().map(|sentence| sentence.replace(&folder, "")).collect();
    assert_eq!(
        sentences,
        [
            "logs (deskhand.toml:2): there is no such setting; `deskhand config show` lists them all",
            "DESKHAND_X: there is no such setting; `deskhand config show` lists them all",
            "listen (deskhand.toml:1): found \"here\"; allowed: an IP address and a port, such as 0.0.0.0:8000",
            "listen (DESKHAND_LISTEN): found \"there\"; allowed: an IP address and a port, such as 0.0.0.0:8000",
            "log.format (--log-format): found \"xml\"; allowed: one of json, text",
            "api_url (not set): role web runs here without role api and must know where it is; \
             set api_url, or run both roles here",
        ]
    );
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let key = "c2l4dGVlbiByYW5kb20gYnl0ZXMgdHdpY2Ugb3ZlciE=";
    let postgres = ("database_url", "postgres://desk@db/desk");
    let split = "secret_key (not set): the roles are split over processes that share a database, and each needs \
                 the same key; set secret_key to what `openssl rand -base64 32` prints";
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);
    let cases: &[Case] = &[
        (&[("roles", "web"), ("api_url", "http://api:8000")], &[]),
        (
            &[("roles", "clock"), ("groups", "hand")],
            &["groups (--groups): groups are run by role workers, which does not \
          run here; add workers to roles, or leave groups out"],
        ),
        (&[("roles", "workers"), ("groups", "hand")], &[]),
        (
            &[("smtp.url", "smtp://mail")],
            &["smtp.from (not set): smtp.url is set, so mail is sent and needs a sender; \
          set smtp.from"],
        ),
        (&[("smtp.url", "smtp://mail"), ("smtp.from", "desk@example.org")], &[]),
        (&[postgres], &[]),
        (&[postgres, ("roles", "web,api")], &[split]),
        (&[postgres, ("groups", "hand")], &[split]),
        (&[postgres, ("roles", "web,api"), ("secret_key", key)], &[]),
        // The page alone opens no database.
        (&[postgres, ("roles", "web"), ("api_url", "http://api:8000")], &[]),
        (&[postgres, ("roles", "web,clock"), ("api_url", "http://api:8000")], &[split]),
        (&[("roles", "web,api")], &[]),
        (
            &[("management_listen", "0.0.0.0:8000")],
            &["management_listen (--management-listen): it is the address of \
          listen; give it a port of its own"],
        ),
        (&[("management_listen", "127.0.0.1:0"), ("listen", "127.0.0.1:0")], &[]),
        // A setting whose own value is bad is not also accused of contradicting others.
        (
            &[("smtp.url", "smtp://mail"), ("smtp.from", "nobody")],
            &["smtp.from (--smtp-from): found \"nobody\"; \
          allowed: an e-mail address, such as Deskhand <desk@example.org>"],
        ),
    ];
    for (flags, expected) in cases {
        let sources = flags.iter().fold(Sources::new(), |sources, (key, value)| sources.flag(*key, *value));
        let sentences = match Config::load(sources) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.0.iter().map(ToString::to_string).collect(),
        };
        assert_eq!(&sentences, expected, "{flags:?}");
    }
}
