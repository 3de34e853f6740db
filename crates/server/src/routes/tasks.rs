//! Tasks, projects and labels.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use desk::tasks::{Filter, Sort};
use domain::ids::{MemberId, ProjectId, ReminderId, TaskId, TicketId};
use domain::task::Status;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{done, etag, undo_header};
use crate::App;
use crate::auth::Member;
use crate::extract::{Body, Create, IfMatch, PageQuery, Path, Query};
use crate::problem::{ApiError, Problem};
use crate::wire::tasks::{
    CommentRequest, CommentResponse, LabelResponse, MoveRequest, ProjectPatchRequest, ProjectRequest,
    ProjectResponse, ReminderResponse, SnoozeRequest, TaskPatchRequest, TaskRequest, TaskResponse, WhenBody,
};
use crate::wire::{HistoryEntry, List};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_tasks, create_task))
        .routes(routes!(show_task, update_task, delete_task))
        .routes(routes!(complete_task))
        .routes(routes!(reopen_task))
        .routes(routes!(snooze_task))
        .routes(routes!(move_task))
        .routes(routes!(list_subtasks, create_subtask))
        .routes(routes!(list_comments, create_comment))
        .routes(routes!(list_reminders, create_reminder))
        .routes(routes!(delete_reminder))
        .routes(routes!(task_history))
        .routes(routes!(list_projects, create_project))
        .routes(routes!(update_project, delete_project))
        .routes(routes!(list_labels))
}

/// Which tasks, in which order.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct TaskQuery {
    /// `open` (the default), `done`, `todo`, `doing` or `all`.
    #[param(pattern = "^(open|done|todo|doing|all)$")]
    status: Option<String>,
    /// `me`, `none`, or a member's id.
    assignee: Option<String>,
    /// `none`, or a project's id.
    project: Option<String>,
    /// A label.
    label: Option<String>,
    /// 1 to 4.
    #[param(minimum = 1, maximum = 4)]
    priority: Option<u8>,
    /// `overdue`, `today`, `week`, `none` or `any`.
    #[param(pattern = "^(overdue|today|week|none|any)$")]
    due: Option<String>,
    /// A ticket's id.
    ticket: Option<Uuid>,
    /// `none` (the default), `any`, or a task's id.
    parent: Option<String>,
    /// `due` (the default), `rank`, `created` or `completed`.
    #[param(pattern = "^(due|rank|created|completed)$")]
    sort: Option<String>,
    /// Only with this in the title.
    #[param(max_length = 500)]
    q: Option<String>,
    /// The IANA zone that `due` is read in; the caller's where nothing is given.
    zone: Option<String>,
}

fn unknown(field: &str, allowed: &str) -> ApiError {
    desk::Error::field(field, format!("must be {allowed}")).into()
}

