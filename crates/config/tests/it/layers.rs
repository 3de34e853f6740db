//! Which layer wins, and how each of them spells a setting.

use std::ffi::OsString;

use config::{BusUrl, Config, DatabaseUrl, Group, LogFormat, Role, Sources};

use crate::{file, refusal};

#[test]
fn a_flag_beats_the_environment_which_beats_the_file_which_beats_the_default() {
    let (_folder, path) =
        file("listen = '127.0.0.1:1'\ndata_dir = 'from-file'\n[log]\nformat = 'json'\nlevel = 'warn'\n");
    let sources = || {
        Sources::new().file(&path).environment([
            ("DESKHAND_LISTEN", "127.0.0.1:2"),
            ("DESKHAND_LOG__LEVEL", "error"),
            ("HOME", "/root"),
        ])
    };
    let config = Config::load(sources().flag("listen", "127.0.0.1:3")).unwrap();
    let mut sourced: Vec<String> = Vec::new();
    for effective in config.effective() {
        if ["listen", "data_dir", "log.format", "log.level", "trace.ratio"].contains(&effective.key) {
            let source = effective.source.to_string().replace(&path.display().to_string(), "FILE");
            sourced.push(format!(
                "{} = {} from {source}",
                effective.key,
                effective.value.unwrap_or_default()
            ));
        }
    }
    assert_eq!(
        sourced,
        [
            "listen = 127.0.0.1:3 from --listen",
            "data_dir = from-file from FILE:2",
            "log.format = json from FILE:4",
            "log.level = error from DESKHAND_LOG__LEVEL",
            "trace.ratio = 1 from default",
        ]
    );
    assert_eq!(Config::load(sources()).unwrap().listen.port(), 2);
}

#[test]
fn a_file_may_use_tables_dotted_keys_lists_and_numbers_or_the_text_of_a_variable() {
    let (_folder, path) = file(
        "roles = ['web', 'api']\ngroups = 'hand, notify'\nlimits.body_bytes = 0x10_0000\nshutdown = { drain_secs = '30' }\n\
         trusted_proxies = ['10.0.0.0/8', '::1']\n[trace]\nratio = 0.25\n[model]\n",
    );
    // `groups` asks for workers, which a second file-less layer adds.
    let config = Config::load(Sources::new().file(path).flag("roles", "web,api,workers")).unwrap();
    assert!(config.roles.iter().eq(&[Role::Web, Role::Api, Role::Workers]));
    assert!(config.groups.iter().eq(&[Group::Hand, Group::Notify]));
    assert_eq!(config.limits.body_bytes, 1_048_576);
    assert_eq!(config.shutdown.drain_secs, 30);
    assert_eq!(config.trace.ratio, 0.25);
    let proxies: Vec<_> = config.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(proxies, ["10.0.0.0/8", "::1/128"]);
}

#[test]
fn empty_text_takes_an_optional_setting_away_again() {
    let (_folder, path) = file("management_listen = '127.0.0.1:9000'\ndatabase_url = 'sqlite://a.db'\n");
    let variables = [("DESKHAND_MANAGEMENT_LISTEN", ""), ("DESKHAND_DATABASE_URL", " \n")];
    let config = Config::load(Sources::new().file(path).environment(variables)).unwrap();
    assert_eq!((config.management_listen, config.database_url), (None, None));
}

#[test]
fn a_missing_deskhand_toml_is_fine_and_a_missing_named_file_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deskhand.toml");
    assert!(Config::load(Sources::new().file_if_present(&path)).is_ok());
    let sentences = refusal(Sources::new().file(&path));
    assert_eq!(
        sentences,
        [format!(
            "{}: the settings file cannot be read: No such file or directory (os error 2)",
            path.display()
        )]
    );
}

#[test]
fn variables_of_the_commands_and_of_kubernetes_services_are_no_settings() {
    let variables = [
        ("DESKHAND_URL", "https://desk.example"),
        ("DESKHAND_TOKEN", "t"),
        ("DESKHAND_PORT", "tcp://10.0.0.7:8000"),
        ("DESKHAND_API_SERVICE_HOST", "10.0.0.7"),
        ("DESKHAND_API_SERVICE_PORT", "8000"),
        ("DESKHAND_API_SERVICE_PORT_HTTP", "8000"),
        ("DESKHAND_API_PORT_8000_TCP", "tcp://10.0.0.7:8000"),
        ("DESKHAND_API_PORT_8000_TCP_PROTO", "tcp"),
    ];
    let config = Config::load(Sources::new().environment(variables)).unwrap();
    assert_eq!(config, Config::load(Sources::new()).unwrap());
}

#[test]
fn text_around_a_value_that_a_file_with_a_secret_brings_along_is_cut_off() {
    let config = Config::load(Sources::new().environment([("DESKHAND_LOG__FORMAT", " json\n")])).unwrap();
    assert_eq!(config.log.format, LogFormat::Json);
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf8_is_refused_if_it_is_ours_and_ignored_if_not() {
    use std::os::unix::ffi::OsStringExt;
    let broken = OsString::from_vec(vec![b'a', 0xff]);
    let foreign = Sources::new().environment([(OsString::from("PATH"), broken.clone())]);
    assert!(Config::load(foreign).is_ok());
    let ours = Sources::new().environment([(OsString::from("DESKHAND_DATA_DIR"), broken)]);
    assert_eq!(
        refusal(ours),
        ["data_dir (DESKHAND_DATA_DIR): found bytes that are not UTF-8; allowed: text"]
    );
}

#[test]
fn database_and_bus_urls_are_taken_apart() {
    let load = |key: &str, url: &str| Config::load(Sources::new().flag(key, url)).unwrap();
    for (url, path) in [
        ("sqlite://desk.db", "desk.db"),
        ("sqlite:///var/lib/desk.db", "/var/lib/desk.db"),
        ("sqlite:desk.db", "desk.db"),
        ("sqlite://./a folder/desk%20.db", "./a folder/desk%20.db"),
    ] {
        assert_eq!(load("database_url", url).database(), DatabaseUrl::Sqlite(path.into()), "{url}");
    }
    for url in [
        "postgres://u:p@127.0.0.1:5432/desk?sslmode=require",
        "postgresql://u@db/desk",
        "postgres:///desk?host=/var/run/postgresql",
    ] {
        let DatabaseUrl::Postgres(secret) = load("database_url", url).database() else { panic!("{url}") };
        assert_eq!(secret.expose(), url);
    }
    let servers = vec!["a:9092".to_owned(), "[::1]:9092".to_owned()];
    assert_eq!(load("bus_url", "kafka://a:9092,[::1]:9092").bus_url, BusUrl::Kafka(servers.clone()));
    assert_eq!(load("bus_url", "nats://a:9092,[::1]:9092").bus_url, BusUrl::Nats(servers));
}

#[test]
fn a_web_address_is_kept_so_that_a_path_can_be_appended_and_an_origin_compared() {
    let config = Config::load(
        Sources::new()
            .flag("public_url", "HTTPS://Desk.Example:443/")
            .flag("model.url", "http://localhost:11434/v1/"),
    )
    .unwrap();
    let public = config.public_url.unwrap();
    assert_eq!(public.as_str(), "https://desk.example");
    assert!(public.is_https());
    assert_eq!(config.model.url.unwrap().as_str(), "http://localhost:11434/v1");
}
