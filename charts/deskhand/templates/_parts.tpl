{{/*
The parts of the fleet that run Deskhand: those components that are enabled, and the sets of workers. Gives a list `parts`;
each has its name, its namespace, what follows from its roles, and under `values` what was said about it.
*/}}
{{- define "deskhand.parts" -}}
{{- $parts := list -}}
{{- range $name := list "web" "api" "workers" "relay" "clock" -}}
  {{- $values := get $.Values $name -}}
  {{- if $values.enabled -}}
    {{- $parts = append $parts (include "deskhand.part" (list $ $name $values) | fromYaml) -}}
  {{- end -}}
{{- end -}}
{{- range $name := keys .Values.workerSets | sortAlpha -}}
  {{- $differs := get $.Values.workerSets $name | default dict -}}
  {{- $values := include "deskhand.overlay" (list (set (deepCopy $.Values.workers) "enabled" true) $differs) | fromYaml -}}
  {{- if $values.enabled -}}
    {{- $parts = append $parts (include "deskhand.part" (list $ (printf "workers-%s" $name) $values) | fromYaml) -}}
  {{- end -}}
{{- end -}}
{{- /* Where the page is a process of its own, the API hears of clients from it alone, and has to believe it. */ -}}
{{- $isApart := false -}}
{{- range $parts }}{{ if and .pages (not (has "api" .values.roles)) }}{{ $isApart = true }}{{ end }}{{ end -}}
{{- $shared := include "deskhand.variables" (list "" .Values.settings) | fromYaml -}}
{{- range $parts -}}
  {{- $own := include "deskhand.variables" (list "" .values.settings) | fromYaml -}}
  {{- $isSaid := or (hasKey $shared "DESKHAND_TRUSTED_PROXIES") (hasKey $own "DESKHAND_TRUSTED_PROXIES") -}}
  {{- $_ := set . "believesPods" (and $isApart (has "api" .values.roles) (not $isSaid)) -}}
{{- end -}}
{{- toYaml (dict "parts" $parts) -}}
{{- end }}

{{/* One of them. (list $ NAME VALUES) */}}
{{- define "deskhand.part" -}}
{{- $ := index . 0 -}}
{{- $name := index . 1 -}}
{{- $values := index . 2 -}}
{{- $pages := has "web" $values.roles -}}
{{- $part := dict
  "name" $name
  "namespace" ($values.namespace | default (include "deskhand.namespace" $))
  "pages" $pages
  "serves" (or $pages (has "api" $values.roles))
  "works" (has "workers" $values.roles)
  "usesDatabase" (ne (without $values.roles "web" | len) 0)
  "scaled" (ne $values.scaling.kind "none")
  "values" $values
-}}
{{- toYaml $part -}}
{{- end }}

{{/* The namespaces with pods, and what Pod Security allows in each. */}}
{{- define "deskhand.namespaces" -}}
{{- $own := include "deskhand.namespace" . -}}
{{- $levels := dict -}}
{{- range (include "deskhand.parts" . | fromYaml).parts -}}{{- $_ := set $levels .namespace "restricted" -}}{{- end -}}
{{- if .Values.migrations.enabled -}}
  {{- $_ := set $levels (.Values.migrations.namespace | default $own) "restricted" -}}
{{- end -}}
{{- if ne .Values.database.kind "external" -}}
  {{- $_ := set $levels ((get .Values.database .Values.database.kind).namespace | default $own) "restricted" -}}
{{- end -}}
{{- if has .Values.bus.kind (list "nats" "kafka" "strimzi") -}}
  {{- $_ := set $levels ((get .Values.bus .Values.bus.kind).namespace | default $own) "restricted" -}}
{{- end -}}
{{- if eq .Values.monitoring.kind "own" -}}
  {{- $_ := set $levels (.Values.monitoring.own.namespace | default $own) "restricted" -}}
{{- end -}}
{{- if eq .Values.tracing.kind "collector" -}}
  {{- $_ := set $levels (.Values.tracing.namespace | default $own) "restricted" -}}
{{- end -}}
{{- if .Values.logging.fluentBit.enabled -}}
  {{- $_ := set $levels .Values.logging.fluentBit.namespace "privileged" -}}
{{- end -}}
{{- toYaml $levels -}}
{{- end }}
