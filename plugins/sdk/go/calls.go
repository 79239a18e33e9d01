package sdk

import "time"

// PreEnqueue asks whether the pod may enter the queue.
func (p *Plugin) PreEnqueue(pod *Pod) error {
	current = p
	if p.stages.preEnqueue == nil {
		return errStage
	}
	return p.stages.preEnqueue(pod)
}

// PreFilter looks at the pod once.
func (p *Plugin) PreFilter(pod *Pod) (Outcome, error) {
	current = p
	if p.stages.preFilter == nil {
		return Outcome{}, errStage
	}
	return outcomeOf(p.stages.preFilter(pod))
}

// AddPod changes what PreFilter left for a pod that comes to a node.
func (p *Plugin) AddPod(shared []byte, pod *Pod, other *PodInfo, node string) ([]byte, error) {
	current = p
	if p.stages.addPod == nil {
		return nil, errStage
	}
	return p.stages.addPod(shared, pod, other, node)
}

// RemovePod changes what PreFilter left for a pod that leaves a node.
func (p *Plugin) RemovePod(shared []byte, pod *Pod, other *PodInfo, node string) ([]byte, error) {
	current = p
	if p.stages.removePod == nil {
		return nil, errStage
	}
	return p.stages.removePod(shared, pod, other, node)
}

// PostFilter looks for a way when no node is feasible.
func (p *Plugin) PostFilter(pod *Pod, shared []byte, rejected []NodeRejection) (Nomination, error) {
	current = p
	if p.stages.postFilter == nil {
		return Nomination{}, errStage
	}
	return p.stages.postFilter(pod, shared, rejected)
}

// PreScore says what Score is given.
func (p *Plugin) PreScore(pod *Pod, shared []byte, feasible int) (Outcome, error) {
	current = p
	if p.stages.preScore == nil {
		return Outcome{}, errStage
	}
	return outcomeOf(p.stages.preScore(pod, shared, feasible))
}

// NormalizeScore changes scores in place.
func (p *Plugin) NormalizeScore(shared []byte, scores []int64) error {
	current = p
	if p.stages.normalize == nil {
		return errStage
	}
	return p.stages.normalize(shared, scores)
}

// Reserve sets something aside.
func (p *Plugin) Reserve(pod *Pod, node string, shared []byte) error {
	current = p
	if p.stages.reserve == nil {
		return errStage
	}
	return p.stages.reserve(pod, node, shared)
}

// Unreserve gives it back.
func (p *Plugin) Unreserve(pod *Pod, node string) {
	current = p
	if p.stages.unreserve != nil {
		p.stages.unreserve(pod, node)
	}
}

// Permit says now, later or never.
func (p *Plugin) Permit(pod *Pod, node string, shared []byte) (time.Duration, error) {
	current = p
	if p.stages.permit == nil {
		return 0, errStage
	}
	return p.stages.permit(pod, node, shared)
}

// PreBind is the last look before the binding.
func (p *Plugin) PreBind(pod *Pod, node string, shared []byte) error {
	current = p
	if p.stages.preBind == nil {
		return errStage
	}
	return p.stages.preBind(pod, node, shared)
}

// Bind says how to bind; nil leaves it to the next plugin.
func (p *Plugin) Bind(pod *Pod, node string, shared []byte) (*Binding, error) {
	current = p
	if p.stages.bind == nil {
		return nil, errStage
	}
	return p.stages.bind(pod, node, shared)
}

// PostBind hears that the pod is bound.
func (p *Plugin) PostBind(pod *Pod, node string) {
	current = p
	if p.stages.postBind != nil {
		p.stages.postBind(pod, node)
	}
}

// Save writes what outlives the instance.
func (p *Plugin) Save() ([]byte, error) {
	current = p
	if p.stages.save == nil {
		return nil, errStage
	}
	return p.stages.save()
}

// Restore reads what another instance saved.
func (p *Plugin) Restore(saved []byte) error {
	current = p
	if p.stages.restore == nil {
		return errStage
	}
	return p.stages.restore(saved)
}

// Has says whether the plugin takes part in a stage, named as its package is.
func (p *Plugin) Has(stage string) bool {
	s := &p.stages
	switch stage {
	case "preenqueue":
		return s.preEnqueue != nil
	case "prefilter":
		return s.preFilter != nil
	case "filter":
		return s.filter != nil
	case "postfilter":
		return s.postFilter != nil
	case "prescore":
		return s.preScore != nil
	case "score":
		return s.score != nil
	case "normalizescore":
		return s.normalize != nil
	case "reserve":
		return s.reserve != nil
	case "permit":
		return s.permit != nil
	case "prebind":
		return s.preBind != nil
	case "bind":
		return s.bind != nil
	case "postbind":
		return s.postBind != nil
	case "handover":
		return s.save != nil
	case "queuesort":
		return s.rank != nil
	case "hints":
		return s.hint != nil
	case "timers":
		return s.tick != nil
	}
	return false
}
