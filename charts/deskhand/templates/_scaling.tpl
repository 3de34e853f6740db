{{/* How fast replicas come and go. */}}
{{- define "deskhand.behavior" -}}
{{- range $which := list "scaleUp" "scaleDown" }}
{{- with get $ $which }}
{{ $which }}:
  stabilizationWindowSeconds: {{ int .stabilizationWindowSeconds }}
  selectPolicy: Max
  policies:
    {{- range .policies }}
    - type: {{ .type }}
      value: {{ int .value }}
      periodSeconds: {{ int .periodSeconds }}
    {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* The CPU of a part's container, as a metric. (list PART-NAME PERCENT) */}}
{{- define "deskhand.cpuMetric" -}}
- type: ContainerResource
  containerResource:
    container: {{ index . 0 }}
    name: cpu
    target:
      type: Utilization
      averageUtilization: {{ int (index . 1) }}
{{- end }}
