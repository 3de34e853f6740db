{{/*
Deskhand's settings as the variables that it reads them from: log: {level: debug} becomes DESKHAND_LOG__LEVEL.
(list PREFIX SETTINGS)
*/}}
{{- define "deskhand.variables" -}}
{{- $prefix := index . 0 -}}
{{- range $name, $value := index . 1 -}}
{{- $key := printf "%s%s" $prefix $name -}}
{{- if kindIs "map" $value }}
{{ include "deskhand.variables" (list (printf "%s." $key) $value) }}
{{- else if not (kindIs "invalid" $value) }}
{{ include "deskhand.variable" $key }}: {{ include "deskhand.value" $value | quote }}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "deskhand.variable" -}}
DESKHAND_{{ upper . | replace "." "__" }}
{{- end }}

{{- define "deskhand.value" -}}
{{- if kindIs "bool" . -}}{{ ternary "on" "off" . }}
{{- else if kindIs "slice" . -}}
  {{- $words := list -}}
  {{- range . }}{{ $words = append $words (include "deskhand.value" .) }}{{ end -}}
  {{- join "," $words -}}
{{- else -}}{{ include "deskhand.text" . }}
{{- end -}}
{{- end }}

{{/* The settings of all processes: those that were said, and those that follow from the fleet. */}}
{{- define "deskhand.settings" -}}
{{- $said := include "deskhand.variables" (list "" .Values.settings) | fromYaml -}}
{{- $settings := dict "DESKHAND_LOG__FORMAT" "json" -}}
{{- with .Values.entry.host -}}
  {{- $_ := set $settings "DESKHAND_PUBLIC_URL" (printf "%s://%s" (ternary "https" "http" $.Values.entry.tls) .) -}}
{{- end -}}
{{- if eq .Values.tracing.kind "collector" -}}
  {{- $namespace := .Values.tracing.namespace | default (include "deskhand.namespace" .) -}}
  {{- $_ := set $settings "DESKHAND_OTLP__ENDPOINT" (printf "http://%s-collector.%s.svc:4318" (include "deskhand.base" .) $namespace) -}}
  {{- /* The collector decides about the whole trace; a process could only decide about its own part. */ -}}
  {{- $_ := set $settings "DESKHAND_TRACE__RATIO" "1" -}}
{{- end -}}
{{- range $name, $value := $said }}{{ $_ := set $settings $name $value }}{{ end -}}
{{- $_ := set $settings "DESKHAND_LISTEN" "0.0.0.0:8000" -}}
{{- $_ := set $settings "DESKHAND_MANAGEMENT_LISTEN" "0.0.0.0:9000" -}}
{{- $_ := set $settings "DESKHAND_DATA_DIR" "/tmp/deskhand" -}}
{{- if ne .Values.bus.kind "none" -}}
  {{- $_ := set $settings "DESKHAND_BUS_URL" (include "deskhand.busUrl" .) -}}
  {{- $_ := set $settings "DESKHAND_BROKER__PREFIX" .Values.bus.prefix -}}
  {{- $_ := set $settings "DESKHAND_BROKER__REPLICATION" (include "deskhand.text" .Values.bus.replication) -}}
{{- end -}}
{{- toYaml $settings -}}
{{- end }}

{{/* Where processes find the bus. */}}
{{- define "deskhand.busUrl" -}}
{{- $base := include "deskhand.base" . -}}
{{- if eq .Values.bus.kind "external" -}}{{ .Values.bus.url }}
{{- else -}}
  {{- $own := get .Values.bus .Values.bus.kind -}}
  {{- $namespace := $own.namespace | default (include "deskhand.namespace" .) -}}
  {{- if eq .Values.bus.kind "nats" -}}nats://{{ $base }}-nats.{{ $namespace }}.svc:4222
  {{- else if eq .Values.bus.kind "strimzi" -}}kafka://{{ $base }}-kafka-kafka-bootstrap.{{ $namespace }}.svc:9092
  {{- else -}}
    {{- $brokers := list -}}
    {{- range until (int $own.replicas) -}}
      {{- $brokers = append $brokers (printf "%s-kafka-%d.%s-kafka-headless.%s.svc:9092" $base . $base $namespace) -}}
    {{- end -}}
    kafka://{{ join "," $brokers }}
  {{- end -}}
{{- end -}}
{{- end }}

