package run

import (
	"fmt"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"longshore.dev/benches/peer/cluster"
	"longshore.dev/benches/peer/workload"
)

// beside is an operation that goes on beside the ones that follow it.
type beside interface {
	// tick does what is due at this simulated time.
	tick(now time.Duration) error
}

func (r *run) tick() error {
	for _, one := range r.beside {
		if err := one.tick(r.meter.simulated()); err != nil {
			return err
		}
	}
	return nil
}

// deletion deletes the pods of a namespace at a rate, the first one placed first.
type deletion struct {
	cluster   *cluster.Cluster
	namespace string
	perSecond float64
	since     time.Duration
	deleted   int
	done      bool
}

func (d *deletion) tick(now time.Duration) error {
	due := int((now - d.since).Seconds() * d.perSecond)
	for d.deleted < due && !d.done {
		found, err := d.cluster.RemoveOldest(d.namespace)
		if err != nil {
			return err
		}
		d.deleted++
		d.done = !found
	}
	return nil
}

// deletePods deletes pods from now on, or all at once.
func (r *run) deletePods(operation *workload.DeletePods) error {
	if operation.PerSecond != nil {
		r.beside = append(r.beside, &deletion{
			cluster: r.cluster, namespace: operation.Namespace, perSecond: *operation.PerSecond, since: r.meter.simulated(),
		})
		return nil
	}
	for {
		found, err := r.cluster.RemoveOldest(operation.Namespace)
		if err != nil || !found {
			return err
		}
	}
}

// churn creates objects at each turn; in the mode "recreate" every second turn deletes them.
type churn struct {
	run     *run
	every   time.Duration
	next    time.Duration
	count   int
	names   []string
	delete  bool
	created []runtime.Object
}

func (r *run) startChurn(operation *workload.Churn) error {
	count := 1
	if operation.Count != (workload.Number{}) {
		var err error
		if count, err = operation.Count.In(r.file, r.size); err != nil {
			return err
		}
	}
	r.beside = append(r.beside, &churn{
		run: r, every: operation.Turn(), next: r.meter.simulated() + operation.Turn(), count: count,
		names: operation.Templates, delete: operation.Mode == "recreate",
	})
	return nil
}

// tick has one turn at most: turns that were missed are dropped, as those of a time.Ticker are.
func (c *churn) tick(now time.Duration) error {
	if now < c.next {
		return nil
	}
	c.next = max(c.next+c.every, now)
	if err := c.turn(); err != nil {
		return fmt.Errorf("churn: %w", err)
	}
	return nil
}

func (c *churn) turn() error {
	if c.delete && len(c.created) > 0 {
		for _, object := range c.created {
			if err := c.run.cluster.Remove(object); err != nil {
				return err
			}
		}
		c.created = nil
		return nil
	}
	for range c.count {
		for _, template := range c.names {
			if err := c.create(template); err != nil {
				return err
			}
		}
	}
	return nil
}

// create adds an object; a pod is tried once.
func (c *churn) create(template string) error {
	object, err := c.run.object(template)
	if err != nil {
		return err
	}
	if c.delete {
		c.created = append(c.created, object)
	}
	pod, is := object.(*v1.Pod)
	if !is {
		return c.run.cluster.Add(object)
	}
	prepared, err := c.run.cluster.Prepare(pod)
	if err != nil {
		return err
	}
	_, err = c.run.cluster.Schedule(prepared, c.run.options.Variant)
	return err
}
