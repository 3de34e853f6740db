//! Who did what: in the whole workspace, and to one record.

use axum::extract::State;
use domain::ids::MemberId;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::App;
use crate::auth::Member;
use crate::extract::{PageQuery, Query};
use crate::problem::{ApiError, Problem};
use crate::wire::{HistoryActor, HistoryChange, HistoryEntry, HistorySubject, List};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_audit))
}

/// Whose doing, of what.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AuditQuery {
    /// Only of this kind of record, such as `task`.
    kind: Option<String>,
    /// Only by this member.
    actor: Option<Uuid>,
}

/// Who did what in the whole workspace
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(AuditQuery, PageQuery), security(("token" = []), ("session" = [])),
    responses((status = 200, body = List<HistoryEntry>), (status = "default", body = Problem)))]
async fn list_audit(
    State(app): State<App>,
    member: Member,
    Query(query): Query<AuditQuery>,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<List<HistoryEntry>>, ApiError> {
    let paging = page.paging()?;
    let actor = query.actor.map(MemberId);
    let page = desk::audit::list(&app.desk, member.caller(), query.kind, actor, paging).await?;
    Ok(axum::Json(List::page(page, entry)))
}

/// A page of a record's history.
pub(super) async fn history(
    app: &App,
    member: &Member,
    id: Uuid,
    query: &PageQuery,
) -> Result<axum::Json<List<HistoryEntry>>, ApiError> {
    let page = desk::audit::history(&app.desk, member.caller(), id, query.paging()?).await?;
    Ok(axum::Json(List::page(page, entry)))
}

fn entry(entry: desk::audit::HistoryEntry) -> HistoryEntry {
    let via = serde_json::to_value(entry.actor.via).ok();
    HistoryEntry {
        id: entry.id,
        at: entry.at,
        via: via.as_ref().and_then(|via| via.as_str()).unwrap_or_default().to_owned(),
        address: entry.actor.address.map(|address| address.to_string()),
        actor: HistoryActor { kind: entry.actor.kind, id: entry.actor.id, name: entry.actor.name },
        action: entry.action,
        text: entry.text,
        changes: entry
            .changes
            .into_iter()
            .map(|change| HistoryChange { field: change.field, from: change.from, to: change.to })
            .collect(),
        subject: HistorySubject {
            kind: entry.subject.kind,
            id: entry.subject.id,
            number: entry.subject.number,
            title: entry.subject.title,
        },
    }
}
