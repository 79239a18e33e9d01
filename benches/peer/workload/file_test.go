package workload

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "k8s.io/api/core/v1"
)

const small = `
name: Small
bench: B0
about: For tests.
templates:
  node: {apiVersion: v1, kind: Node, status: {allocatable: {cpu: "4"}}}
  pod: {apiVersion: v1, kind: Pod, spec: {priority: 1, containers: [{name: c, resources: {limits: {cpu: 100m}}}]}}
operations:
- createNodes: {count: $nodes, template: node, labels: {zone: [a, b]}}
- createPods: {count: 3, template: pod, namespace: {prefix: ns, count: 2}, perPod: PERPOD}
parameters: {nodes: 2}
sizes:
- {name: first, parameters: {nodes: 4}}
- {name: second, labels: [fast]}
`

// write puts the small workload into a file, with some of its text replaced.
func write(t *testing.T, replacements ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "B0-small.yaml")
	text := strings.NewReplacer(append(replacements, "PERPOD", "{}")...).Replace(small)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, replacements ...string) *File {
	t.Helper()
	file, err := Load(write(t, replacements...))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestEveryWorkloadOfTheRepositoryIsRead(t *testing.T) {
	files, err := LoadAll("../../workloads")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("there are none")
	}
}

func TestWhatTheFormatDoesNotHaveIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ old, new, names string }{
		"a field of an operation":    {"count: $nodes,", "count: $nodes, colour: red,", "colour"},
		"a field of the file":        {"about:", "aboot:", "aboot"},
		"a field of a namespace":     {"{prefix: ns,", "{prefix: ns, suffix: x,", "suffix"},
		"a field of an object":       {"priority: 1", "priorty: 1", "priorty"},
		"two kinds in one operation": {"- createPods:", "  createPods:", "operations[0]"},
		"a template that is missing": {"template: node", "template: nodes", "nodes"},
		"a count that is none":       {"count: 3", "count: three", "three"},
		"a list without values":      {"zone: [a, b]", "zone: []", "empty list"},
		"another way to be bound":    {"count: 3,", "count: 3, bound: packed,", "packed"},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, c.old, c.new)
			_, err := Load(path)
			if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), c.names) {
				t.Errorf("got %v, want an error that names %s and %s", err, path, c.names)
			}
		})
	}
}

func TestAParameterIsTheSizesBeforeTheFiles(t *testing.T) {
	file := load(t)
	for name, want := range map[string]int{"": 4, "first": 4, "second": 2} {
		size, err := file.SizeNamed(name)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := file.Operations[0].CreateNodes.Count.In(file, size); err != nil || got != want {
			t.Errorf("size %q: got %d nodes and %v, want %d", name, got, err, want)
		}
	}
}

func TestSizesAreFoundByNameAndByLabel(t *testing.T) {
	file := load(t)
	for name, want := range map[string]string{"": "first", "first": "first", "fast": "second", "slow": ""} {
		got := ""
		for _, size := range file.SizesNamed(name) {
			got += size.Name
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestNamespacesAreNumbered(t *testing.T) {
	file := load(t)
	got, err := file.Operations[1].CreatePods.Namespace.In(file, &file.Sizes[0])
	if err != nil || strings.Join(got, " ") != "ns-0 ns-1" {
		t.Errorf("got %v and %v", got, err)
	}
}

// podAt is a pod of the small workload with these values of its own.
func podAt(t *testing.T, perPod string, number int) *v1.Pod {
	t.Helper()
	file := load(t, "PERPOD", perPod)
	pods, err := file.PodsOf(file.Operations[1].CreatePods, &file.Sizes[0])
	if err != nil {
		t.Fatal(err)
	}
	for {
		pod, _, err := pods.Next("shop", func(string) string { return "web" })
		if err != nil {
			t.Fatal(err)
		}
		if number--; number < 0 {
			return pod
		}
	}
}

func TestPodsHaveValuesOfTheirOwn(t *testing.T) {
	pod := podAt(t, `{metadata.labels.app: "app-$n", metadata.labels.of: $namespace.$name, spec.priority: "$n", spec.containers.0.resources.limits.cpu: "[100m, 110m]"}`, 5)
	cpu := pod.Spec.Containers[0].Resources.Requests.Cpu().String()
	if pod.Labels["app"] != "app-5" || pod.Labels["of"] != "shop.web" || *pod.Spec.Priority != 5 || cpu != "110m" {
		t.Errorf("got labels %v, priority %d and cpu %s", pod.Labels, *pod.Spec.Priority, cpu)
	}
}

func TestAPodHasTheDefaultsOfTheAPIServer(t *testing.T) {
	pod := podAt(t, "{}", 0)
	if got := pod.Spec.Containers[0].Resources.Requests.Cpu().String(); got != "100m" {
		t.Errorf("the request is %s, want the limit", got)
	}
}

func TestPodsAreOfTheSameGroupsAsInLongshoresRunner(t *testing.T) {
	count := Number{value: 8}
	of, err := (&Groups{Count: &count, Order: "random"}).In(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for number, want := range []int{7, 4, 7, 4} {
		if group, place := of(number); group != want || place != number {
			t.Errorf("pod %d is number %d of group %d, want group %d", number, place, group, want)
		}
	}
}

func TestSomeGroupsHaveManyPodsAndManyHaveFew(t *testing.T) {
	count := Number{value: 300}
	of, err := (&Groups{Count: &count, Order: "heavyTail"}).In(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	counts := make([]int, 300)
	for number := range 10_000 {
		group, _ := of(number)
		counts[group]++
	}
	if counts[0] < 1450 || counts[0] > 1750 || counts[299] > 15 {
		t.Errorf("the first group has %d, the last %d", counts[0], counts[299])
	}
}

func TestWhatCannotBeDoneHereIsNamed(t *testing.T) {
	for replacement, want := range map[string]string{
		"count: 3": "", "count: 3, wait: false": "createPods.wait", "count: 3, run: [5m]": "createPods.run",
		"count: 3, with: [pod]": "", "count: 3, expect: nominated": "createPods.expect: nominated",
	} {
		if got := load(t, "count: 3", replacement).Unsupported(); got != want {
			t.Errorf("%s: got %q, want %q", replacement, got, want)
		}
	}
}
