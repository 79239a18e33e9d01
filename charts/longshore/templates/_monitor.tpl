{{/* What a ServiceMonitor and a PodMonitor have in common of an endpoint: (list $ VALUES "metrics.serviceMonitor"). */}}
{{- define "longshore.endpoint" -}}
{{- $values := index . 1 -}}
port: https
scheme: https
path: /metrics
interval: {{ $values.interval }}
{{- with $values.scrapeTimeout }}
scrapeTimeout: {{ . }}
{{- end }}
{{- with $values.authorization }}
authorization:
  {{- toYaml . | nindent 2 }}
{{- else }}
{{- with $values.bearerTokenFile }}
bearerTokenFile: {{ . }}
{{- end }}
{{- end }}
tlsConfig:
  {{- include "longshore.scrapeTls" . | nindent 2 }}
{{- with $values.relabelings }}
relabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.metricRelabelings }}
metricRelabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* tlsConfig of a scrape: the values', or the CA of cert-manager's Secret, which a monitor reads in its own namespace only. */}}
{{- define "longshore.scrapeTls" -}}
{{- $root := index . 0 }}
{{- $values := index . 1 }}
{{- if $values.tlsConfig }}
{{- toYaml $values.tlsConfig }}
{{- else if $root.Values.tls.certManager.enabled }}
{{- if ne (default $root.Release.Namespace $values.namespace) $root.Release.Namespace }}
{{- fail (printf "%s.namespace: the CA of tls.certManager is in a Secret of the namespace %s, and a monitor reads Secrets of its own namespace only; leave the namespace out, or set %s.tlsConfig" (index . 2) $root.Release.Namespace (index . 2)) }}
{{- end }}
{{- toYaml (dict
      "ca" (dict "secret" (dict "name" (include "longshore.tlsSecret" $root) "key" "ca.crt"))
      "serverName" (include "longshore.serverName" $root)) }}
{{- else -}}
insecureSkipVerify: true
{{- end }}
{{- end }}

{{/* The label job of what Prometheus scrapes here; empty when nothing of the chart scrapes. The operator names it after the Service,
or after namespace and name of a PodMonitor. */}}
{{- define "longshore.job" -}}
{{- $metrics := .Values.metrics }}
{{- if $metrics.job }}
{{- $metrics.job }}
{{- else if $metrics.serviceMonitor.enabled }}
{{- include "longshore.fullname" . }}
{{- else if $metrics.podMonitor.enabled }}
{{- $namespace := default .Release.Namespace $metrics.podMonitor.namespace }}
{{- printf "%s/%s" $namespace (include "longshore.nameIn" (list . $namespace "")) }}
{{- end }}
{{- end }}