impl TaskQuery {
    fn filter(&self, app: &App, member: &Member) -> Result<Filter, ApiError> {
        let mut filter = Filter::default();
        let status = self.status.as_deref().unwrap_or(if self.sort.as_deref() == Some("completed") {
            "done"
        } else {
            "open"
        });
        filter.statuses = match status {
            "open" => vec![Status::Todo, Status::Doing],
            "all" => Vec::new(),
            other => vec![
                Status::parse(other).ok_or_else(|| unknown("status", "open, done, todo, doing or all"))?,
            ],
        };
        filter.assignee = match self.assignee.as_deref() {
            None | Some("any") => None,
            Some("none") => Some(None),
            Some("me") => Some(member.caller().member()),
            Some(id) => Some(Some(
                id.parse::<MemberId>().map_err(|_| unknown("assignee", "me, none or a member's id"))?,
            )),
        };
        filter.project = match self.project.as_deref() {
            None => None,
            Some("none") => Some(None),
            Some(id) => {
                Some(Some(id.parse::<ProjectId>().map_err(|_| unknown("project", "none or a project's id"))?))
            }
        };
        filter.parent = match self.parent.as_deref() {
            // What is asked for by ticket or text is shown wherever it hangs.
            None if self.ticket.is_some() || self.q.is_some() => None,
            None | Some("none") => Some(None),
            Some("any") => None,
            Some(id) => {
                Some(Some(id.parse::<TaskId>().map_err(|_| unknown("parent", "none, any or a task's id"))?))
            }
        };
        let zone = self.zone.as_deref().unwrap_or(&member.who.member.zone);
        match self.due.as_deref() {
            None => {}
            Some("any") => filter.dated = Some(true),
            Some("none") => filter.dated = Some(false),
            Some("overdue") => filter.due_before = Some(app.desk.clock().now()),
            Some("today") => {
                let today = desk::tasks::today(&app.desk, zone)?;
                filter.due_from = Some(today);
                filter.due_to = Some(today);
            }
            Some("week") => {
                let today = desk::tasks::today(&app.desk, zone)?;
                filter.due_from = Some(today);
                filter.due_to = today.checked_add(jiff::Span::new().days(6)).ok();
            }
            Some(_) => return Err(unknown("due", "overdue, today, week, none or any")),
        }
        filter.sort = match self.sort.as_deref() {
            None | Some("due") => Sort::Due,
            Some("rank") => Sort::Rank,
            Some("created") => Sort::Created,
            Some("completed") => Sort::Completed,
            Some(_) => return Err(unknown("sort", "due, rank, created or completed")),
        };
        filter.label.clone_from(&self.label);
        if self.priority.is_some_and(|priority| !(1..=4).contains(&priority)) {
            return Err(unknown("priority", "1 to 4"));
        }
        filter.priority = self.priority;
        filter.ticket = self.ticket.map(TicketId);
        filter.text = crate::extract::narrowing(self.q.clone())?;
        Ok(filter)
    }
}

/// Tasks
#[utoipa::path(get, path = "/api/v1/tasks", tag = "tasks", params(TaskQuery, PageQuery), security(("token" = []), ("session" = [])),
    responses((status = 200, body = List<TaskResponse>), (status = "default", body = Problem)))]
async fn list_tasks(
    State(app): State<App>,
    member: Member,
    Query(query): Query<TaskQuery>,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<List<TaskResponse>>, ApiError> {
    let filter = query.filter(&app, &member)?;
    let paging = page.paging()?;
    let page = desk::tasks::list(&app.desk, member.caller(), filter, paging).await?;
    Ok(axum::Json(List::page(page, TaskResponse::from)))
}

fn created(done: desk::Done<desk::tasks::FullTask>) -> impl IntoResponse + use<> {
    let (undo, task) = self::done(done);
    let task = TaskResponse::from(task);
    let location = [(header::LOCATION, format!("/api/v1/tasks/{}", task.id))];
    (StatusCode::CREATED, undo, etag(task.version), location, axum::Json(task))
}

fn changed(done: desk::Done<desk::tasks::FullTask>) -> impl IntoResponse + use<> {
    let (undo, task) = self::done(done);
    let task = TaskResponse::from(task);
    (undo, etag(task.version), axum::Json(task))
}

/// Make a task
#[utoipa::path(post, path = "/api/v1/tasks", tag = "tasks", request_body = TaskRequest, security(("token" = []), ("session" = [])),
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = TaskResponse), (status = "default", body = Problem)))]
async fn create_task(
    State(app): State<App>,
    member: Member,
    Create { body, key }: Create<TaskRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let mut input = body.read()?;
    if input.zone.is_none() {
        input.zone = Some(member.who.member.zone.clone());
    }
    let caller = member.with_key(key);
    Ok(created(desk::tasks::create(&app.desk, &caller, input).await?))
}

/// A task
#[utoipa::path(get, path = "/api/v1/tasks/{id}", tag = "tasks", params(("id" = Uuid, Path)), security(("token" = []), ("session" = [])),
    responses((status = 200, body = TaskResponse), (status = "default", body = Problem)))]
async fn show_task(
    State(app): State<App>,
    member: Member,
    Path(id): Path<TaskId>,
) -> Result<impl IntoResponse, ApiError> {
    let task = TaskResponse::from(desk::tasks::get(&app.desk, member.caller(), id).await?);
    Ok((etag(task.version), axum::Json(task)))
}

/// Change a task
#[utoipa::path(patch, path = "/api/v1/tasks/{id}", tag = "tasks", params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    request_body = TaskPatchRequest, security(("token" = []), ("session" = [])),
    responses((status = 200, body = TaskResponse), (status = "default", body = Problem)))]
