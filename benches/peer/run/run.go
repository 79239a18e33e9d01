// Package run does the operations of a workload with the real kube-scheduler and measures the pods that are to be measured.
package run

import (
	"fmt"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"longshore.dev/benches/peer/cluster"
	"longshore.dev/benches/peer/workload"
)

// Options says how a workload is run.
type Options struct {
	// Variant is how many nodes are scored for the measured pods. The others are always scheduled with the default sampling.
	Variant cluster.Variant
	// Budget is the CPU time after which measuring stops; 0 means never.
	Budget time.Duration
	// Init has the nodes of the pods that are not measured, from an earlier run; nil means that they are scheduled.
	Init *Placements
}

// run is a workload on its way.
type run struct {
	file    *workload.File
	size    *workload.Size
	options Options
	cluster *cluster.Cluster
	meter   meter
	beside  []beside
	nodes   []string
	numbers map[string]int
	made    Placements
	stopped bool
}

// Workload runs a workload in one size. It also returns where the pods that are not measured went.
func Workload(file *workload.File, size *workload.Size, options Options) (*Report, *Placements, error) {
	r, err := newRun(file, size, options)
	if err != nil {
		return nil, nil, err
	}
	defer r.cluster.Stop()
	if err := r.all(); err != nil {
		return nil, nil, fmt.Errorf("%s %s: %w", file.Name, size.Name, err)
	}
	return r.report(), &r.made, nil
}

func newRun(file *workload.File, size *workload.Size, options Options) (*run, error) {
	empty, err := cluster.New()
	if err != nil {
		return nil, err
	}
	r := &run{file: file, size: size, options: options, cluster: empty, numbers: map[string]int{}}
	pace := size.Pace
	if pace == 0 {
		pace = size.Threshold
	}
	if pace > 0 {
		r.meter.perPod = time.Duration(float64(time.Second) / pace)
	}
	return r, nil
}

func (r *run) all() error {
	if what := r.file.Unsupported(); what != "" {
		return fmt.Errorf("%s cannot be done with kube-scheduler here", what)
	}
	return r.each(r.file.Operations)
}

func (r *run) each(operations []workload.Operation) error {
	for at, operation := range operations {
		if err := r.one(&operation); err != nil {
			return fmt.Errorf("operations[%d]: %w", at, err)
		}
	}
	return nil
}

// one does an operation. There is nothing to wait for at a barrier: each pod is placed before the next one is looked at.
func (r *run) one(operation *workload.Operation) error {
	switch {
	case operation.CreateNodes != nil:
		return r.createNodes(operation.CreateNodes)
	case operation.CreateNamespaces != nil:
		return r.createNamespaces(operation.CreateNamespaces)
	case operation.CreateObjects != nil:
		return r.createObjects(operation.CreateObjects)
	case operation.CreatePods != nil:
		return r.createPods(operation.CreatePods)
	case operation.Churn != nil:
		return r.startChurn(operation.Churn)
	case operation.DeletePods != nil:
		return r.deletePods(operation.DeletePods)
	case operation.DeleteNodes != nil:
		return r.deleteNodes(operation.DeleteNodes)
	case operation.Repeat != nil:
		return r.repeat(operation.Repeat)
	}
	return nil
}

func (r *run) repeat(operation *workload.Repeat) error {
	times, err := operation.Times.In(r.file, r.size)
	if err != nil {
		return err
	}
	for range times {
		if err := r.each(operation.Operations); err != nil {
			return err
		}
	}
	return nil
}

// number is a word and how many times it was used before.
func (r *run) number(word string) string {
	number := r.numbers[word]
	r.numbers[word]++
	return fmt.Sprintf("%s-%d", word, number)
}

// name gives an object its name, and the UID that the API server would give it.
func name(object metav1.Object, name string) {
	object.SetName(name)
	object.SetUID(types.UID(object.GetNamespace() + "/" + name))
}

// namespace makes a namespace as the API server does, with its name as a label.
func namespace(name string, labels map[string]string) *v1.Namespace {
	all := map[string]string{v1.LabelMetadataName: name}
	for key, value := range labels {
		all[key] = value
	}
	return &v1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: all}}
}
