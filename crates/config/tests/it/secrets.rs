//! Nothing prints a secret: not `config show`, not `Debug`, not an error.

use config::{Config, SETTINGS, Sources};

use crate::{file_refusal, refusal};

const CANARY: &str = "hunter2-canary";

#[test]
fn a_secret_appears_neither_in_config_show_nor_in_debug() {
    let key = "c2l4dGVlbiByYW5kb20gYnl0ZXMgdHdpY2Ugb3ZlciE=";
    let config = Config::load(
        Sources::new()
            .flag("database_url", format!("postgres://desk:{CANARY}@db/desk"))
            .flag("smtp.url", format!("smtps://desk:{CANARY}@mail.example:465"))
            .flag("smtp.from", "desk@example.org")
            .flag("broker.password", CANARY)
            .flag("model.key", CANARY)
            .flag("secret_key", key),
    )
    .unwrap();
    let shown: Vec<String> = config
        .effective()
        .into_iter()
        .filter_map(|setting| Some(format!("{}={}", setting.key, setting.value?)))
        .collect();
    for expected in [
        "database_url=postgres://desk:********@db/desk",
        "smtp.url=smtps://desk:********@mail.example:465",
        "model.key=********",
        "secret_key=********",
    ] {
        assert!(shown.iter().any(|line| line == expected), "{expected} is not in {shown:#?}");
    }
    let everything = format!("{config:?} {config:#?} {shown:?} {}", config.database());
    assert!(!everything.contains(CANARY) && !everything.contains(key), "{everything}");
    assert_eq!(config.model.key.unwrap().expose(), CANARY);
}

#[test]
fn an_error_about_a_setting_that_may_hold_a_secret_does_not_quote_it() {
    let wrong = [
        ("database_url", format!("mysql://desk:{CANARY}@db/desk")),
        ("database_url", format!("host=db password={CANARY}")),
        ("database_url", format!("postgres:/desk:{CANARY}@db")),
        ("smtp.url", format!("http://desk:{CANARY}@mail")),
        ("smtp.url", format!("desk:{CANARY}@mail:465")),
        ("secret_key", CANARY.to_owned()),
        ("model.url", format!("http://desk:{CANARY}@model/v1")),
        ("model.url", format!("http://model/v1?api_key={CANARY}")),
        ("modle.key", CANARY.to_owned()),
    ];
    for (key, value) in wrong {
        let sentences = refusal(Sources::new().flag(key, &value)).join("\n");
        assert!(!sentences.contains(CANARY), "{sentences}");
    }
    let sentences = file_refusal(&format!("model.key = '{CANARY}\n")).join("\n");
    assert!(!sentences.contains(CANARY), "{sentences}");
}

#[test]
fn the_table_says_which_settings_are_secret() {
    let secret: Vec<_> =
        SETTINGS.iter().filter(|setting| setting.secret).map(|setting| setting.key).collect();
    assert_eq!(secret, ["database_url", "secret_key", "broker.password", "model.key", "smtp.url"]);
}
