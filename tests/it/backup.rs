//! A backup while people work: it is whole, and it holds everything that was acknowledged before.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;

use crate::api::set_up;
use crate::program::Place;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_writes_comes_back_with_all_that_was_acknowledged_before_it() {
    let place = Place::new();
    let mut process = place.start("desk", &[]);
    let url = process.ready().await;
    let api = set_up(&process, &url).await;
    let (stop, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut writers = JoinSet::new();
    for writer in 0..4 {
        let (api, stop, acknowledged) = (api.clone(), Arc::clone(&stop), Arc::clone(&acknowledged));
        writers.spawn(async move {
            let mut count = 0;
            while !stop.load(Ordering::SeqCst) {
                api.post("/api/v1/tasks", &json!({"title": format!("{writer}-{count}")})).await;
                count += 1;
                acknowledged.fetch_add(1, Ordering::SeqCst);
            }
        });
    }
    let written = async |least: usize| {
        while acknowledged.load(Ordering::SeqCst) < least {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        acknowledged.load(Ordering::SeqCst)
    };
    let before = written(40).await;
    let (code, _, err) = tokio::task::block_in_place(|| place.run(&["backup", "copy"]));
    assert_eq!(code, 0, "{err}");
    let after = acknowledged.load(Ordering::SeqCst) + 4;
    written(after + 20).await;
    stop.store(true, Ordering::SeqCst);
    while writers.join_next().await.is_some_and(|ended| ended.is_ok()) {}

    let (code, _, err) = tokio::task::block_in_place(|| place.run(&["restore", "copy"]));
    assert_eq!(code, 1);
    assert!(err.contains("is in use by another Deskhand process"), "{err}");
    process.terminate();
    assert_eq!(process.ended().await.code(), Some(0));
    let (code, _, err) = tokio::task::block_in_place(|| place.run(&["restore", "copy"]));
    assert_eq!(code, 0, "{err}");

    let mut process = place.start("desk", &[]);
    let api = api.at(&process.ready().await, &api.token());
    let titles: Vec<String> = api
        .all("/api/v1/tasks")
        .await
        .iter()
        .map(|task| task["title"].as_str().unwrap().to_owned())
        .collect();
    assert!((before..=after).contains(&titles.len()), "{before} <= {} <= {after}", titles.len());
    // It is one moment: of each writer's tasks there are the first ones, without a gap.
    for writer in 0..4 {
        let of_writer = titles.iter().filter(|title| title.starts_with(&format!("{writer}-"))).count();
        for count in 0..of_writer {
            assert!(
                titles.contains(&format!("{writer}-{count}")),
                "{writer}-{count} is missing of {of_writer}"
            );
        }
    }
}