async fn update_task(
    State(app): State<App>,
    member: Member,
    Path(id): Path<TaskId>,
    IfMatch(version): IfMatch,
    Body(body): Body<TaskPatchRequest>,
) -> Result<impl IntoResponse, ApiError> {
    Ok(changed(desk::tasks::update(&app.desk, member.caller(), id, body.read()?, version).await?))
}

/// Delete a task with its parts
#[utoipa::path(delete, path = "/api/v1/tasks/{id}", tag = "tasks", params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    security(("token" = []), ("session" = [])), responses((status = 204), (status = "default", body = Problem)))]
async fn delete_task(
    State(app): State<App>,
    member: Member,
    Path(id): Path<TaskId>,
    IfMatch(version): IfMatch,
) -> Result<(StatusCode, HeaderMap), ApiError> {
    let done = desk::tasks::delete(&app.desk, member.caller(), id, version).await?;
    Ok((StatusCode::NO_CONTENT, undo_header(done.undo)))
}

/// Finish a task
#[utoipa::path(post, path = "/api/v1/tasks/{id}/complete", tag = "tasks", params(("id" = Uuid, Path)), security(("token" = []), ("session" = [])),
    responses((status = 200, body = TaskResponse), (status = "default", body = Problem)))]
async fn complete_task(
    State(app): State<App>,
    member: Member,
    Path(id): Path<TaskId>,
) -> Result<impl IntoResponse, ApiError> {
    Ok(changed(desk::tasks::complete(&app.desk, member.caller(), id).await?))
}

/// Open a finished task again
#[utoipa::path(post, path = "/api/v1/tasks/{id}/reopen", tag = "tasks", params(("id" = Uuid, Path)), security(("token" = []), ("session" = [])),
    responses((status = 200, body = TaskResponse), (status = "default", body = Problem)))]
async fn reopen_task(
    State(app): State<App>,
    member: Member,
    Path(id): Path<TaskId>,
) -> Result<impl IntoResponse, ApiError> {
    Ok(changed(desk::tasks::reopen(&app.desk, member.caller(), id).await?))
}

/// Put a task off
#[utoipa::path(post, path = "/api/v1/tasks/{id}/snooze", tag = "tasks", params(("id" = Uuid, Path)), request_body = SnoozeRequest,
    security(("token" = []), ("session" = [])), responses((status = 200, body = TaskResponse), (status = "default", body = Problem)))]
async fn snooze_task(
    State(app): State<App>,
    member: Member,
    Path(id): Path<TaskId>,
    Body(body): Body<SnoozeRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let mut check = desk::Check::new();
    let until = body.until.read("until", &mut check);
    check.done()?;
    let until = until.ok_or_else(|| desk::Error::field("until", "is missing"))?;
    Ok(changed(desk::tasks::snooze(&app.desk, member.caller(), id, until).await?))
}

/// Move a task on the board
#[utoipa::path(post, path = "/api/v1/tasks/{id}/move", tag = "tasks", params(("id" = Uuid, Path)), request_body = MoveRequest,
    security(("token" = []), ("session" = [])), responses((status = 200, body = TaskResponse), (status = "default", body = Problem)))]
async fn move_task(
    State(app): State<App>,
    member: Member,
    Path(id): Path<TaskId>,
    Body(body): Body<MoveRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let after = body.after.map(TaskId);
    Ok(changed(desk::tasks::move_to(&app.desk, member.caller(), id, body.status.into(), after).await?))
}

/// The parts of a task
#[utoipa::path(get, path = "/api/v1/tasks/{id}/subtasks", tag = "tasks", params(("id" = Uuid, Path), PageQuery), security(("token" = []), ("session" = [])),
    responses((status = 200, body = List<TaskResponse>), (status = "default", body = Problem)))]
