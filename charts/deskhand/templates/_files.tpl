{{/*
What the fleet's other programs are configured with: files that lie in files/, with what goes into their places.
*/}}

{{/* A file. (list $ PATH PLACES) */}}
{{- define "deskhand.file" -}}
{{- $text := (index . 0).Files.Get (printf "files/%s" (index . 1)) -}}
{{- range $place, $value := index . 2 }}{{ $text = replace (printf "__%s__" $place) $value $text }}{{ end -}}
{{- $text -}}
{{- end }}

{{/* A ConfigMap of files. (list $ PART NAME NAMESPACE FILES) */}}
{{- define "deskhand.configMap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "deskhand.base" (index . 0) }}-{{ index . 2 }}
  namespace: {{ index . 3 }}
  labels:
    {{- include "deskhand.labels" . | nindent 4 }}
data:
  {{- toYaml (index . 4) | nindent 2 }}
{{- end }}

{{/* It as a volume of the same name. (list $ NAME) */}}
{{- define "deskhand.configVolume" -}}
- name: {{ index . 1 }}
  configMap:
    name: {{ include "deskhand.base" (index . 0) }}-{{ index . 1 }}
{{- end }}

{{/* Where it is in a container. (list NAME PATH) */}}
{{- define "deskhand.configMount" -}}
- name: {{ index . 0 }}
  mountPath: {{ index . 1 }}
  readOnly: true
{{- end }}

{{/* A digest of files, so that pods are replaced when these change. (list FILES...) */}}
{{- define "deskhand.digest" -}}
{{- $all := "" -}}
{{- range $files := . -}}
  {{- range $name := keys $files | sortAlpha }}{{ $all = printf "%s%s" $all (get $files $name) }}{{ end -}}
{{- end -}}
deskhand.dev/settings: {{ sha256sum $all }}
{{- end }}

{{/* The annotations by which a Prometheus finds a pod's metrics, where one goes by them. (list $ PORT) */}}
{{- define "deskhand.scraped" -}}
{{- if has (index . 0).Values.monitoring.kind (list "annotations" "own") -}}
prometheus.io/scrape: "true"
prometheus.io/port: {{ index . 1 | quote }}
prometheus.io/path: /metrics
{{- end -}}
{{- end }}

{{/* The namespaces with pods of ours, but for the one of Fluent Bit. */}}
{{- define "deskhand.watched" -}}
{{- range $namespace, $level := include "deskhand.namespaces" . | fromYaml }}
{{- if eq $level "restricted" }}
- {{ $namespace }}
{{- end }}
{{- end }}
{{- end }}

{{/* The rules whose metrics are collected, as files by name, in JSON. */}}
{{- define "deskhand.rules" -}}
{{- $own := get .Values.bus .Values.bus.kind | default dict -}}
{{- $places := dict
  "RELEASE" .Release.Name
  "NAMESPACE" (include "deskhand.namespace" .)
  "NAMESPACE_PATTERN" (include "deskhand.watched" . | fromYamlArray | join "|")
  "DEAD_LETTERS" "10"
  "RETRIES_PER_MINUTE" "10"
  "OUTBOX_SECONDS" "60"
  "LAG_SECONDS" "5"
  "ANSWER_SECONDS" "3"
  "REMINDER_SECONDS" "30"
  "ERROR_RATIO" "0.005"
  "LATENCY_SECONDS" "0.2"
  "BROKERS" (include "deskhand.text" ($own.replicas | default 0))
-}}
{{- $isOperator := eq .Values.monitoring.kind "operator" -}}
{{- $names := list "deskhand" "volumes" -}}
{{- /* The operator's own installation brings kube-state-metrics. */ -}}
{{- if $isOperator }}{{ $names = append $names "cluster" }}{{ end -}}
{{- $isFollowed := false -}}
{{- range (include "deskhand.parts" . | fromYaml).parts -}}
  {{- if eq .values.scaling.kind "lag" }}{{ $isFollowed = true }}{{ end -}}
{{- end -}}
{{- if or (eq .Values.bus.kind "strimzi") (and $isFollowed (eq .Values.bus.kind "kafka")) }}{{ $names = append $names "kafka" }}{{ end -}}
{{- if and $isOperator (eq .Values.database.kind "cloudnativepg") }}{{ $names = append $names "cloudnativepg" }}{{ end -}}
{{- $files := dict -}}
{{- range $names -}}
  {{- $_ := set $files (printf "%s.yaml" .) (include "deskhand.file" (list $ (printf "rules/%s.yaml" .) $places)) -}}
{{- end -}}
{{- /* YAML would lose the end of the last line. */ -}}
{{- toJson $files -}}
{{- end }}

{{/* A Deployment of one of the fleet's other programs begins like this. (list $ PART NAMESPACE) */}}
{{- define "deskhand.otherMeta" -}}
name: {{ include "deskhand.base" (index . 0) }}-{{ index . 1 }}
namespace: {{ index . 2 }}
labels:
  {{- include "deskhand.labels" . | nindent 2 }}
{{- end }}

{{/* What a container of one of them has. (list PART IMAGE RESOURCES) */}}
{{- define "deskhand.otherContainer" -}}
name: {{ index . 0 }}
image: {{ include "deskhand.imageName" (list (index . 1) "") | quote }}
imagePullPolicy: {{ (index . 1).pullPolicy }}
resources:
  {{- include "deskhand.resources" (index . 2) | trim | nindent 2 }}
securityContext:
  {{- include "deskhand.restricted" . | nindent 2 }}
{{- end }}

{{/* The probes of one of them. (list PORT READY ALIVE FAILURES-OF-LIVENESS PERIOD-OF-LIVENESS) */}}
{{- define "deskhand.otherProbes" -}}
startupProbe:
  httpGet: {path: {{ index . 1 }}, port: {{ index . 0 }}}
  {{- include "deskhand.every" (list 5 60) | nindent 2 }}
readinessProbe:
  httpGet: {path: {{ index . 1 }}, port: {{ index . 0 }}}
  {{- include "deskhand.every" (list 10 3) | nindent 2 }}
livenessProbe:
  httpGet: {path: {{ index . 2 }}, port: {{ index . 0 }}}
  {{- include "deskhand.every" (list (index . 4) (index . 3)) | nindent 2 }}
{{- end }}
