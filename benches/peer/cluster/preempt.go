package cluster

import (
	"context"
	"errors"
	"sync/atomic"

	v1 "k8s.io/api/core/v1"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/defaultpreemption"
	"k8s.io/kubernetes/pkg/scheduler/framework/preemption"
)

// deleteVictims has the preemption of a profile take its victims out of the cache, where the real one calls the API.
// Preemption is asynchronous by default, so the deletions come from another goroutine, and several at a time.
func (c *Cluster) deleteVictims(profile framework.Framework) error {
	for _, plugin := range profile.PreEnqueuePlugins() {
		if preempting, is := plugin.(*defaultpreemption.DefaultPreemption); is {
			var gone atomic.Int64
			preempting.Executor.PreemptPod = func(_ context.Context, candidate preemption.Candidate, _ preemption.ExecutorPreemptor, victim *v1.Pod, _ string) error {
				err := c.scheduler.Cache.RemovePod(c.logger, victim)
				if gone.Add(1) == int64(len(candidate.Victims().Pods)) {
					gone.Store(0)
					c.evicted <- struct{}{}
				}
				return err
			}
			return nil
		}
	}
	return errors.New("the profile has no DefaultPreemption")
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
	<-c.evicted
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
