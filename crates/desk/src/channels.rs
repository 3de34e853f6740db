//! Channels: the ways in for customers. Here: chat widgets.

use domain::event::data;
use domain::ids::ChannelId;
use domain::{Caller, EventType, text};
use store::Tx;

use crate::error::{Check, Error, Result, require_version};
use crate::job::Job;
use crate::projects::is_color;
use crate::{Desk, UseCase, secrets};

pub use store::channels::Channel;

/// The colour of a widget that nobody chose one for.
const COLOR: &str = "#4f5fe0";

/// A channel to be made, or a change of one: what is `None` stays, or is as usual.
#[derive(Debug, Clone, Default)]
pub struct ChannelPatch {
    /// Its name.
    pub name: Option<String>,
    /// The origins whose pages may use it; any where empty.
    pub allowed_origins: Option<Vec<String>>,
    /// The accent colour.
    pub color: Option<String>,
    /// What a visitor reads first.
    pub greeting: Option<String>,
    /// `right` or `left`.
    pub position: Option<String>,
    /// Whether it takes messages.
    pub enabled: Option<bool>,
}

fn snapshot(channel: &Channel) -> data::Channel {
    data::Channel {
        id: channel.id.0,
        kind: channel.kind.clone(),
        name: channel.name.clone(),
        enabled: channel.enabled,
    }
}

/// An origin as browsers send it, or nothing if it cannot be one.
fn origin(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches('/').to_lowercase();
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    (!host.is_empty() && host.len() <= 260 && host.chars().all(known)).then_some(text)
}

impl ChannelPatch {
    fn check(mut self) -> Result<Self> {
        let mut check = Check::new();
        if let Some(name) = self.name {
            self.name = Some(check.text("name", text::line(&name, 100)));
        }
        if let Some(greeting) = self.greeting {
            self.greeting = Some(check.text("greeting", text::optional_block(&greeting, 500)));
        }
        if self.color.as_deref().is_some_and(|color| !is_color(color)) {
            check.refuse("color", "must be written #rrggbb");
        }
        if self.position.as_deref().is_some_and(|position| !matches!(position, "left" | "right")) {
            check.refuse("position", "must be left or right");
        }
        if let Some(origins) = &self.allowed_origins {
            if origins.len() > 50 {
                check.refuse("allowed_origins", "are too many; at most 50 are allowed");
            }
            let clean: Vec<Option<String>> = origins.iter().take(50).map(|text| origin(text)).collect();
            if clean.iter().any(Option::is_none) {
                check.refuse("allowed_origins", "must be origins, such as https://www.example.com");
            }
            self.allowed_origins = Some(clean.into_iter().flatten().collect());
        }
        check.done()?;
        Ok(self)
    }

    fn onto(&self, channel: &mut Channel) {
        let patch = self.clone();
        if let Some(name) = patch.name {
            channel.name = name;
        }
        if let Some(origins) = patch.allowed_origins {
            channel.allowed_origins = origins;
        }
        if let Some(color) = patch.color {
            channel.color = color;
        }
        if let Some(greeting) = patch.greeting {
            channel.greeting = greeting;
        }
        if let Some(position) = patch.position {
            channel.position = position;
        }
        if let Some(enabled) = patch.enabled {
            channel.enabled = enabled;
        }
    }
}

/// All channels, oldest first.
pub async fn list(desk: &Desk, caller: &Caller) -> Result<Vec<Channel>> {
    desk.read(caller, UseCase::ReadChannels, (), |tx, ()| {
        Box::pin(async move { Ok(store::channels::list(tx).await?) })
    })
    .await
}

/// The channel of that id.
pub async fn get(desk: &Desk, caller: &Caller, id: ChannelId) -> Result<Channel> {
    desk.read(caller, UseCase::ReadChannels, id, |tx, id| {
        Box::pin(async move { store::channels::get(tx, *id).await?.ok_or(Error::NotFound("channel")) })
    })
    .await
}

/// Makes a channel in the job's workspace.
pub(crate) async fn add<I>(tx: &mut Tx, job: &Job<I>, patch: &ChannelPatch) -> Result<Channel> {
    let mut channel = Channel {
        id: ChannelId(job.desk.new_id()),
        workspace: job.caller.workspace,
        kind: "widget".to_owned(),
        name: "Website".to_owned(),
        key: secrets::new_token().chars().filter(char::is_ascii_alphanumeric).take(16).collect(),
        allowed_origins: Vec::new(),
        color: COLOR.to_owned(),
        greeting: String::new(),
        position: "right".to_owned(),
        enabled: true,
        version: 1,
    };
    patch.onto(&mut channel);
    store::channels::insert(tx, &channel).await?;
    job.record(tx, EventType::ChannelCreated, channel.id, 1, snapshot(&channel), Vec::new()).await?;
    Ok(channel)
}

/// Makes a channel.
pub async fn create(desk: &Desk, caller: &Caller, patch: ChannelPatch) -> Result<Channel> {
    let patch = patch.check()?;
    let id = desk
        .create(caller, UseCase::ManageChannels, patch, |tx, job| {
            Box::pin(async move { Ok(add(tx, job, &job.input).await?.id) })
        })
        .await?;
    get(desk, caller, id).await
}

/// Changes a channel; with `expected`, only if it is still at one of those versions.
pub async fn update(
    desk: &Desk,
    caller: &Caller,
    id: ChannelId,
    patch: ChannelPatch,
    expected: Option<Vec<i64>>,
) -> Result<Channel> {
    let patch = patch.check()?;
    desk.write(caller, UseCase::ManageChannels, (id, patch, expected), |tx, job| {
        Box::pin(async move {
            let (id, patch, expected) = &job.input;
            let mut channel = store::channels::get(tx, *id).await?.ok_or(Error::NotFound("channel"))?;
            let found = channel.version;
            require_version(expected.as_deref(), "channel", found)?;
            patch.onto(&mut channel);
            channel.version += 1;
            if !store::channels::update(tx, &channel).await? {
                return Err(Error::Stale { kind: "channel", version: found });
            }
            job.record(tx, EventType::ChannelUpdated, *id, channel.version, snapshot(&channel), Vec::new())
                .await?;
            Ok(channel)
        })
    })
    .await
}
