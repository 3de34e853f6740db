//! Articles: written, changed, deleted, brought back, imported; and what can be quoted of them.

use desk::articles::{self, ArticlePatch, ImportFile, NewArticle, Status};
use desk::search::Kind;
use desk::{Error, Paging};
use domain::{Caller, EventType, Role, Via};
use testkit::both;

use crate::stage::{self, Stage};

fn new(title: &str, body: &str) -> NewArticle {
    NewArticle { title: title.to_owned(), body: body.to_owned(), ..NewArticle::default() }
}

fn file(path: &str, text: &str) -> ImportFile {
    ImportFile { path: path.to_owned(), text: text.to_owned() }
}

async fn quotable(stage: &Stage, word: &str) -> Vec<String> {
    let all = articles::passages_after(&stage.desk, stage.workspace, 0, 10).await.unwrap();
    let ids: Vec<i64> = all.iter().map(|passage| passage.id).collect();
    let (revision, passages) = articles::passages(&stage.desk, stage.workspace, ids).await.unwrap();
    assert_eq!(revision, articles::revision(&stage.desk, stage.workspace).await.unwrap());
    assert_eq!(passages.len(), all.len());
    assert!(passages.iter().all(|passage| all.contains(passage)));
    let bodies = passages.into_iter().map(|passage| passage.body);
    bodies.filter(|body| body.to_lowercase().contains(word)).collect()
}

async fn found(stage: &Stage, text: &str) -> Vec<String> {
    let hits = desk::search::search(&stage.desk, &stage.owner, text, vec![Kind::Article], 10).await.unwrap();
    hits.into_iter().map(|hit| hit.title).collect()
}

#[tokio::test]
async fn a_published_article_is_found_read_and_quoted_and_a_draft_only_found() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let Stage { desk, owner, workspace, .. } = &stage;
        let returns = articles::create(desk, owner, new("How to return", "## When\n\nWithin *30* days."))
            .await
            .unwrap();
        assert_eq!((returns.item.slug.as_str(), returns.item.number), ("how-to-return", 1));
        assert_eq!(articles::html(&returns.body), "<h2>When</h2>\n<p>Within <em>30</em> days.</p>\n");
        assert_eq!(quotable(&stage, "days").await, ["Within 30 days."]);
        assert_eq!(found(&stage, "days").await, ["How to return"]);
        assert_eq!(articles::published(desk, *workspace, "how-to-return").await.unwrap(), returns);

        let patch = ArticlePatch { status: Some(Status::Draft), ..ArticlePatch::default() };
        let draft = articles::update(desk, owner, returns.item.id, patch, Some(vec![1])).await.unwrap();
        assert_eq!(draft.item.version, 2);
        assert!(quotable(&stage, "days").await.is_empty());
        assert_eq!(found(&stage, "days").await, ["How to return"]);
        let hidden = articles::published(desk, *workspace, "how-to-return").await;
        assert!(matches!(hidden, Err(Error::NotFound("article"))), "{hidden:?}");

        let page =
            articles::list(desk, owner, Some(Status::Draft), Some("RETURN".into()), Paging::default()).await;
        assert_eq!(page.unwrap().items, [draft.item]);
        assert_eq!(stage.deliveries("audit", EventType::ArticleUpdated).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_stale_change_is_refused_and_a_slug_belongs_to_one() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let Stage { desk, owner, .. } = &stage;
        let first = articles::create(desk, owner, new("Hours", "Nine to five.")).await.unwrap();
        let second = articles::create(desk, owner, new("Hours", "On Sundays.")).await.unwrap();
        assert_eq!(second.item.slug, "hours-2");
        let chosen = NewArticle { slug: Some("hours".into()), ..new("Other", "") };
        let taken = articles::create(desk, owner, chosen).await;
        assert!(matches!(taken, Err(Error::Conflict { code: "slug_taken", .. })), "{taken:?}");
        let patch = ArticlePatch { slug: Some("hours".into()), ..ArticlePatch::default() };
        let taken = articles::update(desk, owner, second.item.id, patch, None).await;
        assert!(matches!(taken, Err(Error::Conflict { code: "slug_taken", .. })), "{taken:?}");

        let patch = ArticlePatch { body: Some("Eight to four.".into()), ..ArticlePatch::default() };
        articles::update(desk, owner, first.item.id, patch.clone(), Some(vec![1])).await.unwrap();
        let stale = articles::update(desk, owner, first.item.id, patch.clone(), Some(vec![1])).await;
        assert!(matches!(stale, Err(Error::Stale { version: 2, .. })), "{stale:?}");
        // A change of nothing is none.
        let same = articles::update(desk, owner, first.item.id, patch, Some(vec![2])).await.unwrap();
        assert_eq!(same.item.version, 2);
        assert_eq!(quotable(&stage, "four").await, ["Eight to four."]);
        assert!(quotable(&stage, "nine").await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_deleted_article_is_gone_until_it_is_brought_back() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let Stage { desk, owner, .. } = &stage;
        let article = articles::create(desk, owner, new("Hours", "Nine to five.")).await.unwrap();
        let id = article.item.id;
        let stale = articles::delete(desk, owner, id, Some(vec![9])).await;
        assert!(matches!(stale, Err(Error::Stale { .. })), "{stale:?}");
        let undo = articles::delete(desk, owner, id, Some(vec![1])).await.unwrap().undo.unwrap();
        assert!(matches!(articles::get(desk, owner, id).await, Err(Error::NotFound("article"))));
        assert!(quotable(&stage, "nine").await.is_empty() && found(&stage, "nine").await.is_empty());

        desk::undo::undo(desk, owner, undo).await.unwrap();
        assert_eq!(articles::get(desk, owner, id).await.unwrap().body, "Nine to five.");
        assert_eq!(quotable(&stage, "nine").await, ["Nine to five."]);
        assert_eq!(found(&stage, "nine").await, ["Hours"]);

        // Whoever remembers a section's id from before finds nothing under it, and nothing else either.
        let ids = async || -> Vec<i64> {
            let all = articles::passages_after(desk, stage.workspace, 0, 10).await.unwrap();
            all.into_iter().map(|passage| passage.id).collect()
        };
        let before = ids().await;
        let patch = ArticlePatch { body: Some("Ten to six.".into()), ..ArticlePatch::default() };
        articles::update(desk, owner, id, patch, None).await.unwrap();
        assert!(ids().await.iter().all(|id| !before.contains(id)));
        let (_, stale) = articles::passages(desk, stage.workspace, before).await.unwrap();
        assert_eq!(stale, []);

        // Where the slug was taken meanwhile, both stay as they are.
        let undo = articles::delete(desk, owner, id, None).await.unwrap().undo.unwrap();
        articles::create(desk, owner, new("Hours", "New ones.")).await.unwrap();
        let refused = desk::undo::undo(desk, owner, undo).await;
        assert!(matches!(refused, Err(Error::Conflict { code: "slug_taken", .. })), "{refused:?}");
    })
    .await;
}

