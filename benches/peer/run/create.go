package run

import (
	"fmt"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"longshore.dev/benches/peer/workload"
)

func (r *run) createNodes(operation *workload.CreateNodes) error {
	count, err := operation.Count.In(r.file, r.size)
	if err != nil {
		return err
	}
	object, err := r.file.Template(operation.Template)
	if err != nil {
		return err
	}
	plain, is := object.(*v1.Node)
	if !is {
		return fmt.Errorf("template %s is no Node", operation.Template)
	}
	for at := range count {
		node := plain.DeepCopy()
		nameNode(node, r.nodeName(operation, plain, count))
		for key, values := range operation.Labels {
			node.Labels[key] = values.At(at)
		}
		if err := r.cluster.Add(node); err != nil {
			return err
		}
		r.nodes = append(r.nodes, node.Name)
	}
	return nil
}

// nodeName names one of so many nodes. The only node of an operation keeps the name that its template has, if any.
func (r *run) nodeName(operation *workload.CreateNodes, plain *v1.Node, count int) string {
	switch {
	case count == 1 && plain.Name != "":
		return plain.Name
	case operation.Name != "":
		return r.number(operation.Name)
	}
	return r.number("node")
}

// nameNode also gives a node the label that its kubelet would.
func nameNode(node *v1.Node, to string) {
	name(node, to)
	if node.Labels == nil {
		node.Labels = map[string]string{}
	}
	node.Labels[v1.LabelHostname] = to
}

func (r *run) createNamespaces(operation *workload.CreateNamespaces) error {
	count, err := operation.Count.In(r.file, r.size)
	if err != nil {
		return err
	}
	for range count {
		if err := r.cluster.Add(namespace(r.number(operation.Prefix), operation.Labels)); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) createObjects(operation *workload.CreateObjects) error {
	for _, template := range operation.Templates {
		object, err := r.object(template)
		if err != nil {
			return err
		}
		if err := r.cluster.Add(object); err != nil {
			return err
		}
	}
	return nil
}

// object makes the object of a template, in the namespace "default" unless it says another.
func (r *run) object(template string) (runtime.Object, error) {
	object, err := r.file.Template(template)
	if err != nil {
		return nil, err
	}
	if node, is := object.(*v1.Node); is {
		nameNode(node, r.number(template))
		return node, nil
	}
	named := object.(metav1.Object) // the workload has checked it
	if _, cluster := object.(*v1.Namespace); !cluster && named.GetNamespace() == "" {
		named.SetNamespace(v1.NamespaceDefault)
	}
	name(named, r.number(template))
	return object, nil
}
