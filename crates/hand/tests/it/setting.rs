//! A desk with the project's own guides as its knowledge base.

use std::path::Path;
use std::sync::Arc;

use desk::Desk;
use desk::articles::{ImportFile, ImportReport};
use desk::workspaces::Setup;
use domain::ids::WorkspaceId;
use domain::{Caller, SystemClock, SystemIds, Via};
use store::Store;
use uuid::Uuid;

/// A desk and its one workspace.
pub(crate) struct Setting {
    pub(crate) desk: Desk,
    pub(crate) workspace: WorkspaceId,
    pub(crate) caller: Caller,
}

/// A workspace without any article.
pub(crate) async fn empty(store: &Store) -> Setting {
    let desk = Desk::new(store.clone(), Arc::new(SystemClock), Arc::new(SystemIds));
    let setup = Setup {
        workspace: "Acme".to_owned(),
        name: "Ada".to_owned(),
        email: "ada@example.com".to_owned(),
        password: "correct horse battery".to_owned(),
        zone: "Europe/Berlin".to_owned(),
    };
    let owner = desk::workspaces::create(&desk, setup).await.unwrap();
    let caller = Caller::system(owner.workspace, Via::Cli, Uuid::now_v7());
    Setting { desk, workspace: owner.workspace, caller }
}

/// The files of `docs/guide`.
pub(crate) fn guides() -> Vec<ImportFile> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide");
    let mut files: Vec<ImportFile> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .map(|path| ImportFile {
            text: std::fs::read_to_string(&path).unwrap(),
            path: path.file_name().unwrap().to_string_lossy().into_owned(),
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// A workspace that has the guides as its articles.
pub(crate) async fn with_guides(store: &Store) -> Setting {
    let setting = empty(store).await;
    let files = guides();
    let report: ImportReport =
        desk::articles::import(&setting.desk, &setting.caller, files.clone()).await.unwrap();
    assert_eq!((report.created.len(), report.failed), (files.len(), Vec::new()));
    setting
}