async fn list_subtasks(
    State(app): State<App>,
    member: Member,
    Path(id): Path<TaskId>,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<List<TaskResponse>>, ApiError> {
    desk::tasks::get(&app.desk, member.caller(), id).await?;
    let filter = Filter { parent: Some(Some(id)), sort: Sort::Rank, ..Filter::default() };
    let page = desk::tasks::list(&app.desk, member.caller(), filter, query.paging()?).await?;
    Ok(axum::Json(List::page(page, TaskResponse::from)))
}

/// Make a part of a task
#[utoipa::path(post, path = "/api/v1/tasks/{id}/subtasks", tag = "tasks", params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header)), request_body = TaskRequest,
    security(("token" = []), ("session" = [])), responses((status = 201, body = TaskResponse), (status = "default", body = Problem)))]
async fn create_subtask(
    State(app): State<App>,
    member: Member,
    Path(id): Path<TaskId>,
    Create { body, key }: Create<TaskRequest>,
) -> Result<impl IntoResponse, ApiError> {
    desk::tasks::get(&app.desk, member.caller(), id).await?;
    let mut input = body.read()?;
    input.parent = Some(id);
    let caller = member.with_key(key);
    Ok(created(desk::tasks::create(&app.desk, &caller, input).await?))
}

/// The comments on a task
#[utoipa::path(get, path = "/api/v1/tasks/{id}/comments", tag = "tasks", params(("id" = Uuid, Path), PageQuery), security(("token" = []), ("session" = [])),
    responses((status = 200, body = List<CommentResponse>), (status = "default", body = Problem)))]
async fn list_comments(
    State(app): State<App>,
    member: Member,
    Path(id): Path<TaskId>,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<List<CommentResponse>>, ApiError> {
    let page = desk::tasks::comments(&app.desk, member.caller(), id, query.paging()?).await?;
    Ok(axum::Json(List::page(page, CommentResponse::from)))
}

/// Comment on a task
#[utoipa::path(post, path = "/api/v1/tasks/{id}/comments", tag = "tasks", params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header)), request_body = CommentRequest,
    security(("token" = []), ("session" = [])), responses((status = 201, body = CommentResponse), (status = "default", body = Problem)))]
async fn create_comment(
    State(app): State<App>,
    member: Member,
    Path(id): Path<TaskId>,
    Create { body, key }: Create<CommentRequest>,
) -> Result<(StatusCode, HeaderMap, axum::Json<CommentResponse>), ApiError> {
    let caller = member.with_key(key);
    let (undo, comment) = done(desk::tasks::comment(&app.desk, &caller, id, &body.text).await?);
    Ok((StatusCode::CREATED, undo, axum::Json(comment.into())))
}

/// The reminders of a task
#[utoipa::path(get, path = "/api/v1/tasks/{id}/reminders", tag = "tasks", params(("id" = Uuid, Path)), security(("token" = []), ("session" = [])),
    responses((status = 200, body = List<ReminderResponse>), (status = "default", body = Problem)))]
async fn list_reminders(
    State(app): State<App>,
    member: Member,
    Path(id): Path<TaskId>,
) -> Result<axum::Json<List<ReminderResponse>>, ApiError> {
    let task = desk::tasks::get(&app.desk, member.caller(), id).await?;
    Ok(axum::Json(List::all(task.reminders, ReminderResponse::from)))
}

/// Remind the caller of a task
#[utoipa::path(post, path = "/api/v1/tasks/{id}/reminders", tag = "tasks", params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header)), request_body = WhenBody,
    security(("token" = []), ("session" = [])), responses((status = 201, body = ReminderResponse), (status = "default", body = Problem)))]
async fn create_reminder(
    State(app): State<App>,
    member: Member,
    Path(id): Path<TaskId>,
    Create { body, key }: Create<WhenBody>,
) -> Result<(StatusCode, HeaderMap, axum::Json<ReminderResponse>), ApiError> {
    let mut check = desk::Check::new();
    let when = body.read("reminder", &mut check);
    check.done()?;
    let when = when.ok_or_else(|| desk::Error::field("reminder", "is missing"))?;
    let caller = member.with_key(key);
    let (undo, reminder) = done(desk::tasks::add_reminder(&app.desk, &caller, id, when).await?);
    Ok((StatusCode::CREATED, undo, axum::Json(reminder.into())))
}

