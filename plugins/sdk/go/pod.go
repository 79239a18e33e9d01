package sdk

// Names of resources that every cluster has.
const (
	// CPU in thousandths of a core.
	CPU = "cpu"
	// Memory in bytes.
	Memory = "memory"
	// EphemeralStorage in bytes.
	EphemeralStorage = "ephemeral-storage"
)

// KeyValue is a label, or one line of a node selector.
type KeyValue struct{ Key, Value string }

// Amount is how much of a resource: cpu in thousandths of a core, all else in units.
type Amount struct {
	Resource string
	Value    int64
}

// PodInfo is a pod in brief.
type PodInfo struct {
	// UID and Name are empty for a plugin that says it is pure.
	UID       string
	Namespace string
	Name      string
	Priority  int32
	Labels    []KeyValue
	// Requests is what the pod requests.
	Requests []Amount
	// Node is the node it is on; empty when it is on none.
	Node string
}

// Toleration is as in core/v1. An empty Effect stands for all of them, an empty Key with Exists for all keys.
type Toleration struct {
	Key string
	// Exists says whether the operator is Exists; otherwise it is Equal.
	Exists bool
	Value  string
	Effect string
}

// Tolerates says whether a taint is tolerated.
func (t Toleration) Tolerates(key, value, effect string) bool {
	switch {
	case t.Effect != "" && t.Effect != effect, t.Key != "" && t.Key != key:
		return false
	case t.Exists:
		return true
	default:
		return t.Key != "" && t.Value == value
	}
}

// Owner is who made the pod.
type Owner struct {
	Kind, Name string
	UID        string
}

// Pod is the pod to be placed.
type Pod struct {
	PodInfo
	// ScoredRequests is what the pod counts with when nodes are scored: as Requests, with the defaults (a tenth of a
	// core, 200 MiB) for containers that request none.
	ScoredRequests []Amount
	Tolerations    []Toleration
	NodeSelector   []KeyValue
	// Owner is nil for a pod that nobody owns.
	Owner *Owner
	// Raw is the whole core/v1 Pod as JSON, for a plugin with RawPod that the operator grants "raw"; else nil.
	Raw []byte
}

// Label is the value of a label, and whether the pod has it.
func (p *PodInfo) Label(key string) (string, bool) {
	for i := range p.Labels {
		if p.Labels[i].Key == key {
			return p.Labels[i].Value, true
		}
	}
	return "", false
}

// LabelSym is the value of a label, to be compared with a column of texts; None when the pod does not have it.
func (p *PodInfo) LabelSym(key string) Sym {
	if value, ok := p.Label(key); ok {
		return Intern(value)
	}
	return None
}

// Request is how much of a resource the pod requests.
func (p *PodInfo) Request(resource string) int64 { return amount(p.Requests, resource) }

// ScoredRequest is how much of a resource the pod counts with when nodes are scored.
func (p *Pod) ScoredRequest(resource string) int64 { return amount(p.ScoredRequests, resource) }

// amount finds a resource; 0 when it is not there.
func amount(amounts []Amount, resource string) int64 {
	for i := range amounts {
		if amounts[i].Resource == resource {
			return amounts[i].Value
		}
	}
	return 0
}
