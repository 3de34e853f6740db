//! Signing in and out, tokens, and who is let in no more.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use server::{Network, Options};

use crate::site::{PASSWORD, both, both_with, generous};
use crate::socket::Socket;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sessions_cookie_is_for_browsers_of_this_site_only() {
    both(async |site| {
        let body = json!({"email": "alex@example.org", "password": PASSWORD});
        let reply = site.nobody().post("/api/v1/session", &body).await;
        reply.created();
        let cookie = reply.cookie();
        for part in ["deskhand_session=", "; Path=/", "; HttpOnly", "; SameSite=Lax", "; Max-Age="] {
            assert!(cookie.contains(part), "{cookie}");
        }
        assert!(!cookie.contains("Domain="), "{cookie}");
        assert_eq!(reply.header("cache-control"), "no-store");
        assert!(
            !reply.text.contains(&cookie["deskhand_session=".len()..][..20]),
            "the secret is in the body"
        );
    })
    .await;
    let secure =
        || Options { secure: true, public_url: Some("https://desk.example".to_owned()), ..generous() };
    both_with(secure, async |site| {
        let body = json!({"email": "alex@example.org", "password": PASSWORD});
        let reply = site.nobody().post("/api/v1/session", &body).await;
        let cookie = reply.cookie();
        assert!(cookie.starts_with("__Host-deskhand=") && cookie.contains("; Secure"), "{cookie}");
        assert!(reply.header("strict-transport-security").starts_with("max-age="));
        let page = site.owner.with_cookie(&cookie);
        let call = |origin| {
            page.call(Method::POST, "/api/v1/projects")
                .header("origin", origin)
                .json(&json!({"name": origin}))
        };
        call("https://desk.example").send().await.created();
        // The same name without TLS is another site, whatever the host says.
        let plain = format!("http://{}", site.url.trim_start_matches("http://"));
        call(&plain).send().await.problem(403, "foreign_origin");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_in_gives_a_new_session_and_ends_the_one_before() {
    both_with(generous, async |site| {
        let first = site.sign_in("alex@example.org").await;
        first.get("/api/v1/me").await.ok();
        let body = json!({"email": "alex@example.org", "password": PASSWORD});
        let reply = first.post("/api/v1/session", &body).await;
        reply.created();
        let second = site.owner.with_cookie(&reply.cookie());
        assert_ne!(first.credentials, second.credentials);
        second.get("/api/v1/me").await.ok();
        first.get("/api/v1/me").await.problem(401, "unauthenticated");
        // A cookie that somebody else chose is not taken over.
        let fixed = site.owner.with_cookie("deskhand_session=chosen");
        let reply = fixed.post("/api/v1/session", &body).await;
        assert!(!reply.cookie().contains("chosen"));
        fixed.get("/api/v1/me").await.problem(401, "unauthenticated");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_closes_the_live_socket_within_a_second() {
    both_with(generous, async |site| {
        let page = site.sign_in("alex@example.org").await;
        let other = site.sign_in("alex@example.org").await;
        let mut socket = Socket::member(&page).await;
        let mut stays = Socket::member(&other).await;
        let reply = page.delete("/api/v1/session").await;
        reply.expect(204);
        assert!(reply.cookie().contains("Max-Age=0"), "{reply:?}");
        let code = tokio::time::timeout(Duration::from_secs(1), socket.closed()).await;
        assert_eq!(code.expect("closed within a second"), Some(4401));
        page.get("/api/v1/me").await.problem(401, "unauthenticated");
        other.task("still here").await;
        assert_eq!(stays.event("task.created").await["data"]["title"], "still here");
    })
    .await;
}

/// Panics unless the socket is closed within a second, with that code.
async fn closes(socket: &mut Socket, code: u16, why: &str) {
    let closed = tokio::time::timeout(Duration::from_secs(1), socket.closed()).await;
    assert_eq!(closed.unwrap_or_else(|_| panic!("still open after a second: {why}")), Some(code), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_ends_a_session_closes_its_live_sockets_within_a_second_in_every_process() {
    both_with(generous, async |site| {
        let twin = site.twin().await;
        let mia = site.member("Mia", domain::Role::Agent).await;
        let path = format!("/api/v1/members/{}", mia.member.id);
        let sign_in = json!({"email": "mia@example.org", "password": PASSWORD});
        let open = async || {
            let page = site.sign_in("mia@example.org").await;
            let sockets = [Socket::member(&page).await, Socket::member(&twin.person(&page)).await];
            (page, sockets)
        };
        let bystander = site.sign_in("mia@example.org").await;
        let mut stays = Socket::member(&twin.person(&bystander)).await;

        let (page, sockets) = open().await;
        page.delete("/api/v1/session").await.expect(204);
        for mut socket in sockets {
            closes(&mut socket, 4401, "signed out").await;
        }
        let (page, sockets) = open().await;
        page.post("/api/v1/session", &sign_in).await.created();
        for mut socket in sockets {
            closes(&mut socket, 4401, "replaced by another sign-in").await;
        }
        let (page, sockets) = open().await;
        let stranger = site.other_workspace().await;
        let body = json!({"email": stranger.member.email, "password": PASSWORD});
        page.post("/api/v1/session", &body).await.created();
        for mut socket in sockets {
            closes(&mut socket, 4401, "replaced by a sign-in to another workspace").await;
        }
        bystander.task("still here").await;
        assert_eq!(stays.event("task.created").await["data"]["title"], "still here");

        // With another name nothing ends; with another role the page has to come back, and may.
        let (page, mut sockets) = open().await;
        site.owner.patch(&path, &json!({"name": "Mia M."})).await.ok();
        for socket in &mut sockets {
            assert_eq!(socket.event("member.updated").await["data"]["name"], "Mia M.");
        }
        site.owner.patch(&path, &json!({"role": "viewer"})).await.ok();
        for mut socket in sockets {
            closes(&mut socket, 1012, "another role").await;
            let told = &socket.last;
            assert_eq!(
                (&told["event"]["type"], &told["event"]["data"]["role"]),
                (&json!("member.updated"), &json!("viewer"))
            );
        }
        closes(&mut stays, 1012, "another role").await;
        let mut again = [Socket::member(&page).await, Socket::member(&twin.person(&page)).await];
        let program = Socket::member(&twin.person(&mia)).await;
        site.owner.delete(&path).await.expect(204);
        for socket in again.iter_mut().chain(&mut [program]) {
            closes(socket, 4401, "deactivated").await;
        }
        twin.close(site).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_that_is_opened_while_another_process_still_remembers_the_session_is_closed() {
    both_with(generous, async |site| {
        let twin = site.twin().await;
        for _ in 0..5 {
            let page = site.sign_in("alex@example.org").await;
            let there = twin.person(&page);
            there.get("/api/v1/me").await.ok();
            page.delete("/api/v1/session").await.expect(204);
            // Refused, or taken by who has not heard yet, and closed then.
            if let Some(mut socket) = Socket::perhaps(&there).await {
                closes(&mut socket, 4401, "it was signed out before").await;
            }
        }
        twin.close(site).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_of_foreign_pages_are_refused_where_a_cookie_would_speak_for_them() {
    both_with(generous, async |site| {
        let page = site.sign_in("alex@example.org").await;
        let post = |origin: &str| {
            page.call(Method::POST, "/api/v1/tasks").header("origin", origin).json(&json!({"title": "x"}))
        };
        for foreign in [
            "https://evil.example",
            "null",
            "http://127.0.0.1:1",
            &format!("{}.evil.example", site.url),
            "file://",
        ] {
            post(foreign).send().await.problem(403, "foreign_origin");
            let body = json!({"email": "alex@example.org", "password": PASSWORD});
            let sign_in =
                site.nobody().call(Method::POST, "/api/v1/session").header("origin", foreign).json(&body);
            sign_in.send().await.problem(403, "foreign_origin");
            for method in [Method::PATCH, Method::DELETE] {
                let call = page.call(method, "/api/v1/tasks/x").header("origin", foreign).json(&json!({}));
                call.send().await.problem(403, "foreign_origin");
            }
            assert_eq!(Socket::refusal(&page, Some(foreign)).await, 403);
        }
        post(&site.url).send().await.created();
        Socket::member_from(&page, &site.url)
            .await
            .event_after(
                async || {
                    page.task("seen").await;
                },
                "task.created",
            )
            .await;
        // A token is no cookie: no browser sends it by itself.
        let token = site.owner.call(Method::POST, "/api/v1/tasks").header("origin", "https://evil.example");
        token.json(&json!({"title": "x"})).send().await.created();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_that_are_unknown_over_or_revoked_open_nothing() {
    both_with(generous, async |site| {
        let made = site.owner.post("/api/v1/tokens", &json!({"name": "program", "expires_in_days": 1})).await;
        assert_eq!(made.header("cache-control"), "no-store");
        let made = made.created();
        let program = site.owner.with_bearer(made["secret"].as_str().unwrap());
        program.get("/api/v1/me").await.ok();
        let list = site.owner.get("/api/v1/tokens").await;
        assert!(!list.text.contains(made["secret"].as_str().unwrap()), "the secret is shown once");
        let secret = made["secret"].as_str().unwrap();
        for wrong in ["", "x", &secret[..secret.len() - 1], &format!("{secret}x"), &secret.to_uppercase()] {
            site.owner.with_bearer(wrong).get("/api/v1/me").await.problem(401, "unauthenticated");
        }
        let (name, value) = program.credentials.clone().unwrap();
        for wrong in [
            value.replace("Bearer ", "Basic "),
            value.replace("Bearer ", ""),
            "Bearer".to_owned(),
            "\u{e9}".to_owned(),
        ] {
            let mut person = program.clone();
            person.credentials = Some((name.clone(), wrong));
            person.get("/api/v1/me").await.problem(401, "unauthenticated");
        }
        let mut socket = Socket::member(&program).await;
        program
            .delete(&format!("/api/v1/tokens/{}", made["token"]["id"].as_str().unwrap()))
            .await
            .expect(204);
        program.get("/api/v1/me").await.problem(401, "unauthenticated");
        let code = tokio::time::timeout(Duration::from_secs(1), socket.closed()).await;
        assert_eq!(code.expect("closed within a second"), Some(4401));
        assert_eq!(Socket::refusal(&program, None).await, 401);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_who_is_deactivated_is_out_at_once_and_a_new_role_counts_at_the_next_request() {
    both_with(generous, async |site| {
        let mia = site.member("Mia", domain::Role::Agent).await;
        let page = site.sign_in("mia@example.org").await;
        let path = format!("/api/v1/members/{}", mia.member.id);
        let mut socket = Socket::member(&page).await;
        mia.task("hers").await;
        site.owner.patch(&path, &json!({"role": "viewer"})).await.ok();
        for person in [&mia, &page] {
            person.post("/api/v1/tasks", &json!({"title": "x"})).await.problem(403, "forbidden");
            assert_eq!(person.get("/api/v1/me").await.ok()["member"]["role"], "viewer");
        }
        closes(&mut socket, 1012, "another role").await;
        let mut socket = Socket::member(&page).await;
        // Also while requests of theirs are under way.
        let busy = tokio::spawn({
            let mia = mia.clone();
            async move {
                let mut ended = 0;
                while ended < 5 {
                    ended += u32::from(mia.get("/api/v1/me").await.status == 401);
                }
            }
        });
        site.owner.delete(&path).await.expect(204);
        for person in [&mia, &page] {
            person.get("/api/v1/me").await.problem(401, "unauthenticated");
        }
        tokio::time::timeout(Duration::from_secs(5), busy).await.unwrap().unwrap();
        closes(&mut socket, 4401, "deactivated").await;
        let body = json!({"email": "mia@example.org", "password": PASSWORD});
        site.nobody().post("/api/v1/session", &body).await.problem(401, "bad_credentials");
        let me = format!("/api/v1/members/{}", site.owner.member.id);
        site.owner.delete(&me).await.problem(409, "last_owner");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_password_by_link_ends_the_sessions_before_and_the_link_works_once() {
    both_with(generous, async |site| {
        let mia = site.member("Mia", domain::Role::Agent).await;
        let page = site.sign_in("mia@example.org").await;
        page.get("/api/v1/me").await.ok();
        let path = format!("/api/v1/members/{}/invite", mia.member.id);
        let link = site.owner.post(&path, &Value::Null).await.ok();
        let token = link["invite_url"].as_str().unwrap().split_once('#').unwrap().1.to_owned();
        let looked = site.nobody().post("/api/v1/invitations/look", &json!({"token": token})).await.ok();
        assert_eq!(looked["email"], "mia@example.org");
        let body = json!({"token": token, "name": "Mia", "password": "a new password", "zone": "UTC"});
        let reply = site.nobody().post("/api/v1/invitations/accept", &body).await;
        reply.created();
        site.owner.with_cookie(&reply.cookie()).get("/api/v1/me").await.ok();
        page.get("/api/v1/me").await.problem(401, "unauthenticated");
        site.nobody().post("/api/v1/invitations/accept", &body).await.problem(403, "bad_token");
        let old = json!({"email": "mia@example.org", "password": PASSWORD});
        site.nobody().post("/api/v1/session", &old).await.problem(401, "bad_credentials");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_and_an_unknown_address_read_the_same() {
    both_with(generous, async |site| {
        site.other_workspace().await;
        // The owner of both: only who knows the password learns of it.
        let both = crate::site::setup("Initech", "alex@example.org");
        desk::workspaces::create(&site.desk, both).await.unwrap();
        let sign_in = async |email: &str, password: &str| {
            let body = json!({"email": email, "password": password});
            site.nobody().post("/api/v1/session", &body).await
        };
        let unknown = sign_in("nobody@example.org", "wrong horse").await.problem(401, "bad_credentials");
        for (email, password) in [("gwen@example.org", "wrong horse"), ("alex@example.org", "wrong horse"), ("", ""), ("\u{0}", "\u{0}")] {
            assert_eq!(sign_in(email, password).await.problem(401, "bad_credentials"), unknown, "{email:?}");
        }
        sign_in("alex@example.org", PASSWORD).await.problem(409, "workspace_required");
        let body = json!({"email": "ALEX@example.org ", "password": PASSWORD, "workspace": site.owner.member.workspace.0});
        let me = site.nobody().post("/api/v1/session", &body).await.created();
        assert_eq!(me["workspace"]["name"], "Acme");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sign_ins_are_limited_by_address_and_a_made_up_address_changes_nothing() {
    let few = || Options { sign_in_per_minute: 3, ..Options::default() };
    both_with(few, async |site| {
        let attempt = async |forwarded: &str| {
            let body = json!({"email": "alex@example.org", "password": "wrong horse"});
            let call =
                site.nobody().call(Method::POST, "/api/v1/session").header("x-forwarded-for", forwarded);
            call.json(&body).send().await
        };
        for n in 0..3 {
            attempt(&format!("203.0.113.{n}")).await.problem(401, "bad_credentials");
        }
        let reply = attempt("203.0.113.99").await;
        let problem = reply.problem(429, "rate_limited");
        assert_eq!(problem["retry_after"].to_string(), reply.header("retry-after"));
        // The same limit for everything that tries secrets.
        let look = site.nobody().post("/api/v1/invitations/look", &json!({"token": "x"})).await;
        look.problem(429, "rate_limited");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trusted_proxys_word_about_the_address_counts_and_what_stands_before_it_does_not() {
    let proxied = || Options {
        sign_in_per_minute: 2,
        trusted_proxies: vec![
            Network::new("127.0.0.0".parse().unwrap(), 8),
            Network::new("10.0.0.0".parse().unwrap(), 8),
        ],
        ..Options::default()
    };
    both_with(proxied, async |site| {
        let attempt = async |forwarded: &str| {
            let body = json!({"email": "alex@example.org", "password": "wrong horse"});
            let call =
                site.nobody().call(Method::POST, "/api/v1/session").header("x-forwarded-for", forwarded);
            call.json(&body).send().await.status.as_u16()
        };
        assert_eq!(attempt("198.51.100.1").await, 401);
        // What the client itself put in front is not the proxy's word.
        assert_eq!(attempt("203.0.113.7, 198.51.100.1").await, 401);
        assert_eq!(attempt("203.0.113.8, 198.51.100.1, 10.1.2.3").await, 429);
        assert_eq!(attempt("198.51.100.2").await, 401, "another client is not held back");
        assert_eq!(attempt("nonsense").await, 401);
        assert_eq!(attempt(&"1.1.1.1,".repeat(2000)).await, 401);
        let me = site.owner.call(Method::POST, "/api/v1/tasks").header("x-forwarded-for", "198.51.100.9");
        let task = me.json(&json!({"title": "x"})).send().await.created();
        let path = format!("/api/v1/tasks/{}/history", task["id"].as_str().unwrap());
        crate::site::until("the history is kept", async || {
            site.owner.get(&path).await.ok()["items"][0]["address"] == "198.51.100.9"
        })
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_tokens_requests_are_limited_for_themselves() {
    let few = || Options { requests_per_minute: 5, ..Options::default() };
    both_with(few, async |site| {
        let mia = site.member("Mia", domain::Role::Viewer).await;
        for _ in 0..5 {
            site.owner.get("/api/v1/me").await.ok();
        }
        let reply = site.owner.get("/api/v1/me").await;
        reply.problem(429, "rate_limited");
        assert!((1..=60).contains(&reply.header("retry-after").parse::<u64>().unwrap()));
        mia.get("/api/v1/me").await.ok();
    })
    .await;
}
