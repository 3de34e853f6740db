//! Without any setting, Deskhand runs on a laptop, and the table is complete.

use config::{BusUrl, Config, DatabaseUrl, Group, LogFormat, LogLevel, Role, SETTINGS, Sources};

#[test]
fn every_documented_setting_is_known_and_nothing_else() {
    let documented = [
        "listen",
        "management_listen",
        "public_url",
        "data_dir",
        "database_url",
        "bus_url",
        "roles",
        "groups",
        "api_url",
        "secret_key",
        "trusted_proxies",
        "broker.prefix",
        "broker.replication",
        "broker.tls",
        "broker.ca_file",
        "broker.user",
        "broker.password",
        "broker.sasl",
        "broker.credentials_file",
        "retry.hand",
        "retry.recurring",
        "retry.notify",
        "retry.audit",
        "retry.webhooks",
        "model.url",
        "model.name",
        "model.key",
        "model.timeout_secs",
        "smtp.url",
        "smtp.from",
        "webhooks.allowed_networks",
        "log.format",
        "log.level",
        "otlp.endpoint",
        "trace.ratio",
        "shutdown.drain_secs",
        "database.pool",
        "limits.body_bytes",
        "limits.requests_per_minute",
        "limits.visitor_messages_per_minute",
        "limits.sign_in_per_minute",
    ];
    let known: Vec<_> = SETTINGS.iter().map(|setting| setting.key).collect();
    assert_eq!(known, documented);
}

#[test]
fn the_defaults_run_everything_in_one_process_on_loopback() {
    let config = Config::load(Sources::new()).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8000");
    assert_eq!(config.management_listen, None);
    assert_eq!(config.public_url, None);
    assert_eq!(config.data_dir.to_str(), Some("./deskhand-data"));
    assert_eq!(config.database_url, None);
    assert_eq!(config.database(), DatabaseUrl::Sqlite("./deskhand-data/deskhand.db".into()));
    assert_eq!(config.bus_url, BusUrl::Database);
    assert!(config.roles.iter().eq(Role::ALL), "{:?}", config.roles);
    assert!(config.groups.iter().eq(Group::ALL), "{:?}", config.groups);
    assert_eq!(config.api_url, None);
    assert_eq!(config.secret_key, None);
    assert!(config.trusted_proxies.is_empty());
    assert_eq!((config.model.url, config.model.name, config.model.key), (None, None, None));
    assert_eq!(config.model.timeout_secs, 20);
    assert_eq!((config.smtp.url, config.smtp.from), (None, None));
    assert_eq!((config.log.format, config.log.level), (LogFormat::Text, LogLevel::Info));
    assert_eq!(config.otlp.endpoint, None);
    assert_eq!(config.trace.ratio, 1.0);
    assert_eq!(config.shutdown.drain_secs, 20);
    assert_eq!(config.database.pool, 10);
    assert_eq!(config.limits.body_bytes, 1_048_576);
    assert_eq!(config.limits.requests_per_minute, 6000);
    assert_eq!(config.limits.visitor_messages_per_minute, 30);
    assert_eq!(config.limits.sign_in_per_minute, 10);
}

#[test]
fn every_setting_has_a_sentence_a_default_that_is_allowed_and_an_example_that_is() {
    let shown = Config::load(Sources::new()).unwrap().effective();
    for (setting, effective) in SETTINGS.iter().zip(shown) {
        assert!(
            setting.doc.ends_with('.') && !setting.doc.contains('\n'),
            "{}: {:?}",
            setting.key,
            setting.doc
        );
        assert_eq!(effective.key, setting.key);
        assert_eq!(effective.value.as_deref(), setting.default, "{}", setting.key);

        // A few need a companion; those that have one already are not harmed by it.
        let mut sources = Sources::new().flag("smtp.from", "desk@example.org");
        sources = sources.flag(setting.key, setting.example);
        if setting.key == "roles" {
            sources = sources.flag("api_url", "http://127.0.0.1:8001");
        }
        if setting.key != "model.key" {
            Config::load(sources).unwrap_or_else(|problems| panic!("{problems}"));
        }
    }
}
