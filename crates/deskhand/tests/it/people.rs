//! Members and tokens, straight on the database.

use super::Home;

#[test]
fn without_a_database_the_sentence_says_how_to_get_one() {
    let home = Home::new();
    let (out, err) = home.run(&["member", "list"]).code(1);
    assert_eq!(out, "");
    assert!(
        err.contains("there is no database at ./deskhand-data/deskhand.db; `deskhand serve` makes one"),
        "{err}"
    );
    assert!(!home.path().join("deskhand-data").exists(), "looking made nothing");
}

#[tokio::test]
async fn a_member_is_added_with_a_password_from_a_pipe_and_listed() {
    let home = Home::new().with_workspace().await;
    let add = ["member", "add", "omar@example.org", "--name", "Omar", "--role", "admin", "--password-stdin"];
    let (out, err) = home.run_with(&add, "long enough\n").code(0);
    assert_eq!((out.as_str(), err.as_str()), ("added Omar <omar@example.org> as admin\n", ""));
    let (_, err) = home.run_with(&add, "long enough\n").code(1);
    assert_eq!(err, "error: omar@example.org belongs to a member already\n");
    let list = home.run(&["member", "list", "--json"]).json();
    let names: Vec<&str> =
        list["items"].as_array().unwrap().iter().map(|m| m["email"].as_str().unwrap()).collect();
    assert_eq!(names, ["dana@example.org", "omar@example.org"]);
    assert!(!list.to_string().contains("argon2"), "{list}");
}

#[tokio::test]
async fn a_password_that_is_too_short_is_refused_and_nobody_is_added() {
    let home = Home::new().with_workspace().await;
    let add = ["member", "add", "omar@example.org", "--name", "Omar", "--password-stdin"];
    let (_, err) = home.run_with(&add, "short\n").code(1);
    assert!(err.contains("password has 5 characters; at least 8 are needed"), "{err}");
    assert_eq!(home.run(&["member", "list", "--json"]).json()["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_reset_prints_nothing_but_the_link_on_stdout() {
    let home = Home::new().with_workspace().await.with("DESKHAND_PUBLIC_URL", "https://desk.example");
    let (out, err) = home.run(&["member", "reset-password", "DANA@example.org"]).code(0);
    assert!(out.starts_with("https://desk.example/join#") && out.lines().count() == 1, "{out}");
    assert!(err.contains("With this link Dana sets a new password"), "{err}");
    let (_, err) = home.run(&["member", "reset-password", "nobody@example.org"]).code(1);
    assert_eq!(err, "error: there is no member with the address nobody@example.org\n");
}

#[tokio::test]
async fn a_token_is_shown_once_and_is_gone_when_it_is_revoked() {
    let home = Home::new().with_workspace().await;
    let (out, err) = home.run(&["token", "create", "Nightly", "--member", "dana@example.org"]).code(0);
    assert!(out.starts_with("dh_") && out.lines().count() == 1, "{out}");
    assert!(err.contains("shown this one time"), "{err}");
    let list = home.run(&["token", "list", "--json"]).json();
    assert!(!list.to_string().contains(out.trim()), "the list shows no secret");
    let id = list["items"][0]["id"].as_str().unwrap().to_owned();
    home.run(&["token", "revoke", &id]).code(0);
    assert_eq!(home.run(&["token", "list", "--json"]).json()["items"].as_array().unwrap().len(), 0);
    let (_, err) = home.run(&["token", "revoke", &id]).code(1);
    assert_eq!(err, "error: there is no such token\n");
}

#[tokio::test]
async fn an_embedded_database_in_use_is_refused_with_what_to_do() {
    let home = Home::new().with_workspace().await;
    let desk = home.desk().await;
    for command in
        [&["member", "list"][..], &["token", "list"], &["migrate"], &["restore", "deskhand-data/deskhand.db"]]
    {
        let (out, err) = home.run(command).code(1);
        assert_eq!(out, "");
        assert!(err.contains("is in use by another Deskhand process; stop that one"), "{command:?}: {err}");
    }
    desk.store().close().await;
}