#[tokio::test]
async fn importing_again_updates_and_a_broken_file_keeps_no_other_out() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let Stage { desk, owner, .. } = &stage;
        let files = |hours: &str| {
            vec![
                file("a/hours.md", &format!("---\ntitle: Hours\nsummary: When we are there.\n---\n{hours}")),
                file("a/broken.md", "---\ntitle: [\n---\nx"),
                file("b/hours.md", "# Hours again"),
                file("returns.md", "# Returns\n\nSend it back."),
            ]
        };
        let first = articles::import(desk, owner, files("Nine to five.")).await.unwrap();
        assert_eq!(first.created, ["a/hours.md", "returns.md"]);
        let failed: Vec<&str> = first.failed.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(failed, ["a/broken.md", "b/hours.md"]);
        assert!(first.failed[1].1.contains("a/hours.md"), "{:?}", first.failed);
        let revision = articles::revision(desk, stage.workspace).await.unwrap();

        let same = articles::import(desk, owner, files("Nine to five.")).await.unwrap();
        assert_eq!(same.unchanged, ["a/hours.md", "returns.md"]);
        assert_eq!(articles::revision(desk, stage.workspace).await.unwrap(), revision);

        let other = articles::import(desk, owner, files("Eight to four.")).await.unwrap();
        assert_eq!(
            (other.updated.as_slice(), other.unchanged.as_slice()),
            (&["a/hours.md".to_owned()][..], &["returns.md".to_owned()][..])
        );
        assert_eq!(quotable(&stage, "four").await, ["Eight to four."]);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_an_article_is_refused_with_every_reason() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let Stage { desk, owner, workspace, .. } = &stage;
        let bad = NewArticle {
            title: " \u{200B}".into(),
            slug: Some("Über".into()),
            summary: "s".repeat(501),
            body: "b".repeat(200_001),
            labels: vec!["l".repeat(51)],
            status: None,
        };
        let Err(Error::Invalid(errors)) = articles::create(desk, owner, bad).await else { panic!("refused") };
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["title", "summary", "body", "slug", "labels"]);
        assert!(articles::preview(&"b".repeat(200_001)).is_err());

        let viewer = stage.member("Vera Viewer", Role::Viewer).await;
        let refused = articles::create(desk, &viewer, new("x", "y")).await;
        assert!(matches!(refused, Err(Error::Forbidden { .. })), "{refused:?}");
        let refused = articles::import(desk, &stage::visitor(*workspace), Vec::new()).await;
        assert!(matches!(refused, Err(Error::Forbidden { .. })), "{refused:?}");

        let article = articles::create(desk, owner, new("Hours", "Nine.")).await.unwrap();
        let foreign = Caller::system(domain::ids::WorkspaceId(desk.new_id()), Via::Cli, desk.new_id());
        let elsewhere = articles::get(desk, &foreign, article.item.id).await;
        assert!(matches!(elsewhere, Err(Error::NotFound("article"))), "{elsewhere:?}");
    })
    .await;
}
