//! What customers read: an article on a page of its own, and a page to try the widget on.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use domain::ids::ConversationId;

use super::people::base_url;
use crate::App;
use crate::auth::Member;
use crate::problem::ApiError;

/// These pages have their styles in a file of their own, and no script but the widget's.
const STYLE: &str = include_str!("help.css");

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/help/style.css", get(style))
        .route("/help/{key}/{slug}", get(article))
        .route("/try/{key}", get(try_widget))
}

async fn style() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=3600")],
        STYLE,
    )
}

/// Where customers read the articles of the conversation's channel, without a slash at the end.
pub(super) async fn base_of(
    app: &App,
    member: &Member,
    headers: &HeaderMap,
    id: ConversationId,
) -> Result<String, ApiError> {
    let view = desk::conversations::get(&app.desk, member.caller(), id).await?;
    let channel = desk::channels::get(&app.desk, member.caller(), view.conversation.channel).await?;
    Ok(base(app, headers, &channel.key))
}

/// Where customers read the articles of the channel of that key.
pub(super) fn base(app: &App, headers: &HeaderMap, key: &str) -> String {
    format!("{}/help/{key}", base_url(app, headers))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

fn page(title: &str, workspace: &str, main: &str, script: &str) -> Html<String> {
    Html(format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{} · {}</title>\
         <link rel=\"stylesheet\" href=\"/help/style.css\"></head>\
         <body><header><span>{}</span></header><main>{main}</main>{script}</body></html>",
        escape(title),
        escape(workspace),
        escape(workspace),
    ))
}

fn not_there() -> Response {
    (
        StatusCode::NOT_FOUND,
        page(
            "Not found",
            "Help",
            "<h1>This page is not there</h1><p>The article may have been moved or withdrawn.</p>",
            "",
        ),
    )
        .into_response()
}

async fn article(State(app): State<App>, Path((key, slug)): Path<(String, String)>) -> Response {
    let Ok((channel, workspace, _)) = desk::visitors::channel(&app.desk, &key).await else {
        return not_there();
    };
    let Ok(article) = desk::articles::published(&app.desk, channel.workspace, &slug).await else {
        return not_there();
    };
    let item = &article.item;
    let summary = if item.summary.is_empty() {
        String::new()
    } else {
        format!("<p class=\"summary\">{}</p>", escape(&item.summary))
    };
    let main = format!(
        "<article><h1>{}</h1>{summary}{}</article>",
        escape(&item.title),
        desk::articles::html(&article.body)
    );
    page(&item.title, &workspace, &main, &widget(&channel.key)).into_response()
}

fn widget(key: &str) -> String {
    format!("<script src=\"/widget.js\" data-channel=\"{}\" async></script>", escape(key))
}

/// The widget sets its styles by constructed style sheets, which the policy allows; nothing else is inline.
async fn try_widget(State(app): State<App>, Path(key): Path<String>) -> Response {
    let Ok((channel, workspace, _)) = desk::visitors::channel(&app.desk, &key).await else {
        return not_there();
    };
    let line = format!("<script src=\"…/widget.js\" data-channel=\"{}\" async></script>", channel.key);
    let main = format!(
        "<article><h1>Try the chat</h1><p>This page carries the widget of “{}”, as your customers’ pages would. \
         Open the button in the corner and ask something.</p><p>The line to put on a page:</p><pre><code>{}</code></pre></article>",
        escape(&channel.name),
        escape(&line),
    );
    let mut response = page("Try the chat", &workspace, &main, &widget(&channel.key)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
