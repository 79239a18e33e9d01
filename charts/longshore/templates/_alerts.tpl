{{/*
A counter that grew within the last quarter of an hour: (list METRIC SELECTOR). increase() sees no growth in a series that was
above 0 when it was first scraped: what went wrong while the pod started is counted by then.
*/}}
{{- define "longshore.grew" -}}
(increase({{ index . 0 }}{ {{- index . 1 -}} }[15m]) > 0 or {{ index . 0 }}{ {{- index . 1 -}} } > 0 unless {{ index . 0 }}{ {{- index . 1 -}} } offset 15m)
{{- end }}

{{/*
The alerts, by name: severity, how long it has to last, expression, summary, description. (dict "select" SELECTOR "limits" THRESHOLDS
"election" BOOL "standby" BOOL). Every pod of the release has the metrics; a standby's stand still, but for its queue, in which it keeps what
the leader has not scheduled yet.
*/}}
{{- define "longshore.alerts" -}}
LongshoreDown:
  severity: critical
  for: 5m
  expr: absent(up{ {{- .select -}} } == 1)
  summary: No Longshore pod answers.
  description: Pods that name this scheduler stay pending. Those that run are not touched.
{{- if .election }}
LongshoreNoLeader:
  severity: critical
  for: 2m
  expr: max(leader_election_master_status{ {{- .select -}} }) < 1
  summary: Pods of Longshore run, and none of them is the leader.
  description: Nothing is scheduled until one of them gets the Lease. Usually the Lease cannot be written.
{{- end }}
{{- if .standby }}
LongshoreNoStandby:
  severity: warning
  for: 15m
  expr: count(up{ {{- .select -}} } == 1) < 2
  summary: No pod of Longshore stands by.
  description: Pods are scheduled. If the leader ends, nothing is scheduled until another pod has started.
{{- end }}
LongshorePodPendingLong:
  severity: warning
  for: 10m
  expr: max(longshore_oldest_pending_pod_seconds{ {{- .select -}} }) > {{ .limits.pendingSeconds }}
  summary: A pod has been pending for a long time.
  description: {{ printf "The oldest pod that names this scheduler was created %s ago and has no node. Pods with scheduling gates do not count." "{{ $value | humanizeDuration }}" | quote }}
LongshoreCacheNotSynced:
  severity: warning
  for: 10m
  expr: min by (pod, resource) (longshore_watch_synced{ {{- .select -}} }) == 0
  summary: {{ printf "%s has not read all %s." "{{ $labels.pod }}" "{{ $labels.resource }}" | quote }}
  description: The scheduler decides without them, or does not begin. Usually a permission is missing.
LongshoreWatchLag:
  severity: warning
  for: 10m
  expr: max by (pod, resource) (longshore_watch_lag_seconds{ {{- .select -}} }) > {{ .limits.watchLagSeconds }}
  summary: {{ printf "%s sees %s late." "{{ $labels.pod }}" "{{ $labels.resource }}" | quote }}
  description: The watch is interrupted and cannot be opened again. Decisions use an old state of the cluster.
LongshoreQueueGrowing:
  severity: warning
  for: 10m
  expr: |-
    scheduler_pending_pods{queue="active", {{ .select -}} } > {{ .limits.activePods }}
    and deriv(scheduler_pending_pods{queue="active", {{ .select -}} }[10m]) >= 0
    unless on (namespace, pod) leader_election_master_status{ {{- .select -}} } == 0
  summary: Pods arrive faster than they are scheduled.
  description: {{ printf "%s pods wait in the active queue." "{{ $value }}" | quote }}
LongshoreSchedulingLatencyHigh:
  severity: warning
  for: 15m
  expr: |-
    histogram_quantile(0.99, sum by (le) (rate(scheduler_scheduling_attempt_duration_seconds_bucket{result="scheduled", {{ .select -}} }[5m])))
    > {{ .limits.attemptSeconds }}
  summary: Scheduling a pod takes a long time.
  description: {{ printf "One attempt in a hundred takes more than %s." "{{ $value | humanizeDuration }}" | quote }}
LongshoreErrorAttempts:
  severity: warning
  for: 15m
  expr: sum(rate(scheduler_schedule_attempts_total{result="error", {{ .select -}} }[5m])) > 0
  summary: Attempts end in errors.
  description: This is not "does not fit", but a failure. The pods are tried again; their events and the log name the cause.
LongshorePluginErrors:
  severity: warning
  for: 15m
  expr: |-
    sum by (extension_point, profile) (rate(scheduler_framework_extension_point_duration_seconds_count{status="Error", {{ .select -}} }[5m]))
    > 0
  summary: {{ printf "Plugins fail at %s of profile %s." "{{ $labels.extension_point }}" "{{ $labels.profile }}" | quote }}
  description: The log names the plugin and the pod.
LongshorePluginSlow:
  severity: warning
  for: 15m
  expr: |-
    histogram_quantile(0.99, sum by (le, plugin, extension_point) (rate(scheduler_plugin_execution_duration_seconds_bucket{ {{- .select -}} }[5m])))
    > {{ .limits.pluginSeconds }}
  summary: {{ printf "Plugin %s is slow at %s." "{{ $labels.plugin }}" "{{ $labels.extension_point }}" | quote }}
  description: {{ printf "One call in a hundred takes more than %s." "{{ $value | humanizeDuration }}" | quote }}
LongshoreUnreadableObjects:
  severity: warning
  for: 1m
  expr: sum by (resource) {{ include "longshore.grew" (list "longshore_unreadable_objects_total" .select) }}
  summary: {{ printf "Some %s cannot be read." "{{ $labels.resource }}" | quote }}
  description: They are ignored; the log names them and the problem.
LongshoreReloadFailed:
  severity: warning
  for: 1m
  expr: sum by (pod) {{ include "longshore.grew" (list "longshore_config_reloads_total" (printf "result!=\"success\", %s" .select)) }}
  summary: {{ printf "%s refused a changed configuration." "{{ $labels.pod }}" | quote }}
  description: It uses the last good one. A pod of the scheduler that starts now would fail.
LongshorePluginDisabled:
  severity: warning
  for: 1m
  expr: max by (plugin) (longshore_plugin_breaker_open{ {{- .select -}} }) == 1
  summary: {{ printf "The plugin %s is disabled because it keeps failing." "{{ $labels.plugin }}" | quote }}
  description: Until it works again, its failurePolicy applies. With Fail, pods stay pending; with Ignore, they are scheduled without it.
LongshorePluginReloadFailed:
  severity: warning
  for: 1m
  expr: sum by (plugin) {{ include "longshore.grew" (list "longshore_plugin_reloads_total" (printf "result!=\"success\", %s" .select)) }}
  summary: {{ printf "A changed plugin %s was refused." "{{ $labels.plugin }}" | quote }}
  description: The previous one stays in use. A pod of the scheduler that starts now would fail.
LongshoreLostRaces:
  severity: warning
  for: 15m
  expr: sum by (scheduler) (rate(longshore_lost_races_total{ {{- .select -}} }[10m])) > {{ .limits.lostRacesPerSecond }}
  summary: {{ printf "Longshore and %s place pods on the same nodes at the same time." "{{ $labels.scheduler }}" | quote }}
  description: Kubelets reject pods that no longer fit, and controllers create new ones. Give each scheduler its own nodes.
{{- end }}
