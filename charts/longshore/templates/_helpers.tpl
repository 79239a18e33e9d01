{{/* The name of the chart. */}}
{{- define "longshore.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" }}
{{- end }}

{{/* The name of the release's objects; room is left for suffixes. */}}
{{- define "longshore.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- default $full .Values.fullnameOverride | replace "." "-" | trunc 50 | trimSuffix "-" }}
{{- end }}

{{/* The name of a cluster-scoped object: (list $ "explain"). A namespace has no dot, so two releases never meet. */}}
{{- define "longshore.clusterName" -}}
{{- $root := index . 0 }}
{{- printf "%s-%s.%s" (include "longshore.fullname" $root) (index . 1) $root.Release.Namespace }}
{{- end }}

{{/* The name of an object that may be put into another namespace: (list $ "namespace" "-suffix"). Outside its own, the release's
namespace becomes part of the name. */}}
{{- define "longshore.nameIn" -}}
{{- $root := index . 0 }}
{{- $name := printf "%s%s" (include "longshore.fullname" $root) (index . 2) }}
{{- ternary $name (printf "%s.%s" $name $root.Release.Namespace) (eq (index . 1) $root.Release.Namespace) }}
{{- end }}

{{- define "longshore.selectorLabels" -}}
app.kubernetes.io/name: {{ include "longshore.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: scheduler
{{- end }}

{{- define "longshore.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "longshore.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: longshore
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "longshore.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "longshore.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- required "serviceAccount.name is needed when serviceAccount.create is false" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* The subject of every binding. */}}
{{- define "longshore.subject" -}}
- kind: ServiceAccount
  name: {{ include "longshore.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}

{{- define "longshore.image" -}}
{{- $registry := default .Values.image.registry .Values.global.imageRegistry }}
{{- $name := list $registry .Values.image.repository | compact | join "/" }}
{{- if .Values.image.digest }}
{{- printf "%s@%s" $name .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" $name (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}
