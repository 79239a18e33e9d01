// Package cluster is the real kube-scheduler with a cluster in its cache: its own cache, snapshot, plugins, scheduling
// algorithm and preemption, in process and without an API server.
package cluster

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-logr/logr"
	v1 "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/events"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/scheduler"
	"k8s.io/kubernetes/pkg/scheduler/apis/config"
	"k8s.io/kubernetes/pkg/scheduler/apis/config/latest"
	internalcache "k8s.io/kubernetes/pkg/scheduler/backend/cache"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/profile"
	"k8s.io/utils/ptr"
)

// Variant is how many of the feasible nodes are scored.
type Variant string

const (
	// Sampled is kube-scheduler's default: it stops looking when it has found a share of the nodes that adapts to their number.
	Sampled Variant = "sampled"
	// AllNodes is percentageOfNodesToScore: 100.
	AllNodes Variant = "all-nodes"
)

// Cluster is a scheduler and what it knows. It is not safe for use by several goroutines.
type Cluster struct {
	ctx       context.Context
	stop      context.CancelFunc
	logger    klog.Logger
	scheduler *scheduler.Scheduler
	snapshot  *internalcache.Snapshot
	informers informers.SharedInformerFactory
	bound     map[string][]*v1.Pod
	evictions chan eviction
}

// New makes an empty cluster and its scheduler: default configuration, default feature gates.
//
// The scheduler gets one profile per variant, alike but for the nodes to score, so that a cluster can be filled with one
// and measured with the other. Its informers are never started; objects are put where its listers look.
func New() (*Cluster, error) {
	klog.SetLogger(logr.Discard())
	ctx, stop := context.WithCancel(klog.NewContext(context.Background(), logr.Discard()))
	client := fake.NewClientset()
	factory := informers.NewSharedInformerFactory(client, 0)
	profiles, err := profiles()
	if err != nil {
		stop()
		return nil, err
	}
	recorders := profile.NewRecorderFactory(events.NewBroadcaster(nil))
	made, err := scheduler.New(ctx, client, factory, nil, recorders, scheduler.WithProfiles(profiles...))
	if err != nil {
		stop()
		return nil, err
	}
	c := &Cluster{
		ctx: ctx, stop: stop, logger: klog.FromContext(ctx), scheduler: made, informers: factory,
		bound: map[string][]*v1.Pod{}, evictions: make(chan eviction),
	}
	if err := c.adopt(); err != nil {
		stop()
		return nil, err
	}
	return c, nil
}

// Stop ends the scheduler's goroutines.
func (c *Cluster) Stop() {
	c.stop()
}

// profiles is the default profile once per variant.
func profiles() ([]config.KubeSchedulerProfile, error) {
	defaults, err := latest.Default()
	if err != nil {
		return nil, err
	}
	if len(defaults.Profiles) != 1 {
		return nil, fmt.Errorf("the default configuration has %d profiles", len(defaults.Profiles))
	}
	sampled, whole := defaults.Profiles[0], *defaults.Profiles[0].DeepCopy()
	sampled.SchedulerName = string(Sampled)
	whole.SchedulerName = string(AllNodes)
	whole.PercentageOfNodesToScore = ptr.To[int32](100)
	return []config.KubeSchedulerProfile{sampled, whole}, nil
}

// adopt finds the snapshot that the scheduler decides on, and has preemption delete its victims here.
func (c *Cluster) adopt() error {
	for _, framework := range c.scheduler.Profiles {
		snapshot, is := framework.SnapshotSharedLister().(*internalcache.Snapshot)
		if !is {
			return errors.New("the scheduler's snapshot is of another type")
		}
		c.snapshot = snapshot
		if err := c.deleteVictims(framework); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) profile(variant Variant) framework.Framework {
	return c.scheduler.Profiles[string(variant)]
}
