//! What can be typed: commands, their arguments and their help. Nothing is done here.

mod deploy;
mod events;
mod webhooks;

use std::path::PathBuf;

use clap::{Args as Arguments, Parser, Subcommand, ValueEnum};
use domain::Role;
use jiff::civil::{Date, DateTime};

pub(crate) use deploy::{CheckFormat, DeployCheck, DeployCommand, DeployExplain, DeployRender, FleetArgs};
pub(crate) use events::{EventsCommand, EventsTail};
pub(crate) use webhooks::{WebhookDeliveries, WebhookFields, WebhookReplay, WebhookRotate, WebhooksCommand};

/// A digital colleague that you host yourself: customers' questions, tickets and tasks in one place.
#[derive(Debug, Parser)]
#[command(name = "deskhand", version, propagate_version = true, disable_help_subcommand = true)]
pub(crate) struct Args {
    /// Read settings from this file instead of ./deskhand.toml
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Print results as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// What to do
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run Deskhand: the page, the widget, the API, and what happens in the background
    Serve(Serve),
    /// Bring the database up to date, and the topics that carry events
    Migrate(Migrate),
    /// See or check the settings
    Config {
        /// What to do with them
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Members, straight on the database
    Member {
        /// What to do
        #[command(subcommand)]
        command: MemberCommand,
    },
    /// API tokens, straight on the database
    Token {
        /// What to do
        #[command(subcommand)]
        command: TokenCommand,
    },
    /// Write a consistent copy of the database to a file, also while Deskhand runs
    Backup(Backup),
    /// Bring a backup back: it is checked before it replaces anything
    Restore(Restore),
    /// Sign this terminal in, for the commands that speak to a running Deskhand
    Login(Login),
    /// Give an order in plain words: shows what was understood, asks, does it
    Say(Say),
    /// Take back what `say` did
    Undo(Undo),
    /// Only read an order in plain words, offline, and print it as JSON
    Words(Words),
    /// Tasks
    Task {
        /// What to do
        #[command(subcommand)]
        command: TaskCommand,
    },
    /// Search tasks, conversations, tickets, contacts and articles
    Search(Search),
    /// The knowledge base
    Articles {
        /// What to do
        #[command(subcommand)]
        command: ArticlesCommand,
    },
    /// Events that a group could not handle
    DeadLetters {
        /// What to do
        #[command(subcommand)]
        command: DeadLettersCommand,
    },
    /// Other programs that are told of events, on a running desk
    Webhooks {
        /// What to do
        #[command(subcommand)]
        command: WebhooksCommand,
    },
    /// What happens on a running desk
    Events {
        /// What to do
        #[command(subcommand)]
        command: EventsCommand,
    },
    /// Run Deskhand on Kubernetes: manifests, and where their numbers come from; offline
    Deploy {
        /// What to do
        #[command(subcommand)]
        command: DeployCommand,
    },
    /// See whether the process with these settings on this machine is alive
    Health,
    /// Print the JSON Schemas of all events
    Schemas(Schemas),
    /// Print the OpenAPI 3.1 document of the API
    Openapi,
}

/// Which database a command works on, when it is not the one of the settings.
#[derive(Debug, Default, Arguments)]
pub(crate) struct Where {
    /// The folder of the embedded database
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<String>,
    /// The database: sqlite://PATH or postgres://USER@HOST/DATABASE
    #[arg(long, value_name = "URL")]
    pub(crate) database_url: Option<String>,
}

/// Arguments of `serve`.
#[derive(Debug, Arguments)]
pub(crate) struct Serve {
    /// Which database
    #[command(flatten)]
    pub(crate) place: Where,
    /// Where people, visitors and programs connect; 127.0.0.1:8000 where nothing is given
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<String>,
    /// What carries events to the workers
    #[arg(long, value_name = "URL")]
    pub(crate) bus: Option<String>,
    /// The parts to run, such as web,api; all where nothing is given
    #[arg(long, value_name = "LIST")]
    pub(crate) roles: Option<String>,
    /// The groups of workers to run, such as hand,notify; all where nothing is given
    #[arg(long, value_name = "LIST")]
    pub(crate) groups: Option<String>,
    /// Fill an empty database with a made-up workspace, and print how to sign in
    #[arg(long)]
    pub(crate) demo: bool,
}

/// Arguments of `migrate`.
#[derive(Debug, Arguments)]
pub(crate) struct Migrate {
    /// Change nothing; exit with 3 when the database is behind, or topics are not as they should be
    #[arg(long)]
    pub(crate) check: bool,
    /// Also give topics another number of partitions where this version has one; first let every group finish, and stop
    /// every process
    #[arg(long, conflicts_with = "check")]
    pub(crate) remap: bool,
    /// Which database
    #[command(flatten)]
    pub(crate) place: Where,
}

/// Commands of `config`.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print every setting in force and where it came from, secrets masked
    Show,
    /// Say what is wrong with the settings; exit with 3 when something is
    Check,
}

