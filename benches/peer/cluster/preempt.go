package cluster

import (
	"context"
	"errors"

	v1 "k8s.io/api/core/v1"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/defaultpreemption"
	"k8s.io/kubernetes/pkg/scheduler/framework/preemption"
)

// eviction is the deletion of one of so many victims.
type eviction struct {
	err error
	of  int
}

// deleteVictims has the preemption of a profile take its victims out of the cache, where the real one calls the API.
// Preemption is asynchronous by default, so the deletions come from other goroutines.
func (c *Cluster) deleteVictims(profile framework.Framework) error {
	for _, plugin := range profile.PreEnqueuePlugins() {
		if preempting, is := plugin.(*defaultpreemption.DefaultPreemption); is {
			preempting.Executor.PreemptPod = func(_ context.Context, candidate preemption.Candidate, _ preemption.ExecutorPreemptor, victim *v1.Pod, _ string) error {
				c.evictions <- eviction{c.scheduler.Cache.RemovePod(c.logger, victim), len(candidate.Victims().Pods)}
				return nil
			}
			return nil
		}
	}
	return errors.New("the profile has no DefaultPreemption")
}

// victimsGone waits for the last victim of a preemption.
func (c *Cluster) victimsGone() error {
	var failures []error
	for gone, victims := 0, 1; gone < victims; gone++ {
		one := <-c.evictions
		victims = one.of
		failures = append(failures, one.err)
	}
	return errors.Join(failures...)
}

// preempt runs the PostFilter plugins for a pod that fits nowhere. When they nominate a node, it returns true after the
// last victim is gone.
func (c *Cluster) preempt(ctx context.Context, profile framework.Framework, state fwk.CycleState, info *framework.QueuedPodInfo, unfit *framework.FitError) (bool, error) {
	pods := c.informers.Core().V1().Pods().Informer().GetIndexer()
	if err := pods.Add(info.Pod); err != nil { // the preemption asks for the pod by name
		return false, err
	}
	result, status := profile.RunPostFilterPlugins(ctx, state, info.Pod, unfit.Diagnosis.NodeToStatus)
	if status.Code() == fwk.Error {
		return false, status.AsError()
	}
	if !status.IsSuccess() || result == nil || result.NominatedNodeName == "" {
		return false, pods.Delete(info.Pod)
	}
	if err := c.victimsGone(); err != nil {
		return false, err
	}
	nominated := info.Pod.DeepCopy()
	nominated.Status.NominatedNodeName = result.NominatedNodeName
	if err := info.Update(nominated); err != nil {
		return false, err
	}
	c.scheduler.SchedulingQueue.AddNominatedPod(c.logger, info.PodInfo, result.NominatingInfo)
	return true, nil
}

// forgetPreemptor drops what was kept while a pod was nominated.
func (c *Cluster) forgetPreemptor(pod *v1.Pod) {
	c.scheduler.SchedulingQueue.DeleteNominatedPodIfExists(pod)
	_ = c.informers.Core().V1().Pods().Informer().GetIndexer().Delete(pod) // it fails on objects without a name only
}
