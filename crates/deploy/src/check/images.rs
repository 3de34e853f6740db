//! Images that are not the same tomorrow, and versions of the API that are gone.

use super::value::text;
use super::world::{World, name_of};
use super::{Found, Says, Severity, at, then};

/// Tags that are put on one image after the other.
const MOVING: &[&str] = &["canary", "dev", "edge", "latest", "main", "master", "nightly", "stable"];

/// Versions that Kubernetes has taken away, with the kinds (all where there is none), since when, and what is instead.
const GONE: &[(&str, &[&str], &str, &str)] = &[
    ("apiextensions.k8s.io/v1beta1", &[], "1.22", "apiextensions.k8s.io/v1"),
    ("apps/v1beta1", &[], "1.16", "apps/v1"),
    ("apps/v1beta2", &[], "1.16", "apps/v1"),
    ("autoscaling/v2beta1", &[], "1.25", "autoscaling/v2"),
    ("autoscaling/v2beta2", &[], "1.26", "autoscaling/v2"),
    ("batch/v1beta1", &["CronJob"], "1.25", "batch/v1"),
    ("discovery.k8s.io/v1beta1", &[], "1.25", "discovery.k8s.io/v1"),
    ("extensions/v1beta1", &["Ingress"], "1.22", "networking.k8s.io/v1"),
    ("extensions/v1beta1", &[], "1.16", "apps/v1 or networking.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io/v1beta1", &[], "1.26", "flowcontrol.apiserver.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io/v1beta2", &[], "1.29", "flowcontrol.apiserver.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io/v1beta3", &[], "1.32", "flowcontrol.apiserver.k8s.io/v1"),
    ("networking.k8s.io/v1beta1", &["Ingress", "IngressClass"], "1.22", "networking.k8s.io/v1"),
    ("node.k8s.io/v1beta1", &[], "1.25", "node.k8s.io/v1"),
    ("policy/v1beta1", &["PodDisruptionBudget"], "1.25", "policy/v1"),
    ("policy/v1beta1", &["PodSecurityPolicy"], "1.25", "Pod Security admission"),
    ("rbac.authorization.k8s.io/v1beta1", &[], "1.22", "rbac.authorization.k8s.io/v1"),
    ("scheduling.k8s.io/v1beta1", &[], "1.22", "scheduling.k8s.io/v1"),
    (
        "storage.k8s.io/v1beta1",
        &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"],
        "1.22",
        "storage.k8s.io/v1",
    ),
];

pub(super) fn check(world: &World<'_>, found: &mut Found) {
    for object in world.objects {
        let version = object.api_version();
        let gone = GONE.iter().find(|(name, kinds, ..)| {
            *name == version && (kinds.is_empty() || kinds.contains(&object.kind()))
        });
        let Some((_, _, since, instead)) = gone else { continue };
        let says = Says {
            what: format!("{version} of {} is gone since Kubernetes {since}", object.kind()),
            remedy: format!("write {instead}"),
            timeline: vec![
                at(
                    0,
                    format!(
                        "it is applied to Kubernetes {since} or newer: no matches for kind {:?}",
                        object.kind()
                    ),
                ),
                then(
                    "nothing of it is made; a cluster that is upgraded below it keeps what there is, and refuses every change",
                ),
            ],
        };
        found.add(world, ("api-version-gone", Severity::Error), (object, "/apiVersion"), says);
    }
    for workload in &world.workloads {
        for (container, pointer) in workload.all() {
            let Some(image) = text(container, "/image") else { continue };
            // An empty or automatic one is filled in by somebody else.
            if image.is_empty() || image == "auto" || image.contains('@') {
                continue;
            }
            let name = image.rsplit('/').next().unwrap_or(image);
            let tag = name.split_once(':').map(|(_, tag)| tag);
            if tag.is_some_and(|tag| !MOVING.contains(&tag)) {
                continue;
            }
            let written =
                tag.map_or_else(|| "no tag, which is latest".to_owned(), |tag| format!("the tag {tag}"));
            let policy = text(container, "/imagePullPolicy").unwrap_or(match tag {
                None | Some("latest") => "Always",
                Some(_) => "IfNotPresent",
            });
            let second = if policy == "Always" {
                "a pod is begun anew, on any node: it pulls the newer image, and the others run the older one"
            } else {
                "a pod is begun on a node that has no image yet: it pulls the newer one, and the others run the older one"
            };
            let says = Says {
                what: format!(
                    "container {} runs {image}: {written} is put on one image after the other",
                    name_of(container)
                ),
                remedy: "write a version, or a digest".to_owned(),
                timeline: vec![
                    at(0, format!("{} runs {image}, pulled with {policy}", workload.title())),
                    at(3_600, "the publisher puts the tag on a newer image"),
                    at(7_200, second),
                    then("a rollback changes nothing: both revisions name the same tag"),
                ],
            };
            found.add(
                world,
                ("mutable-image-tag", Severity::Warning),
                (workload.object, &format!("{pointer}/image")),
                says,
            );
        }
    }
}
