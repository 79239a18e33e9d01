package cluster

import (
	"context"
	"errors"
	"fmt"
	"math/rand"

	v1 "k8s.io/api/core/v1"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework"
)

// pluginMetricsSamplePercent is the share of cycles in which kube-scheduler times each plugin.
const pluginMetricsSamplePercent = 10

// Pod is a pod that waits to be scheduled.
type Pod struct {
	info  *framework.QueuedPodInfo
	gated bool
}

// Prepare does what the scheduling queue does with a new pod: it parses the pod's affinity terms and asks the PreEnqueue
// plugins, which hold gated pods back.
func (c *Cluster) Prepare(pod *v1.Pod) (*Pod, error) {
	info, err := framework.NewPodInfo(pod)
	if err != nil {
		return nil, err
	}
	prepared := &Pod{info: &framework.QueuedPodInfo{PodInfo: info}}
	for _, plugin := range c.profile(Sampled).PreEnqueuePlugins() {
		if !plugin.PreEnqueue(c.ctx, pod).IsSuccess() {
			prepared.gated = true
		}
	}
	return prepared, nil
}

// Refresh brings the snapshot up to date. Each cycle does so; doing it before keeps what many new nodes or bound pods cost
// out of the next pod's time.
func (c *Cluster) Refresh() error {
	return c.scheduler.Cache.UpdateSnapshot(c.logger, c.snapshot)
}

// Schedule places a pod and says on which node; "" means that it could not be placed or is gated. A pod that preempts
// others is tried again at once: its victims are gone by then.
func (c *Cluster) Schedule(pod *Pod, variant Variant) (string, error) {
	if pod.gated {
		return "", nil
	}
	profile := c.profile(variant)
	node, nominated, err := c.attempt(profile, pod.info)
	if nominated {
		node, _, err = c.attempt(profile, pod.info)
		c.forgetPreemptor(pod.info.Pod)
	}
	return node, err
}

// attempt is one scheduling cycle: the steps of kube-scheduler's schedulingCycle, which cannot be called from outside. It
// says whether the pod preempted others and is now nominated.
func (c *Cluster) attempt(profile framework.Framework, info *framework.QueuedPodInfo) (string, bool, error) {
	if err := c.Refresh(); err != nil {
		return "", false, err
	}
	state := framework.NewCycleState()
	state.SetRecordPluginMetrics(rand.Intn(100) < pluginMetricsSamplePercent)
	state.Write(framework.PodsToActivateKey, framework.NewPodsToActivate())
	ctx, cancel := context.WithCancel(c.ctx)
	defer cancel()

	result, err := c.scheduler.SchedulePod(ctx, profile, state, info)
	var unfit *framework.FitError
	if errors.As(err, &unfit) {
		nominated, err := c.preempt(ctx, profile, state, info, unfit)
		return "", nominated, err
	}
	if err != nil {
		return "", false, err
	}
	return result.SuggestedHost, false, c.assume(ctx, profile, state, info, result.SuggestedHost)
}

// assume puts a copy of the pod on its node in the cache and runs the Reserve and Permit plugins.
func (c *Cluster) assume(ctx context.Context, profile framework.Framework, state fwk.CycleState, info *framework.QueuedPodInfo, node string) error {
	assumed := info.DeepCopy().Pod
	assumed.Spec.NodeName = node
	if err := c.scheduler.Cache.AssumePod(c.logger, assumed); err != nil {
		return err
	}
	c.scheduler.SchedulingQueue.DeleteNominatedPodIfExists(assumed)
	if status := profile.RunReservePluginsReserve(ctx, state, assumed, node); !status.IsSuccess() {
		return fmt.Errorf("reserve: %w", status.AsError())
	}
	if _, status := profile.RunPermitPlugins(ctx, state, assumed, node); !status.IsSuccess() {
		return fmt.Errorf("permit: %w", status.AsError())
	}
	c.remember(assumed)
	return nil
}
