package sdktest

import sdk "longshore/sdk"

// PodBuilder makes a pod.
type PodBuilder struct{ pod sdk.Pod }

// Pod begins a pod of the namespace default, whose UID is "uid-" and its name.
func Pod(name string) *PodBuilder {
	return &PodBuilder{sdk.Pod{PodInfo: sdk.PodInfo{UID: "uid-" + name, Namespace: "default", Name: name}}}
}

// Namespace sets the namespace.
func (b *PodBuilder) Namespace(namespace string) *PodBuilder {
	b.pod.Namespace = namespace
	return b
}

// Label adds a label.
func (b *PodBuilder) Label(key, value string) *PodBuilder {
	b.pod.Labels = append(b.pod.Labels, sdk.KeyValue{Key: key, Value: value})
	return b
}

// Priority sets the priority.
func (b *PodBuilder) Priority(priority int32) *PodBuilder {
	b.pod.Priority = priority
	return b
}

// Request adds a request: cpu in thousandths of a core, all else in units.
func (b *PodBuilder) Request(resource string, amount int64) *PodBuilder {
	b.pod.Requests = append(b.pod.Requests, sdk.Amount{Resource: resource, Value: amount})
	return b
}

// Tolerate adds a toleration.
func (b *PodBuilder) Tolerate(toleration sdk.Toleration) *PodBuilder {
	b.pod.Tolerations = append(b.pod.Tolerations, toleration)
	return b
}

// NodeSelector adds a line to the node selector.
func (b *PodBuilder) NodeSelector(key, value string) *PodBuilder {
	b.pod.NodeSelector = append(b.pod.NodeSelector, sdk.KeyValue{Key: key, Value: value})
	return b
}

// Owner sets who made the pod.
func (b *PodBuilder) Owner(kind, name, uid string) *PodBuilder {
	b.pod.Owner = &sdk.Owner{Kind: kind, Name: name, UID: uid}
	return b
}

// Raw sets the pod as JSON.
func (b *PodBuilder) Raw(json string) *PodBuilder {
	b.pod.Raw = []byte(json)
	return b
}

// Build gives the pod.
func (b *PodBuilder) Build() *sdk.Pod {
	pod := b.pod
	pod.ScoredRequests = append([]sdk.Amount(nil), pod.Requests...)
	for _, least := range []sdk.Amount{{Resource: sdk.CPU, Value: 100}, {Resource: sdk.Memory, Value: 200 << 20}} {
		if pod.Request(least.Resource) == 0 {
			pod.ScoredRequests = append(pod.ScoredRequests, least)
		}
	}
	return &pod
}
