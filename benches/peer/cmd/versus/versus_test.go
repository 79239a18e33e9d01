package main

import (
	"strings"
	"testing"
)

func TestTheLineOfARunIsFoundAmongOthers(t *testing.T) {
	got, err := parse([]byte("Compiling\n" + `{"pods": 5, "calm": true}` + "\n" + `{"pods": 7, "cpu_us_per_pod": 2.5, "more": 1}` + "\n| a table |\n"))
	if err != nil || got.Pods != 7 || got.CPUPerPod != 2.5 {
		t.Errorf("got %+v and %v", got, err)
	}
	for _, text := range []string{"", `{"pods": 5, "calm": true}`, `{"pods": 0}`, "{pods"} {
		if got, err := parse([]byte(text)); err == nil {
			t.Errorf("%q gave %+v", text, got)
		}
	}
}

func TestFiguresAreMedians(t *testing.T) {
	cpu := func(values ...float64) figure {
		var results []result
		for _, value := range values {
			results = append(results, result{CPUPerPod: value})
		}
		return figureOf(results, func(r result) float64 { return r.CPUPerPod })
	}
	if got := cpu(9, 1, 2); got != (figure{2, 1, 9}) {
		t.Errorf("three runs: %+v", got)
	}
	if got := cpu(9, 1, 2, 4); got != (figure{3, 1, 9}) {
		t.Errorf("four runs: %+v", got)
	}
}

// compared is a comparison in which the peer needs so many times the CPU and has a fraction of the rate.
func compared(times float64) comparison {
	runs := map[string][]result{
		longshore: {{Pods: 100, CPUPerPod: 10, PodsPerSecond: 8000}},
		sampled:   {{Pods: 100, CPUPerPod: 10 * times, PodsPerSecond: 8000 / times}},
		allNodes:  {{Pods: 40, CPUPerPod: 100 * times, PodsPerSecond: 800 / times}},
	}
	return summarize(job{"Basic", "b1-basic", "B1", "5000Nodes"}, runs)
}

func TestRatiosAboveOneAreLongshoresAdvantage(t *testing.T) {
	c := compared(4)
	if c.ToSampled != (ratios{4, 4}) || c.ToAllNodes != (ratios{40, 40}) {
		t.Errorf("got %+v and %+v", c.ToSampled, c.ToAllNodes)
	}
}

func TestTheTableEndsWithGeometricMeans(t *testing.T) {
	got := table([]comparison{compared(2), compared(8)})
	for _, want := range []string{
		"| B1 | Basic | 5000Nodes | kube-scheduler | 100 | 20.0 (20.0 to 20.0) | 4000 (4000 to 4000) | 0.0 | 0.0 | 0 | 2.0x | 2.0x |",
		"| | geometric mean | | kube-scheduler | | | | | | | 4.0x | 4.0x |",
		"| | geometric mean | | kube-scheduler, all nodes scored | | | | | | | 40x | 40x |",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s\nlacks %s", got, want)
		}
	}
}
