{{/* A ClusterRoleBinding for our ServiceAccount: (list $ "suffix" "role"). */}}
{{- define "longshore.clusterRoleBinding" -}}
{{- $root := index . 0 -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ include "longshore.clusterName" (list $root (index . 1)) }}
  labels:
    {{- include "longshore.labels" $root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ index . 2 }}
subjects:
  {{- include "longshore.subject" $root | nindent 2 }}
{{- end }}

{{/* A Role and its RoleBinding for our ServiceAccount: (list $ "name" "namespace" rules). */}}
{{- define "longshore.roleAndBinding" -}}
{{- $root := index . 0 -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ index . 1 }}
  namespace: {{ index . 2 }}
  labels:
    {{- include "longshore.labels" $root | nindent 4 }}
rules:
  {{- index . 3 | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ index . 1 }}
  namespace: {{ index . 2 }}
  labels:
    {{- include "longshore.labels" $root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ index . 1 }}
subjects:
  {{- include "longshore.subject" $root | nindent 2 }}
{{- end }}

{{/* What Longshore asks of the API server (scheduler/cluster/src/rights.rs), and nothing else. */}}
{{- define "longshore.schedulerRules" -}}
# What is watched.
- apiGroups: [""]
  resources: [nodes, pods, namespaces, services, replicationcontrollers, persistentvolumes, persistentvolumeclaims]
  verbs: [list, watch]
- apiGroups: [apps]
  resources: [replicasets, statefulsets]
  verbs: [list, watch]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [list, watch]
- apiGroups: [storage.k8s.io]
  resources: [storageclasses, csinodes, csidrivers, csistoragecapacities, volumeattachments]
  verbs: [list, watch]
- apiGroups: [scheduling.k8s.io, scheduling.x-k8s.io]
  resources: [podgroups]
  verbs: [list, watch]
- apiGroups: [resource.k8s.io]
  resources: [deviceclasses, resourceclaims, resourceslices, devicetaintrules]
  verbs: [list, watch]
# A pod whose binding went unanswered, a victim as it is now, the node of a volume that was provisioned.
- apiGroups: [""]
  resources: [pods, nodes]
  verbs: [get]
- apiGroups: [""]
  resources: [pods/binding]
  verbs: [create]
- apiGroups: [""]
  resources: [pods/status]
  verbs: [patch]
# The victims of a preemption.
- apiGroups: [""]
  resources: [pods]
  verbs: [delete]
- apiGroups: [""]
  resources: [persistentvolumes, persistentvolumeclaims]
  verbs: [patch]
# Claims for devices: the finalizer, and those that are made for extended resources; then what a claim gets and who uses it.
- apiGroups: [resource.k8s.io]
  resources: [resourceclaims]
  verbs: [get, patch, update, create, delete]
- apiGroups: [resource.k8s.io]
  resources: [resourceclaims/status, resourceclaims/binding]
  verbs: [patch, update]
# How groups stand.
- apiGroups: [scheduling.k8s.io, scheduling.x-k8s.io]
  resources: [podgroups]
  verbs: [get]
- apiGroups: [scheduling.k8s.io, scheduling.x-k8s.io]
  resources: [podgroups/status]
  verbs: [patch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
# Who asks for /metrics and /debug, and whether they may.
- apiGroups: [authentication.k8s.io]
  resources: [tokenreviews]
  verbs: [create]
- apiGroups: [authorization.k8s.io]
  resources: [subjectaccessreviews]
  verbs: [create]
{{- end }}

{{/* Our own lease. Create cannot be bound to a name. */}}
{{- define "longshore.leaseRules" -}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ (include "longshore.leaderElection" . | fromYaml).resourceName | quote }}]
  verbs: [get, update]
{{- end }}

{{/* The CA of those who ask the scheduler's own port. */}}
{{- define "longshore.authenticationReaderRules" -}}
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [extension-apiserver-authentication]
  verbs: [get]
{{- end }}
