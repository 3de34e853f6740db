//! `articles import`: a folder of Markdown files into the knowledge base, over the API of a running desk.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::args::ArticlesImport;
use crate::client::Client;
use crate::failure::{Failure, Outcome};
use crate::output::{Output, note};

/// How many bytes of files go into one request.
const BATCH: usize = 400_000;
/// The most files of one request.
const BATCH_FILES: usize = 200;
/// The most characters of an article, which is also what is worth sending.
const FILE_LIMIT: u64 = 1_000_000;

struct File {
    path: String,
    text: String,
}

pub(crate) async fn import(args: &ArticlesImport, output: Output) -> Outcome {
    let (client, _) = Client::signed_in()?;
    let mut paths = Vec::new();
    find(&args.dir, &mut paths).map_err(|error| {
        Failure::because(format!("cannot read the folder {}", args.dir.display()), &error)
    })?;
    paths.sort();
    let mut failed: Vec<Value> = Vec::new();
    let mut files = Vec::new();
    for path in paths {
        let name = path.strip_prefix(&args.dir).unwrap_or(&path).to_string_lossy().into_owned();
        match read(&path) {
            Ok(text) => files.push(File { path: name, text }),
            Err(reason) => failed.push(json!({ "path": name, "reason": reason })),
        }
    }
    if files.is_empty() && failed.is_empty() {
        return Err(Failure::Failed(format!("there are no Markdown files (.md) in {}", args.dir.display())));
    }
    let mut counts = [("created", 0), ("updated", 0), ("unchanged", 0)];
    for batch in batches(files) {
        let body: Vec<Value> =
            batch.iter().map(|file| json!({ "path": file.path, "text": file.text })).collect();
        let answer = client.post("/api/v1/articles/import", &json!({ "files": body })).await?;
        for (key, count) in &mut counts {
            *count += answer.get(*key).and_then(Value::as_u64).unwrap_or_default();
        }
        failed.extend(answer.get("failed").and_then(Value::as_array).cloned().unwrap_or_default());
    }
    let [created, updated, unchanged] = counts.map(|(_, count)| count);
    let report = json!({ "created": created, "updated": updated, "unchanged": unchanged, "failed": failed });
    let broken = failed.len();
    output.result(&report, || {
        format!("{created} new, {updated} updated, {unchanged} unchanged, {broken} failed")
    })?;
    for file in &failed {
        let word = |key: &str| file.get(key).and_then(Value::as_str).unwrap_or_default();
        note(&format!("{}: {}", word("path"), word("reason")));
    }
    match broken {
        0 => Ok(()),
        1 => Err(Failure::Failed("1 file was not imported; the rest is in".to_owned())),
        several => Err(Failure::Failed(format!("{several} files were not imported; the rest is in"))),
    }
}

/// The Markdown files of a folder and of those in it; hidden ones and links to folders are left out.
fn find(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if kind.is_dir() {
            find(&path, found)?;
        } else if path.is_file() && path.extension().is_some_and(|end| end.eq_ignore_ascii_case("md")) {
            found.push(path);
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, String> {
    let length = fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?.len();
    if length > FILE_LIMIT {
        return Err(format!("has {length} bytes, which is too long for an article"));
    }
    let bytes = fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    String::from_utf8(bytes).map_err(|_| "is not UTF-8 text".to_owned())
}

/// The files in groups, each small enough for one request.
fn batches(files: Vec<File>) -> Vec<Vec<File>> {
    let mut batches: Vec<Vec<File>> = Vec::new();
    let mut size = 0;
    for file in files {
        let bytes = file.text.len() + file.path.len() + 64;
        match batches.last_mut().filter(|batch| size + bytes <= BATCH && batch.len() < BATCH_FILES) {
            Some(batch) => {
                size += bytes;
                batch.push(file);
            }
            None => {
                size = bytes;
                batches.push(vec![file]);
            }
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::{BATCH, File, batches};

    #[test]
    fn files_are_grouped_up_to_the_limit_and_none_is_lost() {
        let file = |bytes: usize| File { path: String::new(), text: "x".repeat(bytes) };
        let sizes = [BATCH, 10, BATCH / 2, BATCH / 2, 5];
        let grouped = batches(sizes.iter().map(|bytes| file(*bytes)).collect());
        let counts: Vec<usize> = grouped.iter().map(Vec::len).collect();
        assert_eq!(counts, [1, 2, 2]);
    }
}
