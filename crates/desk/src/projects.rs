//! Projects, which group tasks.

use domain::event::data;
use domain::ids::ProjectId;
use domain::{Caller, EventType, text};
use store::Tx;

use crate::error::{Check, Error, Result, require_version};
use crate::job::Job;
use crate::{Desk, UseCase};

pub use store::projects::Project;

/// Colours for projects that are made without one, taken in turn.
const COLORS: [&str; 8] =
    ["#5b6ee1", "#2f9e6e", "#c2621b", "#a23fb0", "#1c8ca8", "#c43d5c", "#7a6a1f", "#5f6b7a"];

/// Whether `text` is a colour, `#rrggbb`.
pub(crate) fn is_color(text: &str) -> bool {
    text.len() == 7 && text.starts_with('#') && text.chars().skip(1).all(|c| c.is_ascii_hexdigit())
}

fn snapshot(project: &Project) -> data::Project {
    data::Project { id: project.id.0, name: project.name.clone(), color: project.color.clone() }
}

fn taken(name: &str) -> Error {
    Error::conflict("project_exists", format!("there is a project “{name}” already"))
}

/// All projects, by name.
pub async fn list(desk: &Desk, caller: &Caller) -> Result<Vec<Project>> {
    desk.read(caller, UseCase::ReadTasks, (), |tx, ()| {
        Box::pin(async move { Ok(store::projects::list(tx).await?) })
    })
    .await
}

async fn add<I>(tx: &mut Tx, job: &Job<I>, name: &str, color: Option<&str>) -> Result<Project> {
    let id = ProjectId(job.desk.new_id());
    let turn = usize::from(id.0.as_bytes()[15]) % COLORS.len();
    let project = Project {
        id,
        name: name.to_owned(),
        color: color.unwrap_or(COLORS[turn]).to_owned(),
        open_tasks: 0,
        version: 1,
    };
    if !store::projects::insert(tx, &project).await? {
        return Err(taken(name));
    }
    job.record(tx, EventType::ProjectCreated, id, 1, snapshot(&project), Vec::new()).await?;
    Ok(project)
}

/// The id, name and colour of the project of that name, made where there is none.
pub(crate) async fn find_or_add<I>(
    tx: &mut Tx,
    job: &Job<I>,
    name: &str,
) -> Result<(ProjectId, String, String)> {
    match store::projects::find(tx, None, name).await? {
        Some(project) => Ok(project),
        None => {
            let project = add(tx, job, name, None).await?;
            Ok((project.id, project.name, project.color))
        }
    }
}

/// Makes a project.
pub async fn create(desk: &Desk, caller: &Caller, name: &str, color: Option<&str>) -> Result<Project> {
    let mut check = Check::new();
    let name = check.text("name", text::line(name, 100));
    if color.is_some_and(|color| !is_color(color)) {
        check.refuse("color", "must be written #rrggbb");
    }
    check.done()?;
    let id = desk
        .create(caller, UseCase::ManageProjects, (name, color.map(str::to_owned)), |tx, job| {
            Box::pin(async move { Ok(add(tx, job, &job.input.0, job.input.1.as_deref()).await?.id) })
        })
        .await?;
    get(desk, caller, id).await
}

/// The project of that id.
pub async fn get(desk: &Desk, caller: &Caller, id: ProjectId) -> Result<Project> {
    desk.read(caller, UseCase::ReadTasks, id, |tx, id| {
        Box::pin(async move { store::projects::get(tx, *id).await?.ok_or(Error::NotFound("project")) })
    })
    .await
}

/// Changes a project's name or colour; with `expected`, only if it is still at one of those versions.
pub async fn update(
    desk: &Desk,
    caller: &Caller,
    id: ProjectId,
    name: Option<&str>,
    color: Option<&str>,
    expected: Option<Vec<i64>>,
) -> Result<Project> {
    let mut check = Check::new();
    let name = name.map(|name| check.text("name", text::line(name, 100)));
    if color.is_some_and(|color| !is_color(color)) {
        check.refuse("color", "must be written #rrggbb");
    }
    check.done()?;
    desk.write(caller, UseCase::ManageProjects, (id, name, color.map(str::to_owned), expected), |tx, job| {
        Box::pin(async move {
            let (id, name, color, expected) = &job.input;
            let mut project = store::projects::get(tx, *id).await?.ok_or(Error::NotFound("project"))?;
            let found = project.version;
            require_version(expected.as_deref(), "project", found)?;
            if let Some(name) = name {
                let twin = store::projects::find(tx, None, name).await?;
                if twin.is_some_and(|(twin, ..)| twin != *id) {
                    return Err(taken(name));
                }
                project.name.clone_from(name);
            }
            if let Some(color) = color {
                project.color.clone_from(color);
            }
            project.version += 1;
            if !store::projects::update(tx, &project).await? {
                return Err(Error::Stale { kind: "project", version: found });
            }
            job.record(tx, EventType::ProjectUpdated, *id, project.version, snapshot(&project), Vec::new())
                .await?;
            Ok(project)
        })
    })
    .await
}

/// Deletes a project; its tasks stay, without one.
pub async fn delete(desk: &Desk, caller: &Caller, id: ProjectId) -> Result<()> {
    desk.write(caller, UseCase::ManageProjects, id, |tx, job| {
        Box::pin(async move {
            let project = store::projects::get(tx, job.input).await?.ok_or(Error::NotFound("project"))?;
            store::projects::delete(tx, job.input).await?;
            job.record(
                tx,
                EventType::ProjectDeleted,
                job.input,
                project.version + 1,
                snapshot(&project),
                Vec::new(),
            )
            .await?;
            Ok(())
        })
    })
    .await
}
