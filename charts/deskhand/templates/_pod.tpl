{{/* What Pod Security "restricted" asks of a container, and a root file system that nobody writes to. */}}
{{- define "deskhand.restricted" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
readOnlyRootFilesystem: true
runAsNonRoot: true
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* What it asks of a pod, run as a user whose volumes are theirs. */}}
{{- define "deskhand.restrictedPod" -}}
fsGroup: {{ int . }}
fsGroupChangePolicy: OnRootMismatch
runAsGroup: {{ int . }}
runAsNonRoot: true
runAsUser: {{ int . }}
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* What all pods of ours have in common: no token for Kubernetes, no variables of every Service. */}}
{{- define "deskhand.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{/* What a container asks for, and may have. */}}
{{- define "deskhand.resources" -}}
{{- range $which := list "requests" "limits" }}
{{- with get $ $which }}
{{ $which }}:
  cpu: {{ include "deskhand.text" .cpu | quote }}
  memory: {{ include "deskhand.text" .memory | quote }}
  ephemeral-storage: {{ include "deskhand.text" .ephemeralStorage | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* A probe. (list TIMES PATH PORT) */}}
{{- define "deskhand.probe" -}}
{{- $times := index . 0 -}}
httpGet:
  path: {{ index . 1 }}
  port: {{ index . 2 }}
initialDelaySeconds: {{ int $times.initialDelaySeconds }}
periodSeconds: {{ int $times.periodSeconds }}
timeoutSeconds: {{ int $times.timeoutSeconds }}
failureThreshold: {{ int $times.failureThreshold }}
successThreshold: {{ int $times.successThreshold }}
{{- end }}

{{/* Pods of a part on different hosts and in different zones. A cluster without zones takes them, too. (list $ PART WHEN) */}}
{{- define "deskhand.spread" -}}
{{- $labels := include "deskhand.selectorLabels" (list (index . 0) (index . 1)) -}}
- maxSkew: 1
  topologyKey: kubernetes.io/hostname
  whenUnsatisfiable: {{ index . 2 }}
  labelSelector:
    matchLabels:
      {{- $labels | nindent 6 }}
- maxSkew: 1
  topologyKey: topology.kubernetes.io/zone
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- $labels | nindent 6 }}
{{- end }}