/// Commands of `member`.
#[derive(Debug, Subcommand)]
pub(crate) enum MemberCommand {
    /// Add a member with a password, or with a one-time link
    Add(MemberAdd),
    /// List the members
    List(MemberList),
    /// Print a one-time link with which a member sets a new password
    ResetPassword(ResetPassword),
}

/// Arguments of `member add`.
#[derive(Debug, Arguments)]
pub(crate) struct MemberAdd {
    /// The e-mail address to sign in with
    pub(crate) email: String,
    /// The name that others see
    #[arg(long)]
    pub(crate) name: String,
    /// What the member may do
    #[arg(long, value_enum, default_value = "agent")]
    pub(crate) role: RoleName,
    /// Take the password from standard input instead of asking for it
    #[arg(long, conflicts_with = "link")]
    pub(crate) password_stdin: bool,
    /// Print a one-time link with which the member chooses a password, instead of setting one
    #[arg(long)]
    pub(crate) link: bool,
    /// The workspace's id, where there are several
    #[arg(long, value_name = "ID")]
    pub(crate) workspace: Option<uuid::Uuid>,
    /// Which database
    #[command(flatten)]
    pub(crate) place: Where,
}

/// Arguments of `member list`.
#[derive(Debug, Arguments)]
pub(crate) struct MemberList {
    /// The workspace's id, where there are several
    #[arg(long, value_name = "ID")]
    pub(crate) workspace: Option<uuid::Uuid>,
    /// Which database
    #[command(flatten)]
    pub(crate) place: Where,
}

/// Arguments of `member reset-password`.
#[derive(Debug, Arguments)]
pub(crate) struct ResetPassword {
    /// The member's e-mail address
    pub(crate) email: String,
    /// The workspace's id, where there are several
    #[arg(long, value_name = "ID")]
    pub(crate) workspace: Option<uuid::Uuid>,
    /// Which database
    #[command(flatten)]
    pub(crate) place: Where,
}

/// What a member may do, as it is typed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum RoleName {
    /// Reads
    Viewer,
    /// Works on conversations, tickets, tasks and articles
    Agent,
    /// Also administers members, channels and settings
    Admin,
    /// Also decides who owns the workspace
    Owner,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Viewer => Self::Viewer,
            RoleName::Agent => Self::Agent,
            RoleName::Admin => Self::Admin,
            RoleName::Owner => Self::Owner,
        }
    }
}

/// Commands of `token`.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token and print it, this one time
    Create(TokenCreate),
    /// List the tokens
    List(TokenList),
    /// Revoke a token: every request with it is refused from now on
    Revoke(TokenRevoke),
}

/// Arguments of `token create`.
#[derive(Debug, Arguments)]
pub(crate) struct TokenCreate {
    /// What the token is for
    pub(crate) name: String,
    /// The e-mail address of the member it acts as
    #[arg(long, value_name = "EMAIL")]
    pub(crate) member: String,
    /// After how many days it stops working; never where nothing is given
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(1..=3650))]
    pub(crate) expires_in_days: Option<i64>,
    /// The workspace's id, where there are several
    #[arg(long, value_name = "ID")]
    pub(crate) workspace: Option<uuid::Uuid>,
    /// Which database
    #[command(flatten)]
    pub(crate) place: Where,
}

