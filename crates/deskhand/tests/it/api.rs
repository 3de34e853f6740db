//! Commands that speak to a running desk, when there is none, or something else.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use super::Home;

/// A server that answers one request with `answer`, and gives what it was asked.
fn once(answer: &'static str) -> (String, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = Vec::new();
        let mut buffer = [0; 4096];
        while !asked.windows(4).any(|end| end == b"\r\n\r\n") {
            let read = stream.read(&mut buffer).unwrap();
            asked.extend_from_slice(&buffer[..read]);
        }
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8(asked).unwrap()
    });
    (url, serving)
}

#[test]
fn a_terminal_that_is_not_signed_in_is_told_how() {
    let (out, err) = Home::new().run(&["task", "list"]).code(2);
    assert_eq!(out, "");
    assert!(err.contains("run `deskhand login URL`") && err.contains("DESKHAND_TOKEN"), "{err}");
}

#[test]
fn where_nobody_answers_the_sentence_says_how_to_start_it() {
    let home = Home::new().with("DESKHAND_URL", "http://127.0.0.1:1/").with("DESKHAND_TOKEN", "dh_secret");
    let (_, err) = home.run(&["search", "x"]).code(1);
    assert!(
        err.starts_with("error: no Deskhand answers at http://127.0.0.1:1; start it with `deskhand serve`"),
        "{err}"
    );
    assert!(!err.contains("dh_secret"), "{err}");
}

#[test]
fn an_answer_that_is_not_deskhands_is_said_to_be_none() {
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n<html></html>",
        "HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno",
    ] {
        let (url, serving) = once(answer);
        let home = Home::new().with("DESKHAND_URL", &url).with("DESKHAND_TOKEN", "dh_secret");
        let (_, err) = home.run(&["search", "x"]).code(1);
        assert_eq!(err, format!("error: {url} answers, but not as a Deskhand does\n"));
        serving.join().unwrap();
    }
}

#[test]
fn a_redirect_is_not_followed_with_the_token() {
    let (url, serving) =
        once("HTTP/1.1 302 Found\r\nlocation: http://evil.example/\r\ncontent-length: 0\r\n\r\n");
    let home = Home::new().with("DESKHAND_URL", &url).with("DESKHAND_TOKEN", "dh_secret");
    let (_, err) = home.run(&["search", "x"]).code(1);
    assert_eq!(err, format!("error: {url} sends on to http://evil.example/; log in there instead\n"));
    assert!(serving.join().unwrap().contains("authorization: Bearer dh_secret"));
}

#[test]
fn a_problem_becomes_a_sentence_with_every_field() {
    let body = r#"{"code":"invalid","title":"Invalid","detail":"some fields cannot be accepted","errors":[{"field":"title","message":"is empty"}]}"#;
    let answer: &'static str = Box::leak(
        format!("HTTP/1.1 422 Unprocessable\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_boxed_str(),
    );
    let (url, serving) = once(answer);
    let home = Home::new().with("DESKHAND_URL", &url).with("DESKHAND_TOKEN", "dh_secret");
    let (_, err) = home.run(&["task", "add", " "]).code(1);
    assert_eq!(err, "error: some fields cannot be accepted: title is empty\n");
    assert!(serving.join().unwrap().contains("idempotency-key: "));
}

#[test]
fn a_kept_token_is_shown_to_no_other_desk() {
    let home = Home::new().with("DESKHAND_URL", "http://127.0.0.1:2");
    let folder = home.path().join(".config/deskhand");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("credentials.json"), r#"{"url":"http://127.0.0.1:1","token":"dh_secret"}"#)
        .unwrap();
    let (_, err) = home.run(&["task", "list"]).code(2);
    assert!(err.contains("the kept token is for http://127.0.0.1:1"), "{err}");
}

#[test]
fn logging_in_without_a_terminal_wants_a_token_or_a_pipe() {
    let (_, err) = Home::new().run(&["login", "http://127.0.0.1:1"]).code(2);
    assert!(err.contains("--token") && err.contains("--password-stdin"), "{err}");
    let (_, err) = Home::new().run(&["login", "desk.example"]).code(2);
    assert!(err.contains("desk.example is no address"), "{err}");
}
