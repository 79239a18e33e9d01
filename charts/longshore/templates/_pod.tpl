{{/* An HTTPS probe of a path. Kubelets do not check the certificate. */}}
{{- define "longshore.probe" -}}
httpGet:
  path: {{ . }}
  port: https
  scheme: HTTPS
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
