{{/*
Why an object is otherwise than somebody would expect, as annotations; `deskhand deploy explain` says it at length.
(list REASON...)
*/}}
{{- define "deskhand.why" -}}
{{- $reasons := dict
  "noReplicas" (list "replicas" "left out: the autoscaler sets it, and every update would set it back")
  "rollout" (list "rollout" "none may be missing during an update: two of three under load would be too few")
  "probes" (list "probes" "liveness asks the process and readiness nothing that is shared: a slow database neither restarts nor empties anything")
  "preStop" (list "pre-stop" "it goes on serving until routers know; the end itself begins with SIGTERM")
  "noPreStop" (list "pre-stop" "none: consumers would go on during it; they are drained after SIGTERM")
  "disruption" (list "max-unavailable" "a minimum that equals the autoscaler's would let no node be drained")
  "containerMetric" (list "container-metric" "of the container, so that a sidecar without a request does not blind it")
  "externalMetric" (list "external-metric" "the lag is the group's and no pod's: an External metric, as kafka-exporter names it")
  "cooldown" (list "cooldown" "cooldownPeriod only counts on the way to zero; going down is slowed by behavior")
  "target" (list "target" "a target is for each replica, and follows from the time that people may wait")
  "partitions" (list "max-replicas" "not more than the topic has partitions: further replicas would idle")
  "hook" (list "hook" "before install and before upgrade; pods are started only when the schema is there")
  "lateHook" (list "hook" "before upgrade: at the install the database or the namespace comes with the fleet, and the first process makes the schema")
  "devSecret" (list "secret" "known to everybody: only where nobody relies on the fleet")
  "oneDatabase" (list "replicas" "one: a lost node takes longer than 99.5 % allows without a practised restore; see cloudnativepg")
  "keptNamespace" (list "keep" "it stays when the fleet is removed: in it are Secrets that are yours, and disks")
  "replication" (list "replication" "three copies, two of which acknowledge: a leader can die, and nothing is lost or stops")
  "spread" (list "spread" "two brokers on one node would die together")
  "believedPage" (list "trusted-proxies" "the networks that pods have: all clients come by the page, which says who they are, and the policies let nobody else ask")
  "believedPods" (list "trusted-proxies" "the networks that pods have: all clients come by the page, which says who they are; without policies other pods could say so, too")
  "defaultDeny" (list "policy" "a namespace isolates nobody: nobody may talk, except on the paths that are needed")
  "ingressClass" (list "class" "ingress-nginx is retired: the class is the one that you name")
  "tailSampling" (list "sampling" "at the head nobody knows yet what will fail or be slow: the collector decides at the end")
  "nodeFiles" (list "host-path" "logs are the node's files, which Pod Security restricted does not allow: hence the own namespace")
-}}
{{- range . }}
{{- $reason := get $reasons . }}
deskhand.dev/why-{{ index $reason 0 }}: {{ index $reason 1 | quote }}
{{- end }}
{{- end }}