{{/* A digest of the settings, so that pods are replaced when these change. */}}
{{- define "deskhand.settingsDigest" -}}
{{- $settings := include "deskhand.settings" . | fromYaml -}}
{{- $lines := "" -}}
{{- range $name := keys $settings | sortAlpha -}}
  {{- $lines = printf "%s%s=%s\n" $lines $name (get $settings $name) -}}
{{- end -}}
{{- sha256sum $lines -}}
{{- end }}

{{/* The name of the Secret. */}}
{{- define "deskhand.secret" -}}
{{- if .Values.devSecret.create -}}{{ include "deskhand.base" . }}-dev-secrets
{{- else -}}{{ required "existingSecret: name the Secret that has DESKHAND_SECRET_KEY and DESKHAND_DATABASE_URL" .Values.existingSecret }}
{{- end -}}
{{- end }}

{{/* A variable from a Secret. (list NAME SECRET KEY OPTIONAL) */}}
{{- define "deskhand.secretVariable" -}}
- name: {{ index . 0 }}
  valueFrom:
    secretKeyRef:
      name: {{ index . 1 }}
      key: {{ index . 2 }}
      {{- if index . 3 }}
      optional: true
      {{- end }}
{{- end }}

{{/* Where the database is: the address, or what it is put together from. */}}
{{- define "deskhand.databaseVariables" -}}
{{- $secret := include "deskhand.secret" . -}}
{{- $base := include "deskhand.base" . -}}
{{- if eq .Values.database.kind "external" -}}
{{ include "deskhand.secretVariable" (list "DESKHAND_DATABASE_URL" $secret "DESKHAND_DATABASE_URL" false) }}
{{- else if eq .Values.database.kind "cloudnativepg" -}}
{{ include "deskhand.secretVariable" (list "DESKHAND_DATABASE_URL" (printf "%s-postgres-app" $base) "uri" false) }}
{{- else -}}
{{- $namespace := .Values.database.statefulset.namespace | default (include "deskhand.namespace" .) -}}
{{ include "deskhand.secretVariable" (list "POSTGRES_PASSWORD" $secret "POSTGRES_PASSWORD" false) }}
- name: DESKHAND_DATABASE_URL
  value: postgres://deskhand:$(POSTGRES_PASSWORD)@{{ $base }}-postgres.{{ $namespace }}.svc:5432/deskhand
{{- end -}}
{{- end }}

{{/* The variables of a part: what is its own, the database, and what else is secret. (list $ PART) */}}
{{- define "deskhand.environment" -}}
{{- $ := index . 0 -}}
{{- $part := index . 1 -}}
{{- $own := include "deskhand.variables" (list "" $part.values.settings) | fromYaml -}}
{{- $_ := set $own "DESKHAND_ROLES" (uniq $part.values.roles | join ",") -}}
{{- with $part.values.groups }}{{ $_ := set $own "DESKHAND_GROUPS" (uniq . | join ",") }}{{ end -}}
{{- if and $part.pages (not (has "api" $part.values.roles)) $.Values.api.enabled -}}
  {{- $namespace := $.Values.api.namespace | default (include "deskhand.namespace" $) -}}
  {{- $_ := set $own "DESKHAND_API_URL" (printf "http://%s-api.%s.svc:%s" (include "deskhand.base" $) $namespace (include "deskhand.text" $.Values.api.service.port)) -}}
{{- end -}}
{{- if $part.believesPods -}}
  {{- $_ := set $own "DESKHAND_TRUSTED_PROXIES" "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,fd00::/8" -}}
{{- end -}}
{{- range $name := keys $own | sortAlpha }}
- name: {{ $name }}
  value: {{ get $own $name | quote }}
{{- end }}
{{- if $part.usesDatabase }}
{{- $secret := include "deskhand.secret" $ }}
{{ include "deskhand.databaseVariables" $ }}
{{ include "deskhand.secretVariable" (list "DESKHAND_SECRET_KEY" $secret "DESKHAND_SECRET_KEY" false) }}
{{- range list "DESKHAND_BROKER__PASSWORD" "DESKHAND_MODEL__KEY" "DESKHAND_SMTP__URL" }}
{{ include "deskhand.secretVariable" (list . $secret . true) }}
{{- end }}
{{- end }}
{{- end }}