/// Arguments of `token list`.
#[derive(Debug, Arguments)]
pub(crate) struct TokenList {
    /// The workspace's id, where there are several
    #[arg(long, value_name = "ID")]
    pub(crate) workspace: Option<uuid::Uuid>,
    /// Which database
    #[command(flatten)]
    pub(crate) place: Where,
}

/// Arguments of `token revoke`.
#[derive(Debug, Arguments)]
pub(crate) struct TokenRevoke {
    /// The token's id, as `token list` shows it
    pub(crate) id: uuid::Uuid,
    /// The workspace's id, where there are several
    #[arg(long, value_name = "ID")]
    pub(crate) workspace: Option<uuid::Uuid>,
    /// Which database
    #[command(flatten)]
    pub(crate) place: Where,
}

/// Arguments of `backup`.
#[derive(Debug, Arguments)]
pub(crate) struct Backup {
    /// The file to write; it must not exist
    pub(crate) file: PathBuf,
    /// Which database
    #[command(flatten)]
    pub(crate) place: Where,
}

/// Arguments of `restore`.
#[derive(Debug, Arguments)]
pub(crate) struct Restore {
    /// A file that `backup` wrote
    pub(crate) file: PathBuf,
    /// Which database it replaces
    #[command(flatten)]
    pub(crate) place: Where,
}

/// Arguments of `login`.
#[derive(Debug, Arguments)]
pub(crate) struct Login {
    /// Where Deskhand is, such as http://127.0.0.1:8000
    pub(crate) url: String,
    /// An API token to keep; `-` reads it from standard input. Without it, e-mail and password are asked for
    #[arg(long)]
    pub(crate) token: Option<String>,
    /// The e-mail address to sign in with
    #[arg(long, conflicts_with = "token")]
    pub(crate) email: Option<String>,
    /// Take the password from standard input instead of asking for it
    #[arg(long, requires = "email")]
    pub(crate) password_stdin: bool,
}

/// Arguments of `say`.
#[derive(Debug, Arguments)]
pub(crate) struct Say {
    /// The order, such as "call Dana tomorrow at 9, remind me 30 min before"
    #[arg(required = true, num_args = 1..)]
    pub(crate) text: Vec<String>,
    /// Do it without asking
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Only show what was understood
    #[arg(long, conflicts_with = "yes")]
    pub(crate) preview: bool,
    /// The zone in which dates and times are meant; this machine's where nothing is given
    #[arg(long)]
    pub(crate) zone: Option<String>,
}

/// Arguments of `undo`.
#[derive(Debug, Arguments)]
pub(crate) struct Undo {
    /// The undo id that `say` printed
    pub(crate) id: uuid::Uuid,
}

/// Arguments of `words`.
#[derive(Debug, Arguments)]
pub(crate) struct Words {
    /// The order
    #[arg(required = true, num_args = 1..)]
    pub(crate) text: Vec<String>,
    /// The wall clock at which it is said, YYYY-MM-DDTHH:MM:SS; the present where nothing is given
    #[arg(long)]
    pub(crate) now: Option<DateTime>,
    /// The IANA zone in which it is said; this machine's where nothing is given
    #[arg(long)]
    pub(crate) zone: Option<String>,
    /// Also print which words became what
    #[arg(long)]
    pub(crate) spans: bool,
}

/// Commands of `task`.
#[derive(Debug, Subcommand)]
pub(crate) enum TaskCommand {
    /// Make a task
    Add(Box<TaskAdd>),
    /// List tasks
    List(TaskList),
    /// Show a task
    Show(TaskName),
    /// Finish tasks
    Done(TaskNames),
    /// Open finished tasks again
    Reopen(TaskNames),
    /// Delete tasks
    Delete(TaskNames),
}

