package sdktest

import (
	"errors"
	"slices"

	sdk "longshore/sdk"
)

// Decision is what a plugin alone makes of a pod.
type Decision struct {
	// Err is the plugin's failure, or the *sdk.Rejection of PreFilter.
	Err error
	// Feasible is the nodes that fit, in the cluster's order.
	Feasible []string
	// Rejected says of every other node why not: a *sdk.Rejection.
	Rejected map[string]*sdk.Rejection
	// Scores is the score of every feasible node; empty when the plugin does not score this pod.
	Scores map[string]int64
	// Chosen is the feasible node with the highest score, the first of equals; empty when there is none.
	Chosen string
}

// Schedule takes a pod through PreFilter, Filter, PreScore, Score and NormalizeScore, as far as the plugin has them.
// Unlike the scheduler it scores also when only one node is feasible.
func (p *Plugin) Schedule(pod *sdk.Pod) Decision {
	p.t.Helper()
	p.enter()
	decision := Decision{Rejected: map[string]*sdk.Rejection{}, Scores: map[string]int64{}}
	decision.Err = p.schedule(pod, &decision)
	return decision
}

func (p *Plugin) schedule(pod *sdk.Pod, decision *Decision) error {
	var outcome sdk.Outcome
	var err error
	if p.control.Has("prefilter") {
		if outcome, err = p.control.PreFilter(pod); err != nil {
			return err
		}
	}
	if outcome.Kind == sdk.OutcomeReject {
		return outcome.Rejection
	}
	if err := p.filter(pod, outcome, decision); err != nil {
		return err
	}
	return p.score(pod, outcome.Shared, decision)
}

func (p *Plugin) filter(pod *sdk.Pod, outcome sdk.Outcome, decision *Decision) error {
	for _, shard := range p.shards {
		set := shard.set(func(node string) bool {
			return outcome.Kind != sdk.OutcomeOnly || slices.Contains(outcome.Nodes, node)
		})
		fit := set
		if outcome.Kind != sdk.OutcomeSkip && shard.plugin.Has("filter") {
			if err := shard.plugin.Begin(pod, outcome.Shared); err != nil {
				return err
			}
			verdicts, err := shard.plugin.Filter(set)
			if err != nil {
				return err
			}
			fit = slices.Clone(verdicts.Fit)
			next := 0
			for row, node := range shard.nodes {
				if has(set, row) && !has(fit, row) {
					rejection := verdicts.Rejections[verdicts.RejectionOf[next]]
					decision.Rejected[node.name] = &rejection
					next++
				}
			}
		}
		for row, node := range shard.nodes {
			if has(fit, row) {
				decision.Feasible = append(decision.Feasible, node.name)
			}
		}
	}
	order := p.order()
	slices.SortFunc(decision.Feasible, func(a, b string) int { return order[a] - order[b] })
	return nil
}

func (p *Plugin) score(pod *sdk.Pod, shared []byte, decision *Decision) error {
	if len(decision.Feasible) > 0 {
		decision.Chosen = decision.Feasible[0]
	}
	if p.control.Has("prescore") {
		outcome, err := p.control.PreScore(pod, shared, len(decision.Feasible))
		if err != nil || outcome.Kind == sdk.OutcomeSkip {
			return err
		}
		if outcome.Kind == sdk.OutcomeReject {
			return outcome.Rejection
		}
		shared = outcome.Shared
	}
	if !p.control.Has("score") {
		return nil
	}
	for _, shard := range p.shards {
		set := shard.set(func(node string) bool { return slices.Contains(decision.Feasible, node) })
		if err := shard.plugin.Begin(pod, shared); err != nil {
			return err
		}
		scores, err := shard.plugin.Score(set)
		if err != nil {
			return err
		}
		next := 0
		for row, node := range shard.nodes {
			if has(set, row) {
				decision.Scores[node.name] = scores[next]
				next++
			}
		}
	}
	return p.choose(shared, decision)
}

func (p *Plugin) choose(shared []byte, decision *Decision) error {
	scores := make([]int64, len(decision.Feasible))
	for i, node := range decision.Feasible {
		scores[i] = decision.Scores[node]
	}
	if p.control.Has("normalizescore") {
		if err := p.control.NormalizeScore(shared, scores); err != nil {
			return err
		}
	}
	for i, node := range decision.Feasible {
		if scores[i] < 0 || scores[i] > 100 {
			return errors.New("the score of " + node + " is not in 0 to 100")
		}
		decision.Scores[node] = scores[i]
		if scores[i] > decision.Scores[decision.Chosen] {
			decision.Chosen = node
		}
	}
	return nil
}

// order is the place of every node in the cluster.
func (p *Plugin) order() map[string]int {
	order := map[string]int{}
	for i, node := range p.cluster.nodes {
		order[node.name] = i
	}
	return order
}

// set is the living nodes that are wanted.
func (s *shard) set(wanted func(node string) bool) []uint64 {
	set := make([]uint64, (len(s.nodes)+63)/64)
	for row, node := range s.nodes {
		if !node.gone && wanted(node.name) {
			set[row/64] |= 1 << (row % 64)
		}
	}
	return set
}

func has(set []uint64, row int) bool { return set[row/64]>>(row%64)&1 == 1 }
