package sdk

import (
	"fmt"
	"reflect"
	"time"
)

// The functions whose names end in Part are what the packages of the stages call; plugins use those.

// PreEnqueuePart is for package preenqueue.
func PreEnqueuePart(f func(*Pod) error) Part {
	return func(p *Plugin) { p.stages.preEnqueue = f }
}

// PreFilterPart is for package prefilter.
func PreFilterPart[S any](f func(*Pod) (S, error)) Part {
	return func(p *Plugin) {
		p.stages.preFilter = func(pod *Pod) ([]byte, error) { return keepState(f(pod)) }
		p.stages.preFilterLeaves = reflect.TypeFor[S]()
	}
}

// PreFilterExtensionsPart is for package prefilterextensions.
func PreFilterExtensionsPart[S any](add, remove func(state S, pod *Pod, other *PodInfo, node string) (S, error)) Part {
	change := func(f func(S, *Pod, *PodInfo, string) (S, error)) func([]byte, *Pod, *PodInfo, string) ([]byte, error) {
		return func(shared []byte, pod *Pod, other *PodInfo, node string) ([]byte, error) {
			var state S
			if err := decodeState(shared, &state); err != nil {
				return nil, err
			}
			return keepState(f(state, pod, other, node))
		}
	}
	return func(p *Plugin) { p.stages.addPod, p.stages.removePod = change(add), change(remove) }
}

// PostFilterPart is for package postfilter.
func PostFilterPart[S any](f func(S, *Pod, []NodeRejection) (Nomination, error)) Part {
	return func(p *Plugin) {
		p.stages.postFilter = func(pod *Pod, shared []byte, rejected []NodeRejection) (found Nomination, err error) {
			err = withState(shared, func(state S) (err error) {
				found, err = f(state, pod, rejected)
				return err
			})
			return found, err
		}
	}
}

// PreScorePart is for package prescore.
func PreScorePart[S, T any](f func(state S, pod *Pod, feasible int) (T, error)) Part {
	return func(p *Plugin) {
		p.stages.preScore = func(pod *Pod, shared []byte, feasible int) (left []byte, err error) {
			err = withState(shared, func(state S) (err error) {
				left, err = keepState(f(state, pod, feasible))
				return err
			})
			return left, err
		}
		p.stages.preScoreTakes, p.stages.preScoreLeaves = reflect.TypeFor[S](), reflect.TypeFor[T]()
	}
}

// NormalizeScorePart is for package normalizescore.
func NormalizeScorePart[S any](f func(state S, scores []int64) error) Part {
	return func(p *Plugin) {
		p.stages.normalize = func(shared []byte, scores []int64) error {
			return withState(shared, func(state S) error { return f(state, scores) })
		}
	}
}

// onNode makes a stage that looks at a pod and a node.
func onNode[S any](f func(S, *Pod, string) error) func(*Pod, string, []byte) error {
	return func(pod *Pod, node string, shared []byte) error {
		return withState(shared, func(state S) error { return f(state, pod, node) })
	}
}

// ReservePart is for package reserve.
func ReservePart[S any](reserve func(S, *Pod, string) error, unreserve func(*Pod, string)) Part {
	return func(p *Plugin) { p.stages.reserve, p.stages.unreserve = onNode(reserve), unreserve }
}

// PermitPart is for package permit.
func PermitPart[S any](f func(S, *Pod, string) (time.Duration, error)) Part {
	return func(p *Plugin) {
		p.stages.permit = func(pod *Pod, node string, shared []byte) (wait time.Duration, err error) {
			err = withState(shared, func(state S) (err error) {
				wait, err = f(state, pod, node)
				return err
			})
			return wait, err
		}
	}
}

// PreBindPart is for package prebind.
func PreBindPart[S any](f func(S, *Pod, string) error) Part {
	return func(p *Plugin) { p.stages.preBind = onNode(f) }
}

// BindPart is for package bind.
func BindPart[S any](f func(S, *Pod, string) (*Binding, error)) Part {
	return func(p *Plugin) {
		p.stages.bind = func(pod *Pod, node string, shared []byte) (binding *Binding, err error) {
			err = withState(shared, func(state S) (err error) {
				binding, err = f(state, pod, node)
				return err
			})
			return binding, err
		}
	}
}

// PostBindPart is for package postbind.
func PostBindPart(f func(*Pod, string)) Part {
	return func(p *Plugin) { p.stages.postBind = f }
}

// HandoverPart is for package handover.
func HandoverPart(save func() ([]byte, error), restore func([]byte) error) Part {
	return func(p *Plugin) { p.stages.save, p.stages.restore = save, restore }
}

// checkTypes says whether the stages agree about the type of what they hand to each other.
func (p *Plugin) checkTypes() error {
	s := &p.stages
	for _, pair := range []struct {
		from, to string
		left     reflect.Type
		taken    reflect.Type
	}{
		{"PreFilter", "Filter", s.preFilterLeaves, s.filterTakes},
		{"PreFilter", "PreScore", s.preFilterLeaves, s.preScoreTakes},
		{"PreScore", "Score", s.leftForScore(), s.scoreTakes},
	} {
		if pair.taken != nil && pair.taken != reflect.TypeFor[struct{}]() && pair.left != pair.taken {
			return fmt.Errorf("%s leaves %s, but %s takes %v", pair.from, nameOf(pair.left), pair.to, pair.taken)
		}
	}
	return nil
}

// leftForScore is the type that Score finds.
func (s *stages) leftForScore() reflect.Type {
	if s.preScore != nil {
		return s.preScoreLeaves
	}
	return s.preFilterLeaves
}

// nameOf says what a stage leaves.
func nameOf(left reflect.Type) string {
	if left == nil {
		return "no state"
	}
	return "a state of type " + left.String()
}
