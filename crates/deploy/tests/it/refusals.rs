//! What is refused, and in which words.

use std::path::Path;

use deploy::values::Layers;

use crate::{refused, rendered};

/// Each line: a profile, what was set, and what the refusal says.
#[test]
fn what_cannot_work_is_refused_with_its_reason() {
    for (profile, flags, said) in [
        ("production", "image.tag=latest", "latest is moved from image to image"),
        (
            "production",
            "api.replica=3",
            "--set api.replica=3: api.replica: there is no such setting; did you mean replicas?",
        ),
        ("production", "api.resources.limits.cpu=1x", "found \"1x\"; allowed: a quantity"),
        ("production", "web.resources.limits.cpu=50m", "50m is less than the 100m that is asked for"),
        ("production", "api.roles={api}", "nobody runs the role relay"),
        ("production", "api.roles={api,workes}", "did you mean workers?"),
        ("production", "existingSecret=", "the fleet needs secrets"),
        ("production", "existingSecret=,devSecret.create=true", "everybody knows what is in it"),
        ("production", "api.scaling.kind=keda", "only on Kafka can others see how far a group is"),
        (
            "production",
            "api.drain.preStopSeconds=40",
            "60 s end before the process does: 40 s of preStop, 20 s of",
        ),
        ("production", "settings.log.levl=debug", "Deskhand has no such setting; did you mean log.level?"),
        ("production", "settings.log.level=loud", "settings.log.level: found"),
        ("production", "settings.model.key=sk-1", "put DESKHAND_MODEL__KEY into the Secret"),
        ("production", "settings.database_url=postgres://x", "it cannot be said: it follows from `database`"),
        ("production", "namespace=kube-system", "kube-system belongs to Kubernetes itself"),
        ("production", "nameOverride=Desk", "cannot begin names of Kubernetes"),
        (
            "production",
            "nameOverride=a-name-that-is-really-too-long-for-this",
            "makes names that are too long",
        ),
        ("production", "api.rollout.maxSurge=0", "no update can begin"),
        ("production", "api.pdb.maxUnavailable=0", "no node can ever be drained"),
        ("production", "entry.kind=ingress,entry.host=a.example", "there is no class that every cluster has"),
        ("production", "entry.kind=gateway", "name it"),
        ("basic", "entry.nodePort=80", "30000 to 32767"),
        (
            "support-fleet",
            "workers.scaling.max=13",
            "13 replicas share 12 partitions of conversations.incoming",
        ),
        ("support-fleet", "bus.replication=2", "with 2 copies the death of one"),
        ("support-fleet", "bus.kafka.minInsyncReplicas=3", "writing stops when one is away"),
        ("support-fleet", "settings.broker.tls=on", "the brokers of the fleet speak without encryption"),
        ("support-fleet", "workers.scaling.min=0", "at least 1"),
        ("event-platform", "workerSets.hand.groups={notify}", "hand is not among its groups"),
        ("event-platform", "workerSets.audit.enabled=false", "nobody runs the group audit"),
        ("event-platform", "logging.fluentBit.namespace=deskhand", "give it another"),
        ("event-platform", "workers.namespace=other", "the lag is told in deskhand"),
        (
            "namespaced",
            "monitoring.own.namespace=a-name-for-a-namespace-that-is-as-long-as-it-may-be-in-a-cluster",
            "makes names that are longer",
        ),
        ("event-platform", "monitoring.kind=none", "nobody collects the lag"),
        ("local", "image.digest=sha256:12", "is no digest"),
        ("local", "backup.enabled=true,backup.schedule=daily", "is no time as cron writes it"),
        ("local", "database.kind=external", "a made-up password opens only a database that is made with it"),
        ("namespaced", "workers.namespace=Work", "is no namespace"),
        ("namespaced", "networkPolicy.egress[0].cidr=10.0.0.0", "is no network"),
    ] {
        let text = refused(profile, &[flags]);
        assert!(text.contains(said), "{profile} {flags}: {text}");
    }
}

#[test]
fn everything_wrong_is_said_at_once_with_file_and_line() {
    let layers = Layers::profile("basic").unwrap();
    let text = "api:\n  replicas: many\n  scaling:\n    knd: none\nweb:\n  replicas: -1\n";
    let layers = layers.file(Path::new("mine.yaml"), text).unwrap();
    let error = deploy::Fleet::try_from(&layers).unwrap_err().to_string();
    for said in [
        "mine.yaml:2: api.replicas: found \"many\"; allowed: a whole number, 0 or more",
        "mine.yaml:4: api.scaling.knd: there is no such setting; did you mean kind?",
        "mine.yaml:6: web.replicas: found -1",
    ] {
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn an_unknown_profile_is_refused_with_the_nearest() {
    let error = Layers::profile("suport-fleet").unwrap_err().to_string();
    assert_eq!(error, "there is no profile suport-fleet; did you mean support-fleet?");
    assert!(
        Layers::profile("x").unwrap_err().to_string().contains("there are local, basic"),
        "all are named"
    );
}

/// Combinations beyond the profiles that have to work.
#[test]
fn what_profiles_do_not_have_can_be_had() {
    for (profile, flags) in [
        ("production", "database.kind=cloudnativepg,database.maxConnections=200"),
        (
            "production",
            "database.kind=cloudnativepg,database.cloudnativepg.instances=1,database.maxConnections=100",
        ),
        ("production", "bus.kind=external,bus.url=kafka://kafka.example:9093,settings.broker.tls=true"),
        ("production", "bus.kind=nats,bus.nats.replicas=1,bus.replication=1"),
        (
            "production",
            "entry.kind=gateway,entry.host=a.example,entry.gateway.create=true,entry.gateway.className=x,entry.tls=true",
        ),
        ("production", "entry.kind=none,networkPolicy.enabled=false,migrations.enabled=false"),
        ("support-fleet", "workers.scaling.kind=lag,monitoring.kind=own"),
        ("support-fleet", "bus.kafka.replicas=1,bus.replication=1,bus.kafka.minInsyncReplicas=1"),
        ("support-fleet", "logging.fluentBit.enabled=true,namespaces.create=true"),
        ("local", "monitoring.kind=own,tracing.kind=collector,logging.fluentBit.enabled=true"),
        ("basic", "nameOverride=desk,namespace=support"),
    ] {
        crate::invariants::hold(
            &rendered(profile, &[flags]).unwrap_or_else(|error| panic!("{profile} {flags}: {error}")),
        );
    }
}
