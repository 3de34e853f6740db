//! `--demo`: a made-up workspace, filled through the same use cases that people reach by the page.
//!
//! It runs while everything else does: the hand itself answers the demonstration's customers.

mod content;

use std::time::Duration;

use desk::articles::ImportFile;
use desk::conversations::ConversationView;
use desk::members::{self, Member};
use desk::tasks::{NewTask, PickMember, PickProject};
use desk::visitors::{self, Introduction};
use desk::workspaces::{self, Setup};
use desk::{Desk, sessions};
use domain::conversation::State;
use domain::ids::{ConversationId, TicketId};
use domain::recurrence::{CountsFrom, Recurrence};
use domain::task::{Due, Status, When};
use domain::{Caller, Role};
use jiff::tz::TimeZone;
use jiff::{Span, Zoned};
use rand::RngExt as _;
use rust_embed::RustEmbed;

use self::content::{CONVERSATIONS, Conversation, MEMBERS, Part, TASKS, Then, Todo};
use crate::failure::{Failure, Outcome};
use crate::output::note;

/// The project's own guides. They are the demonstration's knowledge base, except those in a folder: these are for who runs
/// a fleet.
#[derive(RustEmbed)]
#[folder = "../../docs/guide"]
struct Guide;

/// How long the hand may take to answer all of the demonstration's customers.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it is looked whether it has.
const LOOK: Duration = Duration::from_millis(20);

/// Fills the database, if it is empty, and says how to sign in.
pub(super) async fn fill(desk: &Desk, url: &str) -> Outcome {
    if !workspaces::setup_needed(desk).await? {
        note("There is a workspace already, so nothing was filled in; sign in as before.");
        return Ok(());
    }
    let password = password();
    let zone = TimeZone::system();
    let zone_name = zone.iana_name().unwrap_or("UTC").to_owned();
    let now = desk.clock().now().to_zoned(TimeZone::get(&zone_name).unwrap_or(TimeZone::UTC));
    let Some(((name, email, _), others)) = MEMBERS.split_first() else { return Ok(()) };
    let owner = workspaces::create(
        desk,
        Setup {
            workspace: "Northwind Helpdesk".to_owned(),
            name: (*name).to_owned(),
            email: (*email).to_owned(),
            password: password.clone(),
            zone: zone_name,
        },
    )
    .await?;
    let mut staff = vec![owner.clone()];
    for (name, email, role) in others {
        let role = Role::parse(role).unwrap_or(Role::Agent);
        staff.push(members::add(desk, owner.workspace, name, email, role, password.clone()).await?);
    }
    let callers: Vec<Caller> = staff.iter().map(|member| sessions::caller_of(desk, member)).collect();
    let Some(first) = callers.first() else { return Ok(()) };
    import(desk, first).await?;
    for todo in TASKS {
        add_task(desk, first, todo, None, &now).await?;
    }
    converse(desk, first, &callers, &now).await?;
    welcome(url, &staff, &password);
    Ok(())
}

/// A password that can be typed: it is printed, and for this database only.
fn password() -> String {
    const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
    let mut random = rand::rng();
    let mut part = || -> String {
        let letter =
            |_| LETTERS.get(random.random_range(0..LETTERS.len())).map_or('a', |byte| char::from(*byte));
        (0..4).map(letter).collect()
    };
    [part(), part(), part()].join("-")
}

fn welcome(url: &str, staff: &[Member], password: &str) {
    let mut text =
        format!("The demonstration is filled in. Sign in at {url} with the password {password} as\n\n");
    for member in staff {
        text.push_str(&format!("    {:<30} {} ({})\n", member.email, member.name, member.role.as_str()));
    }
    note(&text);
}

async fn import(desk: &Desk, caller: &Caller) -> Outcome {
    let for_customers = Guide::iter().filter(|path| path.ends_with(".md") && !path.contains('/'));
    let files = for_customers.filter_map(|path| {
        let file = Guide::get(&path)?;
        Some(ImportFile { text: String::from_utf8(file.data.into_owned()).ok()?, path: path.into_owned() })
    });
    let report = desk::articles::import(desk, caller, files.collect()).await?;
    match report.failed.first() {
        None => Ok(()),
        Some((path, reason)) => {
            Err(Failure::Failed(format!("the guide {path} cannot be imported: {reason}")))
        }
    }
}

/// The day that is `days` from now.
fn day(now: &Zoned, days: i32) -> jiff::civil::Date {
    now.date().checked_add(Span::new().days(days)).unwrap_or(now.date())
}

