//! Projects, which group tasks.

use domain::ids::{ProjectId, WorkspaceId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::Error;
use crate::at::At;
use crate::tx::{Tx, execute, fetch_all, fetch_optional};

/// A project.
#[derive(Debug, Clone, PartialEq)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// Its name, unique in the workspace whatever its case.
    pub name: String,
    /// Its colour, `#rrggbb`.
    pub color: String,
    /// How many open tasks it has.
    pub open_tasks: i64,
    /// The ETag.
    pub version: i64,
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    name: String,
    color: String,
    open_tasks: i64,
    version: i64,
}

impl From<Row> for Project {
    fn from(row: Row) -> Self {
        Self {
            id: ProjectId(row.id),
            name: row.name,
            color: row.color,
            open_tasks: row.open_tasks,
            version: row.version,
        }
    }
}

macro_rules! select {
    () => {
        "SELECT p.id, p.name, p.color, p.version,
             (SELECT count(*) FROM tasks t WHERE t.project_id = p.id AND t.status <> 'done' AND t.deleted_at IS NULL)
                 AS open_tasks
         FROM projects p WHERE p.workspace_id = $1 AND p.deleted_at IS NULL"
    };
}

/// All projects, by name.
pub async fn list(tx: &mut Tx) -> Result<Vec<Project>, Error> {
    let workspace = tx.workspace()?;
    let rows = fetch_all!(tx, Row, concat!(select!(), " ORDER BY p.name_key LIMIT 1000"), workspace.0)?;
    Ok(rows.into_iter().map(Project::from).collect())
}

/// The project of that id.
pub async fn get(tx: &mut Tx, id: ProjectId) -> Result<Option<Project>, Error> {
    let workspace = tx.workspace()?;
    let row = fetch_optional!(tx, Row, concat!(select!(), " AND p.id = $2"), workspace.0, id.0)?;
    Ok(row.map(Project::from))
}

/// A project as it was found by one way of naming it.
#[derive(Clone)]
pub(crate) struct Found {
    workspace: WorkspaceId,
    by: Name,
    project: (ProjectId, String, String),
}

#[derive(Clone, PartialEq)]
enum Name {
    Id(ProjectId),
    Key(String),
}

/// The id, name and colour of the project of that id or of that name, ignoring case: without counting its tasks.
///
/// Asked again in the same transaction, it answers from memory.
pub async fn find(
    tx: &mut Tx,
    id: Option<ProjectId>,
    name: &str,
) -> Result<Option<(ProjectId, String, String)>, Error> {
    let workspace = tx.workspace()?;
    let by = id.map_or_else(|| Name::Key(name.to_lowercase()), Name::Id);
    let known = tx.projects.iter().find(|found| found.workspace == workspace && found.by == by);
    if let Some(found) = known {
        return Ok(Some(found.project.clone()));
    }
    let row = match &by {
        Name::Id(id) => fetch_optional!(
            tx,
            (Uuid, String, String),
            "SELECT id, name, color FROM projects WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL",
            workspace.0,
            id.0
        )?,
        Name::Key(key) => fetch_optional!(
            tx,
            (Uuid, String, String),
            "SELECT id, name, color FROM projects WHERE workspace_id = $1 AND name_key = $2 AND deleted_at IS NULL",
            workspace.0,
            key.as_str()
        )?,
    };
    let project = row.map(|(id, name, color)| (ProjectId(id), name, color));
    tx.projects.extend(project.iter().map(|project| Found {
        workspace,
        by: by.clone(),
        project: project.clone(),
    }));
    Ok(project)
}

/// Adds `project`; gives whether its name was free.
pub async fn insert(tx: &mut Tx, project: &Project) -> Result<bool, Error> {
    let workspace = tx.workspace()?;
    let now = tx.now();
    let added = execute!(
        tx,
        "INSERT INTO projects (id, workspace_id, name, color, created_at, version, name_key)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        project.id.0,
        workspace.0,
        project.name.as_str(),
        project.color.as_str(),
        At(now),
        project.version,
        project.name.to_lowercase(),
    )?;
    Ok(added == 1)
}

/// Writes `project`, whose version is one above the one it was read with; gives whether it was still at that.
pub async fn update(tx: &mut Tx, project: &Project) -> Result<bool, Error> {
    let workspace = tx.workspace()?;
    tx.projects.clear();
    let touched = execute!(
        tx,
        "UPDATE projects SET name = $3, color = $4, version = $5, name_key = $6
         WHERE workspace_id = $1 AND id = $2 AND version = $5 - 1 AND deleted_at IS NULL",
        workspace.0,
        project.id.0,
        project.name.as_str(),
        project.color.as_str(),
        project.version,
        project.name.to_lowercase(),
    )?;
    Ok(touched == 1)
}

/// Deletes the project; its tasks stay, without one.
pub async fn delete(tx: &mut Tx, id: ProjectId) -> Result<bool, Error> {
    let workspace = tx.workspace()?;
    let now = tx.now();
    tx.projects.clear();
    let touched = execute!(
        tx,
        "UPDATE projects SET deleted_at = $3, version = version + 1
         WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL",
        workspace.0,
        id.0,
        At(now),
    )?;
    execute!(
        tx,
        "UPDATE tasks SET project_id = NULL, version = version + 1 WHERE workspace_id = $1 AND project_id = $2",
        workspace.0,
        id.0,
    )?;
    Ok(touched == 1)
}
