package run

import (
	"testing"
	"time"

	"longshore.dev/benches/peer/cluster"
	"longshore.dev/benches/peer/workload"
)

var variants = []cluster.Variant{cluster.Sampled, cluster.AllNodes}

// finished runs a workload of testdata and gives what is left of it.
func finished(t *testing.T, name string, options Options) *run {
	t.Helper()
	file, err := workload.Load("testdata/" + name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	r, err := newRun(file, &file.Sizes[0], options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.cluster.Stop)
	if err := r.all(); err != nil {
		t.Fatal(err)
	}
	return r
}

// check compares how many pods were decided on and how many have a node.
func check(t *testing.T, report *Report, pods, placed int) {
	t.Helper()
	if report.Pods != pods || report.Placed != placed {
		t.Errorf("%s: %d pods and %d placed, want %d and %d", report.Variant, report.Pods, report.Placed, pods, placed)
	}
}

func TestTheFastSizesOfTheRepositoryPlaceAllPods(t *testing.T) {
	files, err := workload.LoadAll("../../workloads")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if file.Unsupported() != "" {
			continue
		}
		sizes := file.SizesNamed("fast")
		if len(sizes) == 0 {
			t.Errorf("%s has no size with the label fast", file.Name)
			continue
		}
		for _, variant := range variants {
			report, _, err := Workload(file, &sizes[0], Options{Variant: variant})
			if err != nil {
				t.Fatal(err)
			}
			placed := report.Pods
			if file.Operations[len(file.Operations)-1].CreatePods.Expect == "unfit" {
				placed = 0
			}
			t.Run(file.Stem(), func(t *testing.T) { check(t, report, max(report.Pods, 1), placed) })
		}
	}
}

func TestAntiAffinityIsObeyed(t *testing.T) {
	for _, variant := range variants {
		r := finished(t, "anti-affinity", Options{Variant: variant})
		check(t, r.report(), 50, 30)
		pods := append(r.cluster.Bound("sched-0"), r.cluster.Bound("sched-1")...)
		taken := map[string]string{}
		for _, pod := range pods {
			if other := taken[pod.Spec.NodeName]; other != "" {
				t.Errorf("%s and %s are both on %s", other, pod.Name, pod.Spec.NodeName)
			}
			taken[pod.Spec.NodeName] = pod.Name
		}
		if len(pods) != 40 {
			t.Errorf("%d pods have nodes, want 40", len(pods))
		}
	}
}

func TestPreemptionTakesThreePodsForEachThatItPlaces(t *testing.T) {
	for _, variant := range variants {
		r := finished(t, "preemption", Options{Variant: variant})
		check(t, r.report(), 45, 40)
		if low, high := len(r.cluster.Bound("low")), len(r.cluster.Bound("high")); low != 40 || high != 40 {
			t.Errorf("%d pods of low and %d of high priority are left, want 40 and 40", low, high)
		}
	}
}

func TestOperationsGoOnBesideTheMeasuredPods(t *testing.T) {
	r := finished(t, "beside", Options{Variant: cluster.Sampled})
	check(t, r.report(), 200, 200)
	if old, gated := len(r.cluster.Bound("old")), len(r.cluster.Bound("gated")); old != 0 || gated != 0 {
		t.Errorf("%d deleted and %d gated pods have nodes, want none", old, gated)
	}
	if turns := r.numbers["service"]; turns == 0 {
		t.Error("nothing was churned")
	}
}

func TestMeasuringStopsWhenTheCPUTimeIsUsedUp(t *testing.T) {
	report := finished(t, "beside", Options{Variant: cluster.Sampled, Budget: time.Nanosecond}).report()
	if !report.Stopped || report.Pods > 1 {
		t.Errorf("%d pods, stopped %v, want one at most and true", report.Pods, report.Stopped)
	}
}

func TestPlacementsOfAnEarlierRunAreTakenOver(t *testing.T) {
	first := finished(t, "anti-affinity", Options{Variant: cluster.Sampled})
	second := finished(t, "anti-affinity", Options{Variant: cluster.AllNodes, Init: &first.made})
	check(t, second.report(), 50, 30)
	was, is := first.cluster.Bound("sched-0"), second.cluster.Bound("sched-0")
	if len(was) != 10 || len(is) != len(was) {
		t.Fatalf("%d pods became %d, want 10", len(was), len(is))
	}
	for at := range was {
		if was[at].Name != is[at].Name || was[at].Spec.NodeName != is[at].Spec.NodeName {
			t.Errorf("%s on %s became %s on %s", was[at].Name, was[at].Spec.NodeName, is[at].Name, is[at].Spec.NodeName)
		}
	}
}
