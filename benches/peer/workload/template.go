package workload

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
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

// Who is an object with what is filled into its template.
type Who struct {
	Namespace, Name      string
	Number, Group, Place int
}

// fillIn puts into a text what stands for the words that begin with $; none stands behind one that it begins with.
func (w Who) fillIn(text string) string {
	if !strings.Contains(text, "$") {
		return text
	}
	return strings.NewReplacer("$namespace", w.Namespace, "$name", w.Name,
		"$n", strconv.Itoa(w.Number), "$g", strconv.Itoa(w.Group), "$i", strconv.Itoa(w.Place)).Replace(text)
}

// For is the object of a template for a node or an object with a number.
func (f *File) For(name string, who Who) (runtime.Object, error) {
	return f.decode(name, []byte(who.fillIn(string(f.Templates[name]))))
}

// Pods makes the pods of an operation, each with the values that are its own.
type Pods struct {
	file   *File
	parts  []part
	shares []uint64
	next   int
}

// part is pods of one kind.
type part struct {
	Part
	grouping grouping
	made     int
}

// PodsOf prepares to make the pods of an operation.
func (f *File) PodsOf(operation *CreatePods, size *Size) (*Pods, error) {
	pods := &Pods{file: f}
	for _, of := range operation.Parts() {
		grouping, err := of.Groups.In(f, size)
		if err != nil {
			return nil, err
		}
		share := uint64(1)
		if of.Share != nil {
			share = *of.Share
		}
		pods.parts, pods.shares = append(pods.parts, part{Part: of, grouping: grouping}), append(pods.shares, share)
	}
	return pods, nil
}

// Next makes the next pod in a namespace, and the objects that it has; number gives it the number in its name.
func (p *Pods) Next(namespace string, number func(template string) string) (*v1.Pod, []runtime.Object, error) {
	at := 0
	if len(p.parts) > 1 {
		at = kindAt(p.shares, p.next)
	}
	p.next++
	part := &p.parts[at]
	who := Who{Namespace: namespace, Name: number(part.Template), Number: part.made}
	who.Group, who.Place = part.grouping(who.Number)
	part.made++
	pod, err := p.file.pod(part, who)
	if err != nil {
		return nil, nil, err
	}
	who.Name = pod.Name
	objects, err := p.file.All(part.With, who)
	return pod, objects, err
}

// All is the objects of some templates for a node or a pod, with the names that they have.
func (f *File) All(templates []string, who Who) ([]runtime.Object, error) {
	objects := make([]runtime.Object, 0, len(templates))
	for _, template := range templates {
		object, err := f.For(template, who)
		if err != nil {
			return nil, err
		}
		objects = append(objects, object)
	}
	return objects, nil
}

func (f *File) pod(part *part, who Who) (*v1.Pod, error) {
	var fields map[string]any
	if err := json.Unmarshal([]byte(who.fillIn(string(f.Templates[part.Template]))), &fields); err != nil {
		return nil, err
	}
	for _, values := range []struct {
		of     map[string]string
		number int
	}{{part.PerPod, who.Number}, {part.PerGroup, who.Group}} {
		for _, path := range slices.Sorted(maps.Keys(values.of)) {
			value := who.fillIn(inTurn(values.of[path], values.number))
			if err := set(fields, strings.Split(path, "."), value); err != nil {
				return nil, fmt.Errorf("%s: %s: %w", f.path, path, err)
			}
		}
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	object, err := f.decode(part.Template, text)
	if err != nil {
		return nil, err
	}
	pod, is := object.(*v1.Pod)
	if !is {
		return nil, fmt.Errorf("%s: templates.%s is no Pod", f.path, part.Template)
	}
	pod.Namespace = who.Namespace
	if pod.Name == "" {
		pod.Name = who.Name
	}
	return pod, nil
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

// inTurn is the value whose turn it is, of a list in brackets.
func inTurn(text string, number int) string {
	inner, found := strings.CutPrefix(text, "[")
	if !found || !strings.HasSuffix(inner, "]") {
		return text
	}
	list := strings.Split(strings.TrimSuffix(inner, "]"), ",")
	return strings.TrimSpace(list[number%len(list)])
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
