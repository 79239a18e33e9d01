{{/* An HTTPS probe of a path: (list "/livez" SETTINGS). Kubelets do not check the certificate. */}}
{{- define "longshore.probe" -}}
httpGet:
  path: {{ index . 0 }}
  port: https
  scheme: HTTPS
{{ toYaml (index . 1) }}
{{- end }}

{{/* A security context, without users and groups when the cluster assigns them: (list $ CONTEXT). */}}
{{- define "longshore.securityContext" -}}
{{- $context := index . 1 }}
{{- if not (index . 0).Values.fixedUser }}
{{- $context = omit $context "runAsUser" "runAsGroup" "fsGroup" }}
{{- end }}
{{- with $context }}{{ toYaml . }}{{ end }}
{{- end }}

{{/* The Secret with the serving certificate; empty when the scheduler makes one in memory. */}}
{{- define "longshore.tlsSecret" -}}
{{- if and .Values.tls.existingSecret .Values.tls.certManager.enabled }}
{{- fail "tls.existingSecret and tls.certManager.enabled both bring a serving certificate: give one or the other" }}
{{- end }}
{{- if .Values.tls.certManager.enabled }}
{{- printf "%s-tls" (include "longshore.fullname" .) }}
{{- else }}
{{- .Values.tls.existingSecret }}
{{- end }}
{{- end }}

{{/* The name that the serving certificate has within the cluster. */}}
{{- define "longshore.serverName" -}}
{{- printf "%s.%s.svc" (include "longshore.fullname" .) .Release.Namespace }}
{{- end }}

{{/* topologySpreadConstraints: the values', with our labels where they have no selector, or softly over nodes and zones. */}}
{{- define "longshore.spread" -}}
{{- $selector := dict "matchLabels" (include "longshore.selectorLabels" . | fromYaml) }}
{{- $constraints := .Values.topologySpreadConstraints }}
{{- if not $constraints }}
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
{{- $constraints = append $constraints (dict "maxSkew" 1 "topologyKey" . "whenUnsatisfiable" "ScheduleAnyway") }}
{{- end }}
{{- end }}
{{- $out := list }}
{{- range $constraints }}
{{- $out = append $out (merge (dict) . (dict "labelSelector" $selector)) }}
{{- end }}
{{- toYaml $out }}
{{- end }}
