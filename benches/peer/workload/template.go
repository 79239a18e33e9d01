package workload

import (
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"strings"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"
	corev1 "k8s.io/kubernetes/pkg/apis/core/v1"
)

// strict refuses fields that the API does not have.
var strict = serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()

// Template is the object of a template, without a name.
func (f *File) Template(name string) (runtime.Object, error) {
	return f.decode(name, f.Templates[name])
}

// Pods makes the pods of a template, each with the values that are its own.
type Pods struct {
	file     *File
	template string
	plain    *v1.Pod
	perPod   map[string]any
}

// PodsOf prepares to make the pods of an operation.
func (f *File) PodsOf(operation *CreatePods) (*Pods, error) {
	object, err := f.Template(operation.Template)
	if err != nil {
		return nil, err
	}
	pod, is := object.(*v1.Pod)
	if !is {
		return nil, fmt.Errorf("%s: templates.%s is no Pod", f.path, operation.Template)
	}
	return &Pods{f, operation.Template, pod, operation.PerPod}, nil
}

// At is the pod with this number.
func (p *Pods) At(number int) (*v1.Pod, error) {
	if len(p.perPod) == 0 {
		return p.plain.DeepCopy(), nil
	}
	var fields map[string]any
	if err := json.Unmarshal(p.file.Templates[p.template], &fields); err != nil {
		return nil, err
	}
	paths := make([]string, 0, len(p.perPod))
	for path := range p.perPod {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	for _, path := range paths {
		if err := set(fields, strings.Split(path, "."), valueAt(p.perPod[path], number)); err != nil {
			return nil, fmt.Errorf("%s: perPod.%s: %w", p.file.path, path, err)
		}
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	object, err := p.file.decode(p.template, text)
	if err != nil {
		return nil, err
	}
	return object.(*v1.Pod), nil
}

// decode reads an object and gives a pod the defaults that it has from the API server.
func (f *File) decode(name string, text []byte) (runtime.Object, error) {
	object, _, err := strict.Decode(text, nil, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: templates.%s: %w", f.path, name, err)
	}
	if _, is := object.(metav1.Object); !is {
		return nil, fmt.Errorf("%s: templates.%s is a list", f.path, name)
	}
	if pod, is := object.(*v1.Pod); is {
		corev1.SetObjectDefaults_Pod(pod)
	}
	return object, nil
}

// valueAt is the value for a pod: of a list the one whose turn it is, with $n replaced by the number.
func valueAt(value any, number int) any {
	if list, is := value.([]any); is && len(list) > 0 {
		value = list[number%len(list)]
	}
	text, is := value.(string)
	if !is {
		return value
	}
	if inner, found := strings.CutPrefix(text, "["); found && strings.HasSuffix(inner, "]") {
		list := strings.Split(strings.TrimSuffix(inner, "]"), ",")
		text = strings.TrimSpace(list[number%len(list)])
	}
	return strings.ReplaceAll(text, "$n", strconv.Itoa(number))
}

// set puts a value at a path of names and list positions. Where the template has a number, so has the pod.
func set(fields any, path []string, value any) error {
	switch at := fields.(type) {
	case map[string]any:
		if len(path) > 1 {
			if at[path[0]] == nil {
				at[path[0]] = map[string]any{}
			}
			return set(at[path[0]], path[1:], value)
		}
		_, was := at[path[0]].(float64)
		if text, is := value.(string); was && is {
			number, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return err
			}
			value = number
		}
		at[path[0]] = value
		return nil
	case []any:
		position, err := strconv.Atoi(path[0])
		if err != nil || position < 0 || position >= len(at) || len(path) == 1 {
			return fmt.Errorf("%s is no place in a list of %d", strings.Join(path, "."), len(at))
		}
		return set(at[position], path[1:], value)
	}
	return fmt.Errorf("%s leads into a value", strings.Join(path, "."))
}
