package cluster

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	v1 "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/cache"
)

// Add puts an object into the cluster. A pod must have a node; pods without one are for Schedule.
func (c *Cluster) Add(object runtime.Object) error {
	switch object := object.(type) {
	case *v1.Node:
		c.scheduler.Cache.AddNode(c.logger, object)
		return nil
	case *v1.Pod:
		if err := c.scheduler.Cache.AddPod(c.logger, object); err != nil {
			return err
		}
		c.remember(object)
		return nil
	}
	store, err := c.store(object)
	if err != nil {
		return err
	}
	return store.Add(object)
}

// Remove takes an object out of the cluster.
func (c *Cluster) Remove(object runtime.Object) error {
	switch object := object.(type) {
	case *v1.Node:
		return c.scheduler.Cache.RemoveNode(c.logger, object)
	case *v1.Pod:
		bound, err := c.scheduler.Cache.GetPod(object)
		if err != nil { // never placed, or a victim since
			return nil
		}
		return c.scheduler.Cache.RemovePod(c.logger, bound)
	}
	store, err := c.store(object)
	if err != nil {
		return err
	}
	return store.Delete(object)
}

// RemoveNode takes a node out of the cluster, and the pods on it.
func (c *Cluster) RemoveNode(name string) error {
	for _, pods := range c.bound {
		for _, pod := range pods {
			if pod.Spec.NodeName != name {
				continue
			}
			if err := c.Remove(pod); err != nil {
				return err
			}
		}
	}
	return c.scheduler.Cache.RemoveNode(c.logger, &v1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}})
}

// RemoveOldest takes the pod out that was the first one placed in a namespace; false means that there is none.
func (c *Cluster) RemoveOldest(namespace string) (bool, error) {
	pods := c.bound[namespace]
	for len(pods) > 0 {
		oldest := pods[0]
		pods = pods[1:]
		c.bound[namespace] = pods
		if _, err := c.scheduler.Cache.GetPod(oldest); err == nil {
			return true, c.scheduler.Cache.RemovePod(c.logger, oldest)
		}
	}
	return false, nil
}

// Bound lists the pods of a namespace that are on nodes, in the order of their placement.
func (c *Cluster) Bound(namespace string) []*v1.Pod {
	var bound []*v1.Pod
	for _, pod := range c.bound[namespace] {
		if _, err := c.scheduler.Cache.GetPod(pod); err == nil {
			bound = append(bound, pod)
		}
	}
	return bound
}

func (c *Cluster) remember(pod *v1.Pod) {
	c.bound[pod.Namespace] = append(c.bound[pod.Namespace], pod)
}

// store is where the scheduler's listers look for objects of a kind.
func (c *Cluster) store(object runtime.Object) (cache.Indexer, error) {
	switch object.(type) {
	case *v1.Namespace:
		return c.informers.Core().V1().Namespaces().Informer().GetIndexer(), nil
	case *v1.Service:
		return c.informers.Core().V1().Services().Informer().GetIndexer(), nil
	case *v1.ReplicationController:
		return c.informers.Core().V1().ReplicationControllers().Informer().GetIndexer(), nil
	case *appsv1.ReplicaSet:
		return c.informers.Apps().V1().ReplicaSets().Informer().GetIndexer(), nil
	case *appsv1.StatefulSet:
		return c.informers.Apps().V1().StatefulSets().Informer().GetIndexer(), nil
	case *v1.PersistentVolume:
		return c.informers.Core().V1().PersistentVolumes().Informer().GetIndexer(), nil
	case *v1.PersistentVolumeClaim:
		return c.informers.Core().V1().PersistentVolumeClaims().Informer().GetIndexer(), nil
	case *storagev1.StorageClass:
		return c.informers.Storage().V1().StorageClasses().Informer().GetIndexer(), nil
	case *storagev1.CSINode:
		return c.informers.Storage().V1().CSINodes().Informer().GetIndexer(), nil
	case *storagev1.CSIDriver:
		return c.informers.Storage().V1().CSIDrivers().Informer().GetIndexer(), nil
	case *policy.PodDisruptionBudget:
		return c.informers.Policy().V1().PodDisruptionBudgets().Informer().GetIndexer(), nil
	}
	return nil, fmt.Errorf("objects of type %T are not supported", object)
}
