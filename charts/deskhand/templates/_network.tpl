{{/* Who may talk to whom: peers and rules of network policies. */}}

{{/* Pods with labels in a namespace. (list NAMESPACE LABELS) */}}
{{- define "deskhand.pods" -}}
- namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: {{ index . 0 }}
  {{- if index . 1 }}
  podSelector:
    matchLabels:
      {{- index . 1 | nindent 6 }}
  {{- else }}
  podSelector: {}
  {{- end }}
{{- end }}

{{/* Networks. */}}
{{- define "deskhand.networks" -}}
{{- range . }}
- ipBlock:
    cidr: {{ . }}
{{- end }}
{{- end }}

{{/* Ports. */}}
{{- define "deskhand.ports" -}}
{{- range . }}
- port: {{ int . }}
  protocol: TCP
{{- end }}
{{- end }}

{{/* Whom somebody has selected; every pod of the cluster where nobody was. */}}
{{- define "deskhand.selected" -}}
{{- if not . }}
- namespaceSelector: {}
{{- end }}
{{- range . }}
- namespaceSelector:
    {{- if .namespaceLabels }}
    matchLabels:
      {{- include "deskhand.texts" .namespaceLabels | trim | nindent 6 }}
    {{- else }} {}
    {{- end }}
  {{- with .podLabels }}
  podSelector:
    matchLabels:
      {{- include "deskhand.texts" . | trim | nindent 6 }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Who fetches metrics. */}}
{{- define "deskhand.scrapers" -}}
{{- if eq .Values.monitoring.kind "own" -}}
{{ include "deskhand.pods" (list (include "deskhand.namespaceOf" (list . .Values.monitoring.own)) (include "deskhand.selectorLabels" (list . "prometheus"))) }}
{{- else -}}
{{ include "deskhand.selected" .Values.networkPolicy.metricsFrom | trim }}
{{- end -}}
{{- end }}

{{/* The way to the database, as a rule. */}}
{{- define "deskhand.toDatabase" -}}
{{- $base := include "deskhand.base" . -}}
{{- $database := .Values.database -}}
{{- if eq $database.kind "external" -}}
- ports:
    {{- include "deskhand.ports" (list $database.external.port) | trim | nindent 4 }}
  {{- with $database.external.cidrs }}
  to:
    {{- include "deskhand.networks" . | trim | nindent 4 }}
  {{- end }}
{{- else -}}
{{- $own := get $database $database.kind -}}
{{- $labels := ternary (include "deskhand.selectorLabels" (list . "postgres")) (printf "cnpg.io/cluster: %s-postgres" $base) (eq $database.kind "statefulset") -}}
- ports:
    {{- include "deskhand.ports" (list 5432) | trim | nindent 4 }}
  to:
    {{- include "deskhand.pods" (list (include "deskhand.namespaceOf" (list . $own)) $labels) | nindent 4 }}
{{- end -}}
{{- end }}

{{/* The way to the bus, as a rule; nothing where there is none. */}}
{{- define "deskhand.toBus" -}}
{{- $bus := .Values.bus -}}
{{- if eq $bus.kind "external" -}}
- ports:
    {{- include "deskhand.ports" (list $bus.external.port) | trim | nindent 4 }}
  {{- with $bus.external.cidrs }}
  to:
    {{- include "deskhand.networks" . | trim | nindent 4 }}
  {{- end }}
{{- else if ne $bus.kind "none" -}}
{{- $own := get $bus $bus.kind -}}
{{- $labels := printf "strimzi.io/cluster: %s-kafka" (include "deskhand.base" .) -}}
{{- if ne $bus.kind "strimzi" }}{{ $labels = include "deskhand.selectorLabels" (list . $bus.kind) }}{{ end -}}
- ports:
    {{- include "deskhand.ports" (list (ternary 4222 9092 (eq $bus.kind "nats"))) | trim | nindent 4 }}
  to:
    {{- include "deskhand.pods" (list (include "deskhand.namespaceOf" (list . $own)) $labels) | nindent 4 }}
{{- end -}}
{{- end }}

{{/* The way to the collector of traces, as a rule; nothing where there is none. */}}
{{- define "deskhand.toCollector" -}}
{{- if eq .Values.tracing.kind "collector" -}}
- ports:
    {{- include "deskhand.ports" (list 4318) | trim | nindent 4 }}
  to:
    {{- include "deskhand.pods" (list (include "deskhand.namespaceOf" (list . .Values.tracing)) (include "deskhand.selectorLabels" (list . "collector"))) | nindent 4 }}
{{- end -}}
{{- end }}

{{/* Everything that opens the database, as peers. (list $ MORE), MORE being further "NAMESPACE PART" */}}
{{- define "deskhand.users" -}}
{{- $ := index . 0 -}}
{{- $places := index . 1 -}}
{{- range (include "deskhand.parts" $ | fromYaml).parts -}}
  {{- if .usesDatabase }}{{ $places = append $places (printf "%s %s" .namespace .name) }}{{ end -}}
{{- end -}}
{{- if $.Values.migrations.enabled -}}
  {{- $places = append $places (printf "%s migrate" (include "deskhand.namespaceOf" (list $ $.Values.migrations))) -}}
{{- end -}}
{{- range $place := $places | uniq | sortAlpha }}
{{- $words := splitList " " $place }}
{{ include "deskhand.pods" (list (first $words) (include "deskhand.selectorLabels" (list $ (last $words)))) }}
{{- end }}
{{- end }}

{{/* A policy of a part; rules that are empty are left out. (list $ PART NAMESPACE INGRESS EGRESS) */}}
{{- define "deskhand.policy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "deskhand.base" (index . 0) }}-{{ index . 1 }}
  namespace: {{ index . 2 }}
  labels:
    {{- include "deskhand.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "deskhand.selectorLabels" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  {{- with index . 3 | trim }}
  ingress:
    {{- . | nindent 4 }}
  {{- end }}
  {{- with index . 4 | trim }}
  egress:
    {{- . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* The ways beyond the cluster, as rules. */}}
{{- define "deskhand.beyond" -}}
{{- range .Values.networkPolicy.egress }}
- to:
    {{- include "deskhand.networks" (list .cidr) | trim | nindent 4 }}
  {{- with .ports }}
  ports:
    {{- include "deskhand.ports" . | trim | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}

{{/* A rule. (list "from"|"to" PEERS PORTS); without peers it is for everybody. */}}
{{- define "deskhand.rule" -}}
- ports:
    {{- include "deskhand.ports" (index . 2) | trim | nindent 4 }}
  {{- with index . 1 | trim }}
  {{ index $ 0 }}:
    {{- . | nindent 4 }}
  {{- end }}
{{- end }}
