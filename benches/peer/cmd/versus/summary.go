package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// figure is the median of some runs, with the least and the most of them.
type figure struct {
	Median float64 `json:"median"`
	Least  float64 `json:"least"`
	Most   float64 `json:"most"`
}

// summary is what the runs of one side amount to.
type summary struct {
	CPUPerPod     figure   `json:"cpu_us_per_pod"`
	PodsPerSecond figure   `json:"pods_per_second"`
	P50           figure   `json:"p50_us"`
	P99           figure   `json:"p99_us"`
	Memory        figure   `json:"rss_mib"`
	Runs          []result `json:"runs"`
}

// ratios says how many times as much the peer needs, or how many times as fast Longshore is: more is better for Longshore.
type ratios struct {
	CPU  float64 `json:"cpu_per_pod"`
	Rate float64 `json:"pods_per_second"`
}

// comparison is what came out for one size of a workload.
type comparison struct {
	Workload   string             `json:"workload"`
	Bench      string             `json:"bench"`
	Size       string             `json:"size"`
	Sides      map[string]summary `json:"sides"`
	ToSampled  ratios             `json:"to_kube_scheduler"`
	ToAllNodes ratios             `json:"to_kube_scheduler_all_nodes"`
}

func summarize(job job, runs map[string][]result) comparison {
	c := comparison{Workload: job.workload, Bench: job.bench, Size: job.size, Sides: map[string]summary{}}
	for name, results := range runs {
		of := func(pick func(result) float64) figure { return figureOf(results, pick) }
		c.Sides[name] = summary{
			CPUPerPod:     of(func(r result) float64 { return r.CPUPerPod }),
			PodsPerSecond: of(func(r result) float64 { return r.PodsPerSecond }),
			P50:           of(func(r result) float64 { return r.P50 }),
			P99:           of(func(r result) float64 { return r.P99 }),
			Memory:        of(func(r result) float64 { return r.Memory }),
			Runs:          results,
		}
	}
	c.ToSampled, c.ToAllNodes = c.against(sampled), c.against(allNodes)
	return c
}

func (c *comparison) against(peer string) ratios {
	ours, theirs := c.Sides[longshore], c.Sides[peer]
	return ratios{
		CPU:  theirs.CPUPerPod.Median / ours.CPUPerPod.Median,
		Rate: ours.PodsPerSecond.Median / theirs.PodsPerSecond.Median,
	}
}

// figureOf is the median of an odd number of runs; of an even number it is the mean of the two in the middle.
func figureOf(results []result, pick func(result) float64) figure {
	values := make([]float64, 0, len(results))
	for _, result := range results {
		values = append(values, pick(result))
	}
	slices.Sort(values)
	middle := len(values) / 2
	median := values[middle]
	if len(values)%2 == 0 {
		median = (values[middle-1] + values[middle]) / 2
	}
	return figure{median, values[0], values[len(values)-1]}
}

// line is the outcome in short, for those who wait.
func (c *comparison) line() string {
	return fmt.Sprintf("%s %s: %.1f us of CPU per pod against %.0f (%sx) and %.0f with all nodes scored (%sx)", c.Workload, c.Size,
		c.Sides[longshore].CPUPerPod.Median, c.Sides[sampled].CPUPerPod.Median, times(c.ToSampled.CPU),
		c.Sides[allNodes].CPUPerPod.Median, times(c.ToAllNodes.CPU))
}

// times is a ratio with two digits that count.
func times(ratio float64) string {
	if math.Abs(ratio) < 10 {
		return fmt.Sprintf("%.1f", ratio)
	}
	return fmt.Sprintf("%.0f", ratio)
}

// table has a row per comparison, and a last one with the geometric means.
func table(comparisons []comparison) string {
	var text strings.Builder
	text.WriteString("| bench | workload | size | side | pods | CPU us/pod (least to most) | pods/s (least to most) | p50 us | p99 us " +
		"| peak RSS MiB | its CPU to ours | our pods/s to its |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, c := range comparisons {
		for _, name := range []string{longshore, sampled, allNodes} {
			fmt.Fprintf(&text, "| %s | %s | %s | %s |\n", c.Bench, c.Workload, c.Size, c.cells(name))
		}
	}
	for _, name := range []string{sampled, allNodes} {
		cpu := mean(comparisons, func(c comparison) float64 { return c.against(name).CPU })
		rate := mean(comparisons, func(c comparison) float64 { return c.against(name).Rate })
		fmt.Fprintf(&text, "| | geometric mean | | %s | | | | | | | %sx | %sx |\n", name, times(cpu), times(rate))
	}
	return text.String()
}

func (c *comparison) cells(name string) string {
	side, last := c.Sides[name], "1x | 1x"
	if name != longshore {
		ratios := c.against(name)
		last = fmt.Sprintf("%sx | %sx", times(ratios.CPU), times(ratios.Rate))
	}
	spread := func(f figure, digits int) string {
		return fmt.Sprintf("%.*f (%.*f to %.*f)", digits, f.Median, digits, f.Least, digits, f.Most)
	}
	return fmt.Sprintf("%s | %d | %s | %s | %.1f | %.1f | %.0f | %s", name, side.Runs[0].Pods, spread(side.CPUPerPod, 1),
		spread(side.PodsPerSecond, 0), side.P50.Median, side.P99.Median, side.Memory.Median, last)
}

// mean is the geometric mean.
func mean(comparisons []comparison, pick func(comparison) float64) float64 {
	sum := 0.0
	for _, c := range comparisons {
		sum += math.Log(pick(c))
	}
	return math.Exp(sum / float64(len(comparisons)))
}