/// A day, or a day and a time of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DueText {
    /// The day.
    pub(crate) date: Date,
    /// The time of day.
    pub(crate) time: Option<jiff::civil::Time>,
}

fn due(text: &str) -> Result<DueText, String> {
    let wrong = || "write YYYY-MM-DD or YYYY-MM-DDTHH:MM".to_owned();
    match text.split_once(['T', ' ']) {
        None => Ok(DueText { date: text.parse().map_err(|_| wrong())?, time: None }),
        Some((date, time)) => {
            let time = domain::task::parse_minute(time).ok_or_else(wrong)?;
            Ok(DueText { date: date.parse().map_err(|_| wrong())?, time: Some(time) })
        }
    }
}

/// Arguments of `task add`.
#[derive(Debug, Arguments)]
pub(crate) struct TaskAdd {
    /// The title
    #[arg(required = true, num_args = 1..)]
    pub(crate) title: Vec<String>,
    /// When it is due: YYYY-MM-DD or YYYY-MM-DDTHH:MM
    #[arg(long, value_parser = due)]
    pub(crate) due: Option<DueText>,
    /// The IANA zone of the due time; the workspace's where nothing is given
    #[arg(long)]
    pub(crate) zone: Option<String>,
    /// Notes
    #[arg(long)]
    pub(crate) notes: Option<String>,
    /// The project's name; a new name makes the project
    #[arg(long)]
    pub(crate) project: Option<String>,
    /// A label; can be given several times
    #[arg(long = "label", value_name = "LABEL")]
    pub(crate) labels: Vec<String>,
    /// 1 (urgent) to 4 (low)
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=4))]
    pub(crate) priority: Option<u8>,
    /// Who does it: a name, or `me`
    #[arg(long)]
    pub(crate) assignee: Option<String>,
    /// The number of the task that it is a part of
    #[arg(long, value_name = "NUMBER")]
    pub(crate) parent: Option<String>,
    /// An RFC 5545 rule by which it repeats, such as FREQ=WEEKLY;BYDAY=MO
    #[arg(long, value_name = "RULE")]
    pub(crate) repeat: Option<String>,
    /// Remind so many minutes before it is due; can be given several times
    #[arg(long = "remind", value_name = "MINUTES")]
    pub(crate) reminders: Vec<u32>,
}

/// Which tasks are listed by when they are due.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum DueFilter {
    /// Before now
    Overdue,
    /// Today
    Today,
    /// Within a week
    Week,
    /// Without a due date
    None,
    /// With one
    Any,
}

/// Which tasks are listed by where they stand.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum StatusFilter {
    /// Not finished
    Open,
    /// Not begun
    Todo,
    /// Being worked on
    Doing,
    /// Finished
    Done,
    /// Every one
    All,
}

/// Arguments of `task list`.
#[derive(Debug, Arguments)]
pub(crate) struct TaskList {
    /// Where they stand
    #[arg(long, value_enum, default_value = "open")]
    pub(crate) status: StatusFilter,
    /// Whose they are: `me`, `none`, or a member's name
    #[arg(long)]
    pub(crate) assignee: Option<String>,
    /// The project's name, or `none`
    #[arg(long)]
    pub(crate) project: Option<String>,
    /// A label that they have
    #[arg(long)]
    pub(crate) label: Option<String>,
    /// Their priority
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=4))]
    pub(crate) priority: Option<u8>,
    /// When they are due
    #[arg(long, value_enum)]
    pub(crate) due: Option<DueFilter>,
    /// Words of the title
    #[arg(long)]
    pub(crate) query: Option<String>,
    /// How many at most
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) limit: u16,
}

/// One task.
#[derive(Debug, Arguments)]
pub(crate) struct TaskName {
    /// Its number, or its id
    pub(crate) task: String,
}

/// One task or more.
#[derive(Debug, Arguments)]
pub(crate) struct TaskNames {
    /// Their numbers, or their ids
    #[arg(required = true, num_args = 1..)]
    pub(crate) tasks: Vec<String>,
}

