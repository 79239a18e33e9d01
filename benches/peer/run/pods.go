package run

import (
	"errors"

	v1 "k8s.io/api/core/v1"

	"longshore.dev/benches/peer/cluster"
	"longshore.dev/benches/peer/workload"
)

// block is how many pods are made at a time, while the clock stands still.
const block = 1000

// Placements has the nodes of the pods that were scheduled but not measured, in their order; "" is a pod without a node.
type Placements struct {
	Nodes []string `json:"nodes"`
	next  int
}

func (p *Placements) take() (string, error) {
	if p.next == len(p.Nodes) {
		return "", errors.New("the earlier run placed fewer pods")
	}
	p.next++
	return p.Nodes[p.next-1], nil
}

func (r *run) createPods(operation *workload.CreatePods) error {
	count, err := operation.Count.In(r.file, r.size)
	if err != nil {
		return err
	}
	namespaces, err := operation.Namespace.In(r.file, r.size)
	if err != nil {
		return err
	}
	pods, err := r.file.PodsOf(operation, r.size)
	if err != nil {
		return err
	}
	total := count * len(namespaces)
	for from := 0; from < total && !r.spent(operation); from += block {
		some := make([]*v1.Pod, 0, block)
		for number := from; number < min(from+block, total); number++ {
			pod, objects, err := pods.Next(namespaces[number/count], r.number)
			if err != nil {
				return err
			}
			if err := r.addAll(objects); err != nil {
				return err
			}
			name(pod, pod.Name)
			some = append(some, pod)
		}
		if err := r.place(operation, some, from); err != nil {
			return err
		}
	}
	return nil
}

// place binds or schedules pods, as the operation and the options have it.
func (r *run) place(operation *workload.CreatePods, pods []*v1.Pod, from int) error {
	switch {
	case operation.Bound != "":
		return r.bind(pods, func(at int) (string, error) { return r.nodes[(from+at)%len(r.nodes)], nil })
	case r.options.Init != nil && !operation.Measured:
		return r.bind(pods, func(int) (string, error) { return r.options.Init.take() })
	}
	return r.schedule(operation, pods)
}

// bind puts pods on the nodes that they are to be on.
func (r *run) bind(pods []*v1.Pod, nodeOf func(at int) (string, error)) error {
	for at, pod := range pods {
		node, err := nodeOf(at)
		if err != nil {
			return err
		}
		if node == "" {
			continue
		}
		pod.Spec.NodeName = node
		if err := r.cluster.Add(pod); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) schedule(operation *workload.CreatePods, pods []*v1.Pod) error {
	prepared := make([]*cluster.Pod, len(pods))
	for at, pod := range pods {
		var err error
		if prepared[at], err = r.cluster.Prepare(pod); err != nil {
			return err
		}
	}
	if err := r.cluster.Refresh(); err != nil {
		return err
	}
	r.meter.start(operation.Measured)
	defer r.meter.stop()
	for _, pod := range prepared {
		if r.spent(operation) {
			r.stopped = true
			break
		}
		if err := r.tick(); err != nil {
			return err
		}
		if err := r.decide(pod, operation.Measured); err != nil {
			return err
		}
	}
	return nil
}

// decide schedules one pod.
func (r *run) decide(pod *cluster.Pod, measured bool) error {
	variant := cluster.Sampled
	if measured {
		variant = r.options.Variant
	}
	began := r.meter.clock()
	node, err := r.cluster.Schedule(pod, variant)
	if err != nil {
		return err
	}
	if measured {
		r.meter.decided(r.meter.clock()-began, node != "")
	} else {
		r.made.Nodes = append(r.made.Nodes, node)
	}
	return nil
}

// spent tells whether the CPU time for measured pods is used up.
func (r *run) spent(operation *workload.CreatePods) bool {
	return operation.Measured && r.options.Budget > 0 && r.meter.measuredCPU() >= r.options.Budget
}