async fn add_task(
    desk: &Desk,
    caller: &Caller,
    todo: &Todo,
    ticket: Option<TicketId>,
    now: &Zoned,
) -> Outcome {
    let due =
        todo.due.map(|(days, time)| Due { date: day(now, days), time: domain::task::parse_minute(time) });
    let recurrence = match todo.rule {
        None => None,
        Some(rule) => Some(
            Recurrence::new(rule, CountsFrom::Schedule)
                .map_err(|error| Failure::because("a rule of the demonstration", &error))?,
        ),
    };
    let new = NewTask {
        title: todo.title.to_owned(),
        notes: todo.notes.to_owned(),
        due,
        priority: todo.priority,
        labels: todo.labels.iter().map(|label| (*label).to_owned()).collect(),
        project: todo.project.map(|name| PickProject::Name(name.to_owned())),
        assignee: todo.assignee.map(|name| PickMember::Name(name.to_owned())),
        ticket,
        recurrence,
        reminders: todo.remind.map(|before_minutes| When::Before { before_minutes }).into_iter().collect(),
        status: (todo.part == Part::Doing).then_some(Status::Doing),
        ..NewTask::default()
    };
    let task = desk::tasks::create(desk, caller, new).await?.value.view.task;
    for title in todo.parts {
        let part = NewTask { title: (*title).to_owned(), parent: Some(task.id), ..NewTask::default() };
        desk::tasks::create(desk, caller, part).await?;
    }
    if todo.part == Part::Done {
        desk::tasks::complete(desk, caller, task.id).await?;
    }
    Ok(())
}

/// Lets the customers write and the hand answer, then the staff do what they do.
async fn converse(desk: &Desk, first: &Caller, callers: &[Caller], now: &Zoned) -> Outcome {
    let channels = desk::channels::list(desk, first).await?;
    let Some(channel) = channels.first() else { return Ok(()) };
    let mut begun: Vec<(&Conversation, ConversationId, Caller)> = Vec::new();
    for conversation in CONVERSATIONS {
        let introduction = Introduction {
            name: Some(conversation.name.to_owned()),
            email: conversation.email.map(str::to_owned),
        };
        let started = visitors::start_new(desk, channel, introduction, None, desk.new_id(), None).await?;
        let token = started.token.unwrap_or_default();
        let (visitor, _) = visitors::authenticate(desk, &token, None, desk.new_id()).await?;
        visitors::write(desk, &visitor, started.conversation, conversation.question, None).await?;
        begun.push((conversation, started.conversation, visitor));
    }
    for (conversation, id, visitor) in &begun {
        answered(desk, first, *id).await?;
        for step in conversation.then {
            take(desk, callers, *id, visitor, step, now).await?;
        }
    }
    Ok(())
}

/// Waits until the hand has answered, or has asked for a person.
async fn answered(desk: &Desk, caller: &Caller, id: ConversationId) -> Outcome<ConversationView> {
    let waiting = async {
        loop {
            let view = desk::conversations::get(desk, caller, id).await?;
            if view.conversation.messages > 1 || view.conversation.state != State::Bot {
                return Ok(view);
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    match tokio::time::timeout(PATIENCE, waiting).await {
        Ok(view) => view,
        Err(_) => Err(Failure::Failed("the hand did not answer the demonstration's customers".to_owned())),
    }
}

async fn take(
    desk: &Desk,
    callers: &[Caller],
    id: ConversationId,
    visitor: &Caller,
    step: &Then,
    now: &Zoned,
) -> Outcome {
    let staff = |index: usize| {
        callers
            .get(index)
            .ok_or_else(|| Failure::Failed("the demonstration names somebody unknown".to_owned()))
    };
    match step {
        Then::Claim(by) => desk::conversations::claim(desk, staff(*by)?, id).await?,
        Then::Reply(by, text) => {
            desk::conversations::reply(desk, staff(*by)?, id, text, false, None).await?;
        }
        Then::Note(by, text) => {
            desk::conversations::reply(desk, staff(*by)?, id, text, true, None).await?;
        }
        Then::Write(text) => {
            visitors::write(desk, visitor, id, text, None).await?;
        }
        Then::Promise(by, todo) => {
            let view = desk::conversations::get(desk, staff(*by)?, id).await?;
            add_task(desk, staff(*by)?, todo, view.conversation.ticket, now).await?;
        }
        Then::GiveBack(by) => desk::conversations::give_back(desk, staff(*by)?, id).await?,
        Then::Close(by) => {
            desk::conversations::close(desk, staff(*by)?, id).await?;
        }
    }
    Ok(())
}