/// What search finds.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum HitKind {
    /// Tasks
    Task,
    /// Conversations, by their messages
    Conversation,
    /// Tickets
    Ticket,
    /// Contacts
    Contact,
    /// Articles
    Article,
}

/// Arguments of `search`.
#[derive(Debug, Arguments)]
pub(crate) struct Search {
    /// The words; the last one may be unfinished
    #[arg(required = true, num_args = 1..)]
    pub(crate) query: Vec<String>,
    /// Only this kind
    #[arg(long, value_enum)]
    pub(crate) kind: Option<HitKind>,
    /// How many at most
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u8).range(1..=200))]
    pub(crate) limit: u8,
}

/// Commands of `articles`.
#[derive(Debug, Subcommand)]
pub(crate) enum ArticlesCommand {
    /// Import the Markdown files of a folder; again updates them
    Import(ArticlesImport),
}

/// Arguments of `articles import`.
#[derive(Debug, Arguments)]
pub(crate) struct ArticlesImport {
    /// The folder, read with its subfolders
    pub(crate) dir: PathBuf,
}

/// Commands of `dead-letters`.
#[derive(Debug, Subcommand)]
pub(crate) enum DeadLettersCommand {
    /// List them, the newest first, under their counts
    List(DeadLettersList),
    /// Show one, with the event as it came
    Show(DeadLetterShow),
    /// Have them handled again by the group that failed
    Replay(DeadLettersReplay),
    /// Remove them for good
    Drop(DeadLettersDrop),
}

/// Which dead letters.
#[derive(Debug, Arguments)]
pub(crate) struct DeadLettersFilter {
    /// Only of this group, such as hand
    #[arg(long)]
    pub(crate) group: Option<String>,
    /// Only of this topic, such as task-events
    #[arg(long)]
    pub(crate) topic: Option<String>,
    /// Only for this reason, such as failed
    #[arg(long)]
    pub(crate) reason: Option<String>,
    /// Only those that died at this moment or later, such as 2026-01-31T09:00:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<jiff::Timestamp>,
    /// Only those that died before this moment
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<jiff::Timestamp>,
}

/// Arguments of `dead-letters list`.
#[derive(Debug, Arguments)]
pub(crate) struct DeadLettersList {
    /// Which ones
    #[command(flatten)]
    pub(crate) filter: DeadLettersFilter,
    /// How many at most
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u8).range(1..=200))]
    pub(crate) limit: u8,
}

/// Arguments of `dead-letters show`.
#[derive(Debug, Arguments)]
pub(crate) struct DeadLetterShow {
    /// Its id
    pub(crate) id: uuid::Uuid,
}

/// Arguments of `dead-letters replay`.
#[derive(Debug, Arguments)]
pub(crate) struct DeadLettersReplay {
    /// These and no others
    pub(crate) ids: Vec<uuid::Uuid>,
    /// Which ones
    #[command(flatten)]
    pub(crate) filter: DeadLettersFilter,
    /// Every one there is
    #[arg(long)]
    pub(crate) all: bool,
    /// Only count them
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// How many in a second
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000), value_name = "N")]
    pub(crate) per_second: u32,
}

/// Arguments of `dead-letters drop`.
#[derive(Debug, Arguments)]
pub(crate) struct DeadLettersDrop {
    /// These and no others
    pub(crate) ids: Vec<uuid::Uuid>,
    /// Which ones
    #[command(flatten)]
    pub(crate) filter: DeadLettersFilter,
    /// Every one there is
    #[arg(long)]
    pub(crate) all: bool,
    /// Do not ask first
    #[arg(long)]
    pub(crate) yes: bool,
}

/// Arguments of `schemas`.
#[derive(Debug, Arguments)]
pub(crate) struct Schemas {
    /// Write a file for each type and major version to this folder, instead of printing all
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Compare the files in this folder with what this program sends and reads: a difference that its version does
    /// not tell is an error
    #[arg(long, value_name = "DIR", conflicts_with = "output")]
    pub(crate) check: Option<PathBuf>,
}