/// Remove a reminder
#[utoipa::path(delete, path = "/api/v1/tasks/{id}/reminders/{reminder}", tag = "tasks",
    params(("id" = Uuid, Path), ("reminder" = Uuid, Path)), security(("token" = []), ("session" = [])),
    responses((status = 204), (status = "default", body = Problem)))]
async fn delete_reminder(
    State(app): State<App>,
    member: Member,
    Path((id, reminder)): Path<(TaskId, ReminderId)>,
) -> Result<(StatusCode, HeaderMap), ApiError> {
    let done = desk::tasks::remove_reminder(&app.desk, member.caller(), id, reminder).await?;
    Ok((StatusCode::NO_CONTENT, undo_header(done.undo)))
}

/// Who did what to a task
#[utoipa::path(get, path = "/api/v1/tasks/{id}/history", tag = "tasks", params(("id" = Uuid, Path), PageQuery), security(("token" = []), ("session" = [])),
    responses((status = 200, body = List<HistoryEntry>), (status = "default", body = Problem)))]
async fn task_history(
    State(app): State<App>,
    member: Member,
    Path(id): Path<TaskId>,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<List<HistoryEntry>>, ApiError> {
    desk::tasks::get(&app.desk, member.caller(), id).await?;
    super::audit::history(&app, &member, id.0, &query).await
}

/// Projects
#[utoipa::path(get, path = "/api/v1/projects", tag = "tasks", security(("token" = []), ("session" = [])),
    responses((status = 200, body = List<ProjectResponse>), (status = "default", body = Problem)))]
async fn list_projects(
    State(app): State<App>,
    member: Member,
) -> Result<axum::Json<List<ProjectResponse>>, ApiError> {
    let projects = desk::projects::list(&app.desk, member.caller()).await?;
    Ok(axum::Json(List::all(projects, ProjectResponse::from)))
}

/// Make a project
#[utoipa::path(post, path = "/api/v1/projects", tag = "tasks", request_body = ProjectRequest,
    params(("Idempotency-Key" = Option<String>, Header)), security(("token" = []), ("session" = [])),
    responses((status = 201, body = ProjectResponse), (status = "default", body = Problem)))]
async fn create_project(
    State(app): State<App>,
    member: Member,
    Create { body, key }: Create<ProjectRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let caller = member.with_key(key);
    let project = desk::projects::create(&app.desk, &caller, &body.name, body.color.as_deref()).await?;
    Ok((StatusCode::CREATED, etag(project.version), axum::Json(ProjectResponse::from(project))))
}

/// Change a project
#[utoipa::path(patch, path = "/api/v1/projects/{id}", tag = "tasks", params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    request_body = ProjectPatchRequest, security(("token" = []), ("session" = [])),
    responses((status = 200, body = ProjectResponse), (status = "default", body = Problem)))]
async fn update_project(
    State(app): State<App>,
    member: Member,
    Path(id): Path<ProjectId>,
    IfMatch(version): IfMatch,
    Body(body): Body<ProjectPatchRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let (name, color) = (body.name.as_deref(), body.color.as_deref());
    let project = desk::projects::update(&app.desk, member.caller(), id, name, color, version).await?;
    Ok((etag(project.version), axum::Json(ProjectResponse::from(project))))
}

/// Delete a project; its tasks stay
#[utoipa::path(delete, path = "/api/v1/projects/{id}", tag = "tasks", params(("id" = Uuid, Path)), security(("token" = []), ("session" = [])),
    responses((status = 204), (status = "default", body = Problem)))]
async fn delete_project(
    State(app): State<App>,
    member: Member,
    Path(id): Path<ProjectId>,
) -> Result<StatusCode, ApiError> {
    desk::projects::delete(&app.desk, member.caller(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Labels in use
#[utoipa::path(get, path = "/api/v1/labels", tag = "tasks", security(("token" = []), ("session" = [])),
    responses((status = 200, body = List<LabelResponse>), (status = "default", body = Problem)))]
async fn list_labels(
    State(app): State<App>,
    member: Member,
) -> Result<axum::Json<List<LabelResponse>>, ApiError> {
    let labels = desk::tasks::labels(&app.desk, member.caller()).await?;
    Ok(axum::Json(List::all(labels, |(name, open_tasks)| LabelResponse { name, open_tasks })))
}
