package sdk

import "time"

// Rank is where a pod stands in the queue: the lower First goes first, between equals the lower Second, and between equals
// in both the pod that came first.
type Rank struct{ First, Second int64 }

// HintEvent is something that happened, after which a pod that the plugin rejected may be worth another try.
type HintEvent struct {
	// Resource and Action are as in an Event; one action.
	Resource, Action string
	// Pod is set when it is about a pod.
	Pod *PodChange
	// Node is the node's name when it is about a node.
	Node string
	// Object is set when it is about any other object.
	Object *HintObject
}

// PodChange is a pod before and after; nil for one that was not there, or is there no more.
type PodChange struct{ Before, After *PodInfo }

// HintObject is an object before and after as JSON, of a kind that the plugin declares; nil for other kinds, and when it
// was not there, or is there no more.
type HintObject struct {
	Namespace, Name string
	Before, After   []byte
}

// QueueSortPart is for package queuesort.
func QueueSortPart(f func(*Pod, uint64) (Rank, error)) Part {
	return func(p *Plugin) { p.stages.rank = f }
}

// HintsPart is for package hints.
func HintsPart(f func(*Pod, *HintEvent) (bool, error)) Part {
	return func(p *Plugin) { p.stages.hint = f }
}

// TimersPart is for package timers.
func TimersPart(every func() (time.Duration, error), tick func() error) Part {
	return func(p *Plugin) { p.stages.every, p.stages.tick = every, tick }
}

// Rank says where a pod stands in the queue.
func (p *Plugin) Rank(pod *Pod, since uint64) (Rank, error) {
	current = p
	if p.stages.rank == nil {
		return Rank{}, errStage
	}
	return p.stages.rank(pod, since)
}

// Hint says whether an event makes a pod worth another try.
func (p *Plugin) Hint(pod *Pod, event *HintEvent) (bool, error) {
	current = p
	if p.stages.hint == nil {
		return true, errStage
	}
	return p.stages.hint(pod, event)
}

// Every says how often Tick is called.
func (p *Plugin) Every(config string) (time.Duration, error) {
	current = p
	if p.stages.every == nil {
		return 0, errStage
	}
	if err := p.readConfig(config); err != nil {
		return 0, err
	}
	return p.stages.every()
}

// Tick is called from time to time.
func (p *Plugin) Tick() error {
	current = p
	if p.stages.tick == nil {
		return errStage
	}
	return p.stages.tick()
}
