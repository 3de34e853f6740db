{{/*
Names and labels. Objects are called BASE-PART; BASE is `deskhand` unless nameOverride says otherwise.
*/}}

{{- define "deskhand.base" -}}
{{- .Values.nameOverride | default "deskhand" -}}
{{- end }}

{{/* The namespace of everything that has none of its own. */}}
{{- define "deskhand.namespace" -}}
{{- .Values.namespace | default .Release.Namespace -}}
{{- end }}

{{/* The labels by which a part's pods are found. They never change: a Deployment can't change its selector. (list $ PART) */}}
{{- define "deskhand.selectorLabels" -}}
{{- $ := index . 0 -}}
app.kubernetes.io/name: deskhand
app.kubernetes.io/instance: {{ $.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* The labels by which all pods are found. */}}
{{- define "deskhand.allLabels" -}}
app.kubernetes.io/name: deskhand
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* The labels of a part's objects. (list $ PART) */}}
{{- define "deskhand.labels" -}}
{{- $ := index . 0 -}}
{{- include "deskhand.selectorLabels" . }}
app.kubernetes.io/version: {{ include "deskhand.version" $ | quote }}
app.kubernetes.io/part-of: deskhand
app.kubernetes.io/managed-by: {{ $.Release.Service }}
helm.sh/chart: {{ $.Chart.Name }}-{{ $.Chart.Version }}
deskhand.dev/environment: {{ $.Values.environment }}
{{- include "deskhand.texts" $.Values.commonLabels }}
{{- end }}

{{/* The labels of a part's pods: without the version, so that a new chart alone replaces no pod. (list $ PART MORE) */}}
{{- define "deskhand.podLabels" -}}
{{- $ := index . 0 -}}
{{- $labels := dict -}}
{{- range $key, $value := $.Values.commonLabels }}{{ $_ := set $labels $key (include "deskhand.text" $value) }}{{ end -}}
{{- range $key, $value := index . 2 }}{{ $_ := set $labels $key (include "deskhand.text" $value) }}{{ end -}}
{{- range $key, $value := include "deskhand.selectorLabels" . | fromYaml }}{{ $_ := set $labels $key $value }}{{ end -}}
{{- $_ := set $labels "app.kubernetes.io/part-of" "deskhand" -}}
{{- toYaml $labels -}}
{{- end }}

{{/* Deskhand's version: the image's tag, or the chart's own. */}}
{{- define "deskhand.version" -}}
{{- .Values.image.tag | default .Chart.AppVersion -}}
{{- end }}

{{/* An image's full name. (list IMAGE DEFAULT-TAG) */}}
{{- define "deskhand.imageName" -}}
{{- $image := index . 0 -}}
{{- $tag := $image.tag | default (index . 1) -}}
{{- $image.repository -}}
{{- with $tag }}:{{ . }}{{ end -}}
{{- with $image.digest }}@{{ . }}{{ end -}}
{{- end }}

{{/* Deskhand's own image. */}}
{{- define "deskhand.image" -}}
{{- include "deskhand.imageName" (list .Values.image (include "deskhand.version" .)) -}}
{{- end }}

{{/* A number as its digits. Values of YAML are fractions, which would be printed with an exponent when they are large. */}}
{{- define "deskhand.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) -}}{{ int64 . }}{{- else -}}{{ toString . }}{{- end -}}
{{- end }}

{{/* Labels or annotations, of which every value is text. */}}
{{- define "deskhand.texts" -}}
{{- range $key, $value := . }}
{{ $key }}: {{ include "deskhand.text" $value | quote }}
{{- end }}
{{- end }}

{{/* A map with another one on top of it, also where that says false, 0 or nothing, which Sprig's own merge skips. */}}
{{- define "deskhand.overlay" -}}
{{- $whole := deepCopy (index . 0) -}}
{{- range $key, $value := index . 1 -}}
  {{- if and (kindIs "map" $value) (kindIs "map" (get $whole $key)) -}}
    {{- $_ := set $whole $key (include "deskhand.overlay" (list (get $whole $key) $value) | fromYaml) -}}
  {{- else -}}
    {{- $_ := set $whole $key $value -}}
  {{- end -}}
{{- end -}}
{{- toYaml $whole -}}
{{- end }}
