package run

import (
	"fmt"
	"strings"

	v1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"longshore.dev/benches/peer/workload"
)

func (r *run) createNodes(operation *workload.CreateNodes) error {
	count, err := operation.Count.In(r.file, r.size)
	if err != nil {
		return err
	}
	features, err := operation.Features.In(r.file, r.size)
	if err != nil {
		return err
	}
	for at := range count {
		node, err := r.node(operation, at)
		if err != nil {
			return err
		}
		for feature := range features {
			node.Status.DeclaredFeatures = append(node.Status.DeclaredFeatures, fmt.Sprintf("feature-%03d", feature))
		}
		if err := r.cluster.Add(node); err != nil {
			return err
		}
		r.nodes = append(r.nodes, node.Name)
		objects, err := r.file.All(operation.With, workload.Who{Name: node.Name, Number: at})
		if err != nil {
			return err
		}
		if err := r.addAll(objects); err != nil {
			return err
		}
	}
	return nil
}

// addAll adds objects that belong to a node or a pod.
func (r *run) addAll(objects []runtime.Object) error {
	for _, object := range objects {
		if err := r.cluster.Add(object); err != nil {
			return err
		}
	}
	return nil
}

// node makes the node of an operation with this number. A node keeps the name that its template has, if any.
func (r *run) node(operation *workload.CreateNodes, at int) (*v1.Node, error) {
	series := operation.Name
	if series == "" {
		series = "node"
	}
	own := r.number(series)
	object, err := r.file.For(operation.Template, workload.Who{Name: own, Number: r.numbers[series] - 1})
	if err != nil {
		return nil, err
	}
	node, is := object.(*v1.Node)
	if !is {
		return nil, fmt.Errorf("template %s is no Node", operation.Template)
	}
	if node.Name != "" {
		own = node.Name
	}
	nameNode(node, own)
	for key, values := range operation.Labels {
		node.Labels[key] = values.At(at)
	}
	return node, nil
}

// deleteNodes deletes the nodes with this name, and the pods on them.
func (r *run) deleteNodes(operation *workload.DeleteNodes) error {
	left := r.nodes[:0]
	for _, name := range r.nodes {
		if !strings.HasPrefix(name, operation.Name+"-") {
			left = append(left, name)
			continue
		}
		if err := r.cluster.RemoveNode(name); err != nil {
			return err
		}
	}
	r.nodes = left
	return nil
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
	count := 1
	if operation.Count != nil {
		var err error
		if count, err = operation.Count.In(r.file, r.size); err != nil {
			return err
		}
	}
	for _, template := range operation.Templates {
		for range count {
			object, err := r.object(template)
			if err != nil {
				return err
			}
			if err := r.cluster.Add(object); err != nil {
				return err
			}
		}
	}
	return nil
}

// object makes the next object of a template, in the namespace "default" unless it says another.
func (r *run) object(template string) (runtime.Object, error) {
	own := r.number(template)
	object, err := r.file.For(template, workload.Who{Namespace: v1.NamespaceDefault, Name: own, Number: r.numbers[template] - 1})
	if err != nil {
		return nil, err
	}
	if node, is := object.(*v1.Node); is {
		nameNode(node, own)
		return node, nil
	}
	named := object.(metav1.Object) // the workload has checked it
	if !ofCluster(object) && named.GetNamespace() == "" {
		named.SetNamespace(v1.NamespaceDefault)
	}
	if named.GetName() != "" {
		own = named.GetName()
	}
	name(named, own)
	return object, nil
}

// ofCluster tells whether objects of this kind are in no namespace.
func ofCluster(object runtime.Object) bool {
	switch object.(type) {
	case *v1.Namespace, *v1.PersistentVolume, *storagev1.StorageClass, *storagev1.CSINode, *storagev1.CSIDriver:
		return true
	}
	return false
}
