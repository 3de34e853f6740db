//! Questions are answered at once, and change nothing.

use desk::Paging;
use domain::Role;
use hand::orders::{Reply, Status};

use super::stage::{Stage, stage};

async fn filled() -> Stage {
    let stage = stage().await;
    stage.invite("Bea Miller", Role::Agent).await;
    for text in [
        "call Dana today p1 @billing @tax +me",
        "send the offer tomorrow @billing #Sales +Bea",
        "water the plants on Friday",
        "pay the rent #Sales",
    ] {
        assert_eq!(stage.confirm(text).await.status, Status::Done, "{text}");
    }
    stage.add_due("renew the certificate", Some((jiff::civil::date(2026, 11, 19), None))).await;
    stage.confirm("complete #4").await;
    stage
}

fn titles(reply: &Reply) -> Vec<&str> {
    reply.tasks.iter().map(|task| task.view.task.title.as_str()).collect()
}

#[tokio::test]
async fn lists_show_what_the_filter_lets_through() {
    let stage = filled().await;
    for (text, expected, said) in [
        ("what's due today", vec!["call Dana"], "1 open task due today, Saturday 21 November."),
        ("show overdue tasks", vec!["renew the certificate"], "1 overdue task."),
        ("list my tasks", vec!["call Dana"], "1 open task assigned to you."),
        ("list tasks assigned to Bea", vec!["send the offer"], "1 open task assigned to Bea Miller."),
        ("list tasks #sales", vec!["send the offer"], "1 open task in Sales."),
        ("list completed tasks", vec!["pay the rent"], "1 finished task."),
        ("list p1 tasks", vec!["call Dana"], "1 open task of priority urgent (p1)."),
        ("list tasks @billing", vec!["call Dana", "send the offer"], "2 open tasks labelled @billing."),
        ("list tasks @billing @tax", vec!["call Dana"], "1 open task labelled @billing and @tax."),
        ("list tasks @nothing", vec![], "No open tasks labelled @nothing."),
    ] {
        for reply in [stage.preview(text).await, stage.confirm(text).await] {
            assert_eq!(reply.status, Status::Answer, "{text}: {:?}", reply.command);
            assert_eq!(titles(&reply), expected, "{text}: {:?}", reply.command);
            assert_eq!(reply.text, said, "{text}");
        }
    }
}

#[tokio::test]
async fn a_list_shows_fifty_and_says_that_there_are_more() {
    let stage = stage().await;
    for n in 0..51 {
        stage.add(&format!("task {n}")).await;
    }
    let reply = stage.preview("list all tasks").await;
    assert_eq!(reply.tasks.len(), 50);
    assert_eq!(reply.text, "The first 50 open tasks; there are more.");
}

#[tokio::test]
async fn unknown_names_in_a_list_are_said_to_be_unknown() {
    let stage = filled().await;
    let reply = stage.preview("list tasks #Nowhere").await;
    assert_eq!(
        (reply.status, reply.text.as_str()),
        (Status::Failed, "There is no project “Nowhere”. Projects are Sales.")
    );
    let reply = stage.preview("list tasks assigned to Zed").await;
    assert_eq!(reply.text, "Nobody here is called “Zed”. Members are Ada Lovelace and Bea Miller.");
}

#[tokio::test]
async fn the_search_finds_tasks_and_tickets() {
    let stage = filled().await;
    stage.ticket().await;
    let reply = stage.preview("search refund").await;
    assert_eq!(reply.status, Status::Answer);
    assert!(reply.hits.iter().any(|hit| hit.title.contains("refund")), "{:?}", reply.hits);
    let reply = stage.confirm("search for zebra crossing").await;
    assert_eq!(
        (reply.hits.len(), reply.text.as_str()),
        (0, "Nothing is found for “zebra crossing”. Try fewer or other words.")
    );
}

#[tokio::test]
async fn every_example_of_the_help_is_understood() {
    let stage = filled().await;
    let help = stage.preview("help").await;
    assert_eq!(help.status, Status::Answer);
    for line in &help.lines {
        let reply = stage.preview(&line.value.replace("#12", "#1").replace("+Bea", "+me")).await;
        assert!(matches!(reply.status, Status::Preview | Status::Answer), "{}: {}", line.value, reply.text);
        assert!(help.text.contains(&line.value));
    }
    let tasks =
        desk::tasks::list(&stage.desk, &stage.me, Default::default(), Paging::default()).await.unwrap();
    assert_eq!(tasks.items.len(), 5);
}
