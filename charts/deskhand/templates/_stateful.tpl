{{/* What everything that keeps something has in common. */}}

{{/* The namespace of something with one of its own. (list $ VALUES) */}}
{{- define "deskhand.namespaceOf" -}}
{{- (index . 1).namespace | default (include "deskhand.namespace" (index . 0)) -}}
{{- end }}

{{/* What a volume asks for. */}}
{{- define "deskhand.claim" -}}
accessModes: [ReadWriteOnce]
{{- with .className }}
storageClassName: {{ . }}
{{- end }}
resources:
  requests:
    storage: {{ include "deskhand.text" .size | quote }}
{{- end }}

{{/* The volume that each pod of a part keeps. (list $ PART STORAGE) */}}
{{- define "deskhand.kept" -}}
- apiVersion: v1
  kind: PersistentVolumeClaim
  metadata:
    name: data
    labels:
      {{- include "deskhand.selectorLabels" . | nindent 6 }}
  spec:
    {{- include "deskhand.claim" (index . 2) | nindent 4 }}
{{- end }}

{{/* Pods of a part on different nodes, where there are several. (list $ PART WHEN) */}}
{{- define "deskhand.apart" -}}
{{- $labels := include "deskhand.selectorLabels" . -}}
affinity:
  podAntiAffinity:
    {{- if eq (index . 2) "DoNotSchedule" }}
    requiredDuringSchedulingIgnoredDuringExecution:
      - topologyKey: kubernetes.io/hostname
        labelSelector:
          matchLabels:
            {{- $labels | nindent 12 }}
    {{- else }}
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels:
              {{- $labels | nindent 14 }}
    {{- end }}
topologySpreadConstraints:
  {{- include "deskhand.spread" . | nindent 2 }}
{{- end }}

{{/* The times of a probe of what is not ours. (list PERIOD FAILURES) */}}
{{- define "deskhand.every" -}}
periodSeconds: {{ index . 0 }}
timeoutSeconds: 5
failureThreshold: {{ index . 1 }}
{{- end }}

{{/* The pod's own name, as a variable. */}}
{{- define "deskhand.podName" -}}
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
{{- end }}

{{/* One at a time may be away. (list $ PART NAMESPACE) */}}
{{- define "deskhand.oneAtATime" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "deskhand.base" (index . 0) }}-{{ index . 1 }}
  namespace: {{ index . 2 }}
  labels:
    {{- include "deskhand.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      {{- include "deskhand.selectorLabels" . | nindent 6 }}
{{- end }}

{{/* A Service at a part's own ports; headless gives each pod a name, also before it is ready. (list $ PART NAMESPACE PORTS HEADLESS) */}}
{{- define "deskhand.serviceOf" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "deskhand.base" (index . 0) }}-{{ index . 1 }}{{ if index . 4 }}-headless{{ end }}
  namespace: {{ index . 2 }}
  labels:
    {{- include "deskhand.labels" . | nindent 4 }}
spec:
  type: ClusterIP
  {{- if index . 4 }}
  clusterIP: None
  publishNotReadyAddresses: true
  {{- end }}
  selector:
    {{- include "deskhand.selectorLabels" . | nindent 4 }}
  ports:
    {{- range $port := index . 3 }}
    - name: {{ index $port 0 }}
      port: {{ index $port 1 }}
      protocol: TCP
      targetPort: {{ index $port 0 }}
    {{- end }}
{{- end }}

{{/* The ports of a container. */}}
{{- define "deskhand.containerPorts" -}}
{{- range . }}
- name: {{ index . 0 }}
  containerPort: {{ index . 1 }}
  protocol: TCP
{{- end }}
{{- end }}
