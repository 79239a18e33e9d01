package sdktest

import (
	"encoding/json"
	"strconv"

	sdk "longshore/sdk"
)

// Cluster is nodes, in the order in which they were added, and other objects.
type Cluster struct {
	nodes   []*Node
	objects []given
}

// Node is a node of a test.
type Node struct {
	name          string
	labels        []sdk.KeyValue
	annotations   map[string]string
	conditions    map[string]string
	taints        [][3]string
	images        []sdk.KeyValue
	unschedulable bool
	allocatable   map[string]int64
	allowedPods   int64
	pods          []sdk.PodInfo
	gone          bool
	metrics       map[int]measured
}

// NewCluster is a cluster without nodes.
func NewCluster() *Cluster { return &Cluster{} }

// Node finds a node, or adds one with 4 cores, 8 GiB and room for 110 pods.
func (c *Cluster) Node(name string) *Node {
	for _, node := range c.nodes {
		if node.name == name && !node.gone {
			return node
		}
	}
	node := &Node{
		name: name, annotations: map[string]string{}, conditions: map[string]string{"Ready": "True"}, allowedPods: 110,
		allocatable: map[string]int64{sdk.CPU: 4000, sdk.Memory: 8 << 30}, metrics: map[int]measured{},
	}
	c.nodes = append(c.nodes, node)
	return node.Label("kubernetes.io/hostname", name)
}

// Remove takes a node away.
func (c *Cluster) Remove(name string) { c.Node(name).gone = true }

// Label sets a label.
func (n *Node) Label(key, value string) *Node {
	for i := range n.labels {
		if n.labels[i].Key == key {
			n.labels[i].Value = value
			return n
		}
	}
	n.labels = append(n.labels, sdk.KeyValue{Key: key, Value: value})
	return n
}

// Annotation sets an annotation.
func (n *Node) Annotation(key, value string) *Node {
	n.annotations[key] = value
	return n
}

// Condition sets the status of a condition.
func (n *Node) Condition(kind, status string) *Node {
	n.conditions[kind] = status
	return n
}

// Taint adds a taint.
func (n *Node) Taint(key, value, effect string) *Node {
	n.taints = append(n.taints, [3]string{key, value, effect})
	return n
}

// Image adds a name of an image, with its size in bytes.
func (n *Node) Image(name string, size int64) *Node {
	n.images = append(n.images, sdk.KeyValue{Key: name, Value: strconv.FormatInt(size, 10)})
	return n
}

// Cordon makes the node unschedulable.
func (n *Node) Cordon() *Node {
	n.unschedulable = true
	return n
}

// Allocatable sets how much of a resource the node has: cpu in thousandths of a core, all else in units.
func (n *Node) Allocatable(resource string, amount int64) *Node {
	n.allocatable[resource] = amount
	return n
}

// AllowedPods sets how many pods the node takes.
func (n *Node) AllowedPods(count int64) *Node {
	n.allowedPods = count
	return n
}

// Pod puts a pod on the node.
func (n *Node) Pod(pod *sdk.Pod) *Node {
	info := pod.PodInfo
	info.Node = n.name
	n.pods = append(n.pods, info)
	return n
}

// requested is the amount that pods on the node hold.
func (n *Node) requested(resource string) int64 {
	var sum int64
	for i := range n.pods {
		sum += n.pods[i].Request(resource)
	}
	return sum
}

// nonzeroRequested is the same with the defaults for pods that request none.
func (n *Node) nonzeroRequested(resource string) int64 {
	defaults := map[string]int64{sdk.CPU: 100, sdk.Memory: 200 << 20}
	var sum int64
	for i := range n.pods {
		amount := n.pods[i].Request(resource)
		if amount == 0 {
			amount = defaults[resource]
		}
		sum += amount
	}
	return sum
}

// raw is the node as JSON, as far as the test says something of it.
func (n *Node) raw() []byte {
	labels := map[string]string{}
	for _, label := range n.labels {
		labels[label.Key] = label.Value
	}
	bytes, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"name": n.name, "labels": labels, "annotations": n.annotations},
		"spec":     map[string]any{"unschedulable": n.unschedulable},
	})
	if err != nil {
		panic(err)
	}
	return bytes
}
