//! What organisations asked for, what would have come of it, and what the fleet does instead. This is the list that
//! `deploy explain` reads; it decides nothing.

use serde::Serialize;

/// Something that is otherwise than it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// What was asked for.
    pub asked: &'static str,
    /// What would have come of it.
    pub happens: &'static str,
    /// What the fleet does.
    pub instead: &'static str,
    /// The profiles that it is about; none: all.
    #[serde(skip)]
    pub(super) profiles: &'static [&'static str],
    /// Where it shows: the beginning of a manifest's file name, and of a field in it.
    #[serde(skip)]
    pub(super) places: &'static [(&'static str, &'static str)],
}

const SUPPORT: &str = "support-fleet";
const NAMESPACED: &str = "namespaced";
const PRODUCTION: &str = "production";
const LOCAL: &str = "local";
const BASIC: &str = "basic";
const EVENTS: &str = "event-platform";
/// Where a pod of Deskhand is described.
const CONTAINER: &str = "spec.template.spec.containers";

/// Every reason.
pub(super) const REASONS: &[Reason] = &[
    Reason {
        asked: "cooldownPeriod 300 with at least 2 replicas",
        happens: "it only counts on the way to zero, where this fleet never goes",
        instead: "the autoscaler's behavior has a window of 300 s on the way down; cooldownPeriod stays and does nothing",
        profiles: &[SUPPORT],
        places: &[("scaledobject", "spec.cooldownPeriod"), ("scaledobject", "spec.advanced")],
    },
    Reason {
        asked: "scale up when the lag passes 100",
        happens: "the target is for each replica and has a tolerance of 10 %: from 2 replicas the first step is at 221",
        instead: "the target follows from the pace and from how long people may wait; the first step is said with it",
        profiles: &[SUPPORT, EVENTS],
        places: &[("scaledobject", "spec.triggers"), ("horizontalpodautoscaler-workers", "spec.metrics")],
    },
    Reason {
        asked: "a lag of 100 and answers within 3 s",
        happens: "at 2 answers a second a pod, 100 that wait are 50 s",
        instead: "1: 4 would keep the 3 s while the lag rests, and a load that grows from 1 to 10 a second while pods start needs less; `deploy simulate --load daily:1:10 --solve` finds it",
        profiles: &[SUPPORT],
        places: &[("scaledobject", "spec.triggers")],
    },
    Reason {
        asked: "a lag of 100 a replica, and less than 5 s of lag",
        happens: "at 20 events a second a replica, 100 that wait are 5 s; a slower consumer needs a lower number",
        instead: "100 as asked; `deploy simulate --solve` finds the number for a measured pace, scaling.lag.perReplica sets it",
        profiles: &[EVENTS],
        places: &[("horizontalpodautoscaler-workers", "spec.metrics")],
    },
    Reason {
        asked: "as many replicas as the lag asks for",
        happens: "beyond the partitions replicas idle, and KEDA's own rounding goes past them: a lag of 331 to 399 on 3 partitions gives 4",
        instead: "max is refused where it is above the topic's partitions: 12 for the hand",
        profiles: &[SUPPORT],
        places: &[("scaledobject", "spec.maxReplicaCount")],
    },
    Reason {
        asked: "consumers from 2 to 10 replicas, by 2, on a topic of 3 partitions",
        happens: "the fourth and every further one idles",
        instead: "at most 3 where the topic has 3 partitions, 10 for the hand, whose topic has 12; a step from 2 to 4 is only there",
        profiles: &[EVENTS],
        places: &[
            ("horizontalpodautoscaler-workers", "spec.maxReplicas"),
            ("horizontalpodautoscaler-workers", "spec.behavior"),
        ],
    },
    Reason {
        asked: "a preStop sleep in which consumers finish",
        happens: "they go on polling during it, while the grace period already runs",
        instead: "a drain after SIGTERM; preStop only where traffic is routed; preStop + drain + 5 s to flush stay below the grace period",
        profiles: &[],
        places: &[
            ("deployment", "spec.template.spec.containers"),
            ("deployment", "spec.template.spec.terminationGracePeriodSeconds"),
        ],
    },
    Reason {
        asked: "readiness that asks database and Kafka",
        happens: "one outage that all share empties every Service at once",
        instead: "readiness is the process's own; what is away is named as degraded in its body, and by deskhand_breaker_state",
        profiles: &[],
        places: &[("deployment", CONTAINER)],
    },
    Reason {
        asked: "liveness that asks the database",
        happens: "a slow database restarts every pod",
        instead: "liveness is about the process alone",
        profiles: &[],
        places: &[("deployment", CONTAINER)],
    },
    Reason {
        asked: "maxUnavailable 1 of 3 during an update",
        happens: "two thirds of the capacity, under load",
        instead: "maxUnavailable 0, maxSurge 1",
        profiles: &[],
        places: &[("deployment", "spec.strategy")],
    },
    Reason {
        asked: "a disruption budget of at least 2 of 3, where the autoscaler goes down to 2",
        happens: "at 2 no node can be drained",
        instead: "at most 1 away, and pods that are not healthy may always be evicted; of 3, 2 stay",
        profiles: &[],
        places: &[("poddisruptionbudget", "spec")],
    },
    Reason {
        asked: "limits for each client, where the page is a process of its own",
        happens: "the API sees one client, which is the page: ten wrong passwords by anybody lock out everybody",
        instead: "the API believes the networks that pods have, since the policies let nobody but the page ask it; settings.trusted_proxies says otherwise, and web.settings.trusted_proxies whom the page believes",
        profiles: &[LOCAL, BASIC, PRODUCTION, NAMESPACED],
        places: &[("deployment-api", CONTAINER)],
    },
    Reason {
        asked: "limits for each client, behind a load balancer or a port of the nodes",
        happens: "a node that passes a request on to another puts its own address in the client's place",
        instead: "externalTrafficPolicy Local at the load balancer keeps the client's; a port of the nodes has Cluster, so that every node answers; entry.externalTrafficPolicy chooses",
        profiles: &[LOCAL, BASIC, PRODUCTION, SUPPORT],
        places: &[("service-web", "spec"), ("service-api", "spec")],
    },
    Reason {
        asked: "replicas beside an autoscaler",
        happens: "every update sets the number back",
        instead: "replicas is left out where something scales; the autoscaler goes to its minimum at once",
        profiles: &[PRODUCTION, NAMESPACED, SUPPORT, EVENTS],
        places: &[("deployment", "spec.replicas")],
    },
    Reason {
        asked: "3 + 3 replicas, and an autoscaler from 2",
        happens: "without load the autoscaler goes to 2",
        instead: "from 2, as asked for the autoscaler; scaling.min 3 keeps three at all times",
        profiles: &[PRODUCTION],
        places: &[("deployment", "spec.replicas"), ("horizontalpodautoscaler", "spec.minReplicas")],
    },
    Reason {
        asked: "3 replicas of each consumer, and an autoscaler from 2",
        happens: "without load the autoscaler goes to 2, also where 3 began",
        instead: "from 2, as asked for the autoscaler; workers.scaling.min 3 keeps three of each at all times",
        profiles: &[EVENTS],
        places: &[
            ("deployment-workers", "spec.replicas"),
            ("horizontalpodautoscaler-workers", "spec.minReplicas"),
        ],
    },
    Reason {
        asked: "logs in Loki",
        happens: "what sends them reads the nodes' files, which Pod Security \"restricted\" does not allow, and Loki with its disk is more than the budget has",
        instead: "off; logging.fluentBit.enabled true sends them to the Loki that logging.fluentBit.lokiHost names, from a namespace of its own, which namespaces.create makes",
        profiles: &[SUPPORT],
        places: &[("deployment", CONTAINER)],
    },
    Reason {
        asked: "secrets in values, or by --set",
        happens: "they are kept in the release, and the next upgrade without them blanks them; base64 hides nothing",
        instead: "existingSecret names one that is there; a made-up one exists for trying things out, and is refused in production",
        profiles: &[],
        places: &[("deployment", CONTAINER), ("secret", "")],
    },
    Reason {
        asked: "tests beside the chart's templates",
        happens: "`helm test` finds nothing",
        instead: "they are under templates/tests/ of the chart, and only there",
        profiles: &[],
        places: &[],
    },
    Reason {
        asked: "the tag latest",
        happens: "what runs cannot be made again, and a rollback does nothing",
        instead: "a version, or a digest; tags that move are refused in every environment",
        profiles: &[],
        places: &[("deployment", CONTAINER), ("job", CONTAINER)],
    },
    Reason {
        asked: "UID 1000 on an image of Node, and curl for the health check",
        happens: "the user is taken there, and slim images have no curl",
        instead: "an image of our own without either; `deskhand health` asks for itself",
        profiles: &[LOCAL, PRODUCTION, NAMESPACED],
        places: &[("deployment", "spec.template.spec.securityContext")],
    },
    Reason {
        asked: "no capabilities, and not root",
        happens: "Pod Security \"restricted\" asks for more",
        instead: "also seccompProfile RuntimeDefault, a root file system that is only read, and an emptyDir at /tmp",
        profiles: &[],
        places: &[
            ("deployment", "spec.template.spec.securityContext"),
            ("deployment", CONTAINER),
            ("statefulset", "spec.template.spec.securityContext"),
        ],
    },
    Reason {
        asked: "namespaces that isolate",
        happens: "all pods can talk to all",
        instead: "network policies: nobody may, DNS is allowed, and each path that is needed",
        profiles: &[],
        places: &[("networkpolicy", ""), ("namespace", "")],
    },
    Reason {
        asked: "an ingress by ingress-nginx",
        happens: "it is retired since March 2026",
        instead: "Gateway API, or an Ingress with a class that you name",
        profiles: &[NAMESPACED],
        places: &[("ingress", "spec"), ("httproute", "spec")],
    },
    Reason {
        asked: "the metric kafka_consumer_lag of pods",
        happens: "a pod has no such metric, and the autoscaler never hears anything",
        instead: "an External metric by the exporter's own name, kafka_consumergroup_lag",
        profiles: &[EVENTS],
        places: &[("horizontalpodautoscaler-workers", "spec.metrics"), ("configmap-adapter", "")],
    },
    Reason {
        asked: "2 copies of each event",
        happens: "with one that acknowledges, a leader's death loses what was acknowledged; with two, it stops everything",
        instead: "3 copies, 2 of which acknowledge; 1 on a laptop",
        profiles: &[EVENTS],
        places: &[
            ("kafka-kafka", "spec.kafka.config"),
            ("configmap-settings", "data.DESKHAND_BROKER__REPLICATION"),
        ],
    },
    Reason {
        asked: "one group for all services",
        happens: "they would take each other's events",
        instead: "a group a service; live updates are in no group, since every process that serves pages needs all of them: the service `live` is the api",
        profiles: &[EVENTS],
        places: &[("deployment-workers", CONTAINER), ("deployment-api", CONTAINER)],
    },
    Reason {
        asked: "a counter of dead letters that is counted up",
        happens: "it never falls, and the alert never ends",
        instead: "deskhand_dead_letters is the depth, read from where they are",
        profiles: &[EVENTS],
        places: &[("prometheusrule", "spec")],
    },
    Reason {
        asked: "a dead letter is published to its topic again",
        happens: "every group handles it again",
        instead: "`deskhand dead-letters replay` gives it to the group that failed alone",
        profiles: &[EVENTS],
        places: &[],
    },
    Reason {
        asked: "10 % of traces in production, all elsewhere, chosen at their head, and all that fail",
        happens: "at the head nobody knows what will fail",
        instead: "the collector decides when a trace is over: all that were slow or failed, and of the others 10 % in production, all in staging and development; tracing.ratio says otherwise",
        profiles: &[EVENTS],
        places: &[
            ("deployment-collector", ""),
            ("configmap-collector", ""),
            ("configmap-settings", "data.DESKHAND_TRACE__RATIO"),
        ],
    },
    Reason {
        asked: "migrations in a hook before an upgrade",
        happens: "it does not run at the install",
        instead: "before install and before upgrade, and `startup` waits for the schema; where the database comes with the fleet, the first process makes the schema at the install, since a hook would wait for a database that is not there",
        profiles: &[],
        places: &[("job-migrate", "")],
    },
    Reason {
        asked: "a generated column for the search on a large table",
        happens: "the table is written anew while nobody may write to it",
        instead: "migrations add a column, fill it in batches, and index concurrently",
        profiles: &[],
        places: &[("job-migrate", "")],
    },
    Reason {
        asked: "one PostgreSQL pod, and 99.5 %",
        happens: "a lost node takes longer than a year's allowance without a restore that was practised",
        instead: "copies every night that are restored for trial every week; database.kind cloudnativepg has three",
        profiles: &[SUPPORT],
        places: &[("statefulset-postgres", ""), ("cronjob", "")],
    },
    Reason {
        asked: "an autoscaler on the CPU, with sidecars",
        happens: "the utilisation is not defined where one of them requests nothing",
        instead: "requests on every container, and the metric is of Deskhand's own",
        profiles: &[PRODUCTION, NAMESPACED, EVENTS],
        places: &[("horizontalpodautoscaler", "spec.metrics")],
    },
    Reason {
        asked: "3 brokers of Kafka",
        happens: "without a rule two may share a node, and die with it",
        instead: "spread and anti-affinity: preferred where the same manifests are for Minikube, required otherwise",
        profiles: &[SUPPORT, EVENTS],
        places: &[("statefulset-kafka", "spec.template.spec"), ("kafkanodepool", "spec.template")],
    },
    Reason {
        asked: "less than $2,000 a year",
        happens: "at the prices that were given the requests cost $2,208 with 2 workers and $7,008 with 12; the brokers, which that leaves out, make it $2,676 and $7,476",
        instead: "the requests stay as asked; `deskhand deploy cost` says what meets the budget",
        profiles: &[SUPPORT],
        places: &[("deployment", CONTAINER)],
    },
    Reason {
        asked: "pools of 10 idle and 50 open connections, for 3600 s",
        happens: "there is one number; connections that idle are closed by the pool itself, and 50 a process times all replicas passes what PostgreSQL has",
        instead: "at most 50 for a process of the api (database.pool), 10 for every other",
        profiles: &[EVENTS],
        places: &[("deployment-api", CONTAINER)],
    },
    Reason {
        asked: "an API and a page, and nothing else",
        happens: "events, reminders and mail would wait for ever",
        instead: "the api's processes also run channels, relay, clock and workers; workers.enabled with api.roles [api] takes them apart",
        profiles: &[LOCAL, BASIC, PRODUCTION],
        places: &[("deployment-api", CONTAINER)],
    },
    Reason {
        asked: "allowed origins in the ConfigMap",
        happens: "there is one address of the page, and only its origin is allowed",
        instead: "entry.host gives it, or settings.public_url",
        profiles: &[BASIC],
        places: &[("configmap-settings", "")],
    },
];
