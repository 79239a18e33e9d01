{{/* The profiles: those of config, or one of the chart's own. */}}
{{- define "longshore.profiles" -}}
{{- $profiles := .Values.config.profiles }}
{{- if $profiles }}
{{- if .Values.plugins }}
{{- fail "plugins changes the profile that the chart writes, and config.profiles takes its place: write the plugins into config.profiles" }}
{{- end }}
{{- if and (eq (len $profiles) 1) (not (first $profiles).schedulerName) }}
{{- $profiles = list (merge (dict "schedulerName" .Values.schedulerName) (first $profiles)) }}
{{- end }}
{{- range $at, $profile := $profiles }}
{{- if not $profile.schedulerName }}
{{- fail (printf "config.profiles[%d].schedulerName is missing; only a single profile may leave it to schedulerName" $at) }}
{{- end }}
{{- end }}
{{- toYaml $profiles }}
{{- else }}
- schedulerName: {{ .Values.schedulerName | quote }}
{{- with include "longshore.plugins" . }}
{{- . | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}

{{/* Where the module of a plugin is that comes from a ConfigMap. (dict "plugin" ENTRY) */}}
{{- define "longshore.pluginFolder" -}}
/etc/longshore-plugins/{{ .plugin.name }}
{{- end }}

{{/* The arguments of a plugin in WebAssembly, from an entry of plugins. */}}
{{- define "longshore.pluginArgs" -}}
{{- if .args }}
{{- fail (printf "plugins: %s has a module, whose settings go into config, limits and the other fields; args are those of built-in plugins" .name) }}
{{- end }}
{{- if and .source .configMap }}
{{- fail (printf "plugins: %s has a source and a configMap; give one or the other" .name) }}
{{- end }}
{{- if and .source (not .sha256) (not (hasPrefix "file://" .source)) (not (contains "@sha256:" .source)) }}
{{- fail (printf "plugins: %s comes over the network and is not pinned; add sha256" .name) }}
{{- end }}
{{- $args := pick . "source" "sha256" "verification" "failurePolicy" "limits" "capabilities" "config" }}
{{- with .configMap }}
{{- $_ := set $args "source" (printf "file://%s/%s" (include "longshore.pluginFolder" (dict "plugin" $)) .key) }}
{{- end }}
{{- toYaml $args }}
{{- end }}

{{/*
plugins and pluginConfig of the chart's own profile. A plugin is listed as enabled only when its entry says so, gives a weight or
has a module: listing a default plugin without a weight would set its weight to 1.
*/}}
{{- define "longshore.plugins" -}}
{{- $enabled := list }}
{{- $disabled := list }}
{{- $config := list }}
{{- range .Values.plugins }}
{{- $module := or .source .configMap }}
{{- if and (not $module) (or .sha256 .verification .failurePolicy .limits .capabilities (hasKey . "config")) }}
{{- fail (printf "plugins: %s has settings of a plugin in WebAssembly and no module; add source or configMap, or use args" .name) }}
{{- end }}
{{- if and (hasKey . "enabled") (not .enabled) }}
{{- $disabled = append $disabled (pick . "name") }}
{{- else }}
{{- if or .enabled (hasKey . "weight") $module }}
{{- $enabled = append $enabled (pick . "name" "weight") }}
{{- end }}
{{- if $module }}
{{- $config = append $config (dict "name" .name "args" (include "longshore.pluginArgs" . | fromYaml)) }}
{{- else if .args }}
{{- $config = append $config (pick . "name" "args") }}
{{- end }}
{{- end }}
{{- end }}
{{- $sets := dict }}
{{- with $enabled }}{{- $_ := set $sets "enabled" . }}{{- end }}
{{- with $disabled }}{{- $_ := set $sets "disabled" . }}{{- end }}
{{- $out := dict }}
{{- with $sets }}{{- $_ := set $out "plugins" (dict "multiPoint" .) }}{{- end }}
{{- with $config }}{{- $_ := set $out "pluginConfig" . }}{{- end }}
{{- with $out }}{{- toYaml . }}{{- end }}
{{- end }}

{{/* leaderElection: values, and what config says of it. */}}
{{- define "longshore.leaderElection" -}}
{{- $values := .Values.leaderElection }}
{{- $ours := dict
      "leaderElect" $values.enabled
      "leaseDuration" $values.leaseDuration
      "renewDeadline" $values.renewDeadline
      "retryPeriod" $values.retryPeriod
      "resourceName" (default (include "longshore.schedulerName" .) $values.resourceName)
      "resourceNamespace" .Release.Namespace }}
{{- $election := mergeOverwrite $ours (default dict .Values.config.leaderElection) }}
{{- if eq $election.resourceName "kube-scheduler" }}
{{- fail "the lease kube-scheduler is kube-scheduler's: one of the two schedulers would stand by for ever; leave leaderElection.resourceName out" }}
{{- end }}
{{- toYaml $election }}
{{- end }}

{{/* clientConnection: values, and what config says of it. */}}
{{- define "longshore.clientConnection" -}}
{{- toYaml (mergeOverwrite (pick .Values.clientConnection "qps" "burst") (default dict .Values.config.clientConnection)) }}
{{- end }}

{{/* The whole configuration. */}}
{{- define "longshore.config" -}}
apiVersion: {{ default "kubescheduler.config.k8s.io/v1" .Values.config.apiVersion }}
kind: {{ default "KubeSchedulerConfiguration" .Values.config.kind }}
leaderElection:
  {{- include "longshore.leaderElection" . | nindent 2 }}
# High on purpose: the API server's Priority and Fairness is what protects it, and it slows a client without failing it.
clientConnection:
  {{- include "longshore.clientConnection" . | nindent 2 }}
profiles:
{{- include "longshore.profiles" . | trim | nindent 0 }}
{{- with omit .Values.config "apiVersion" "kind" "leaderElection" "clientConnection" "profiles" }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* What pods write into spec.schedulerName. With a ConfigMap of the user's, schedulerName has to say it. */}}
{{- define "longshore.schedulerName" -}}
{{- (include "longshore.profiles" . | fromYamlArray | first).schedulerName }}
{{- end }}
