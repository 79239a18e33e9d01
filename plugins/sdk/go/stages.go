package sdk

import (
	"errors"
	"fmt"
	"reflect"
	"time"
)

// stages is what the plugin's parts have put together. A nil function is a stage that the plugin does not take part in.
type stages struct {
	preEnqueue func(*Pod) error
	preFilter  func(*Pod) ([]byte, error)
	addPod     func(shared []byte, pod *Pod, other *PodInfo, node string) ([]byte, error)
	removePod  func(shared []byte, pod *Pod, other *PodInfo, node string) ([]byte, error)
	filter     func([]uint32) error
	filterRow  func(uint32) (Verdict, error)
	postFilter func(*Pod, []byte, []NodeRejection) (Nomination, error)
	preScore   func(*Pod, []byte, int) ([]byte, error)
	score      func([]uint32) error
	normalize  func([]byte, []int64) error
	reserve    func(*Pod, string, []byte) error
	unreserve  func(*Pod, string)
	permit     func(*Pod, string, []byte) (time.Duration, error)
	preBind    func(*Pod, string, []byte) error
	bind       func(*Pod, string, []byte) (*Binding, error)
	postBind   func(*Pod, string)
	save       func() ([]byte, error)
	restore    func([]byte) error
	rank       func(*Pod, uint64) (Rank, error)
	hint       func(*Pod, *HintEvent) (bool, error)
	every      func() (time.Duration, error)
	tick       func() error

	// leaves and takes are the types of state, to be compared.
	preFilterLeaves, filterTakes, preScoreTakes, preScoreLeaves, scoreTakes reflect.Type
}

// NodeRejection is a node and how final its rejection was.
type NodeRejection struct {
	Node string
	Code RejectCode
}

// Nomination is what PostFilter found: a node that the pod is promised, and the pods to be evicted for it.
type Nomination struct {
	Node string
	// Victims are UIDs of pods on that node or on others. The operator has to grant "evict" unless there are none.
	Victims []string
}

// Binding says that the plugin binds the pod; the scheduler writes the binding.
type Binding struct {
	// Annotations are copied to the pod by the API server.
	Annotations map[string]string
}

var errStage = errors.New("the plugin does not have this stage")

// OutcomeKind is what PreFilter and PreScore decide.
type OutcomeKind uint8

const (
	// OutcomeAll goes on with all nodes.
	OutcomeAll OutcomeKind = iota
	// OutcomeOnly goes on with some nodes.
	OutcomeOnly
	// OutcomeSkip leaves the stage out.
	OutcomeSkip
	// OutcomeReject: no node will do.
	OutcomeReject
)

// Outcome is what PreFilter or PreScore returned.
type Outcome struct {
	Kind      OutcomeKind
	Nodes     []string
	Rejection *Rejection
	Shared    []byte
}

// outcomeOf sorts out what came as an error.
func outcomeOf(shared []byte, err error) (Outcome, error) {
	var nodes *only
	var rejection *Rejection
	switch {
	case err == nil:
		return Outcome{Kind: OutcomeAll, Shared: shared}, nil
	case errors.Is(err, Skip):
		return Outcome{Kind: OutcomeSkip, Shared: shared}, nil
	case errors.As(err, &nodes):
		return Outcome{Kind: OutcomeOnly, Nodes: nodes.names, Shared: shared}, nil
	case errors.As(err, &rejection):
		return Outcome{Kind: OutcomeReject, Rejection: rejection}, nil
	default:
		return Outcome{}, err
	}
}

// withState calls f with a state that came as bytes.
func withState[S any](shared []byte, f func(S) error) error {
	var state S
	if err := decodeState(shared, &state); err != nil {
		return err
	}
	return f(state)
}

// keepState encodes what a stage leaves, unless it broke.
func keepState[S any](state S, err error) ([]byte, error) {
	var rejection *Rejection
	var nodes *only
	if err != nil && !errors.Is(err, Skip) && !errors.As(err, &nodes) {
		if errors.As(err, &rejection) {
			return nil, rejection
		}
		return nil, err
	}
	shared, failure := encodeState(&state)
	if failure != nil {
		return nil, fmt.Errorf("state: %w", failure)
	}
	return shared, err
}
