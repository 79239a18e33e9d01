// Command versus runs workloads with kube-scheduler and with Longshore in turn on this machine, and compares them.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"longshore.dev/benches/peer/workload"
)

// arguments is the command line.
type arguments struct {
	folder    string
	size      string
	name      string
	rounds    int
	seconds   float64
	longshore string
	wanted    []string
}

func main() {
	var a arguments
	flag.StringVar(&a.folder, "workloads", "../workloads", "the folder of the workload files")
	flag.StringVar(&a.size, "size", "", "name or label of the sizes (default: the first of each workload)")
	flag.StringVar(&a.name, "name", "", "keep the results in benches/runs/DATE-NAME-peer")
	flag.IntVar(&a.rounds, "rounds", 3, "how often each of the three is run")
	flag.Float64Var(&a.seconds, "seconds", 8, "stop kube-scheduler's measuring after this much CPU time; 0 measures all pods")
	flag.StringVar(&a.longshore, "longshore", "cargo bench --quiet --locked -p longshore-benches --bench workloads --",
		"the command that runs Longshore's side")
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), "usage: versus [options] [WORKLOAD or ROW]...\n")
		flag.PrintDefaults()
	}
	flag.Parse()
	a.wanted = flag.Args()
	if err := a.run(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func (a *arguments) run() error {
	jobs, err := a.jobs()
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "longshore-peer-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	sides, err := build(a, scratch)
	if err != nil {
		return err
	}
	var comparisons []comparison
	for _, job := range jobs {
		runs, err := a.compare(job, sides)
		if err != nil {
			return err
		}
		comparisons = append(comparisons, summarize(job, runs))
		fmt.Println(comparisons[len(comparisons)-1].line())
	}
	fmt.Print("\n", table(comparisons))
	if a.name == "" {
		return nil
	}
	return record(a, comparisons)
}

// compare runs the three in turn, each round beginning with another one.
func (a *arguments) compare(job job, sides []side) (map[string][]result, error) {
	runs := map[string][]result{}
	for round := range a.rounds {
		for at := range sides {
			side := sides[(at+round)%len(sides)]
			got, err := side.run(job)
			if err != nil {
				return nil, fmt.Errorf("%s: %s %s: %w", side.name, job.workload, job.size, err)
			}
			runs[side.name] = append(runs[side.name], *got)
		}
	}
	return runs, nil
}

// job is one size of one workload.
type job struct {
	workload, stem, bench, size string
}

func (a *arguments) jobs() ([]job, error) {
	files, err := workload.LoadAll(a.folder)
	if err != nil {
		return nil, err
	}
	var jobs []job
	for _, file := range files {
		if !a.wants(file) {
			continue
		}
		if what := file.Unsupported(); what != "" {
			fmt.Fprintf(os.Stderr, "left out: %s, because %s cannot be done with kube-scheduler here\n", file.Name, what)
			continue
		}
		for _, size := range file.SizesNamed(a.size) {
			jobs = append(jobs, job{file.Name, file.Stem(), file.Bench, size.Name})
		}
	}
	if len(jobs) == 0 {
		return nil, fmt.Errorf("%s has no such workload", filepath.Clean(a.folder))
	}
	return jobs, nil
}

func (a *arguments) wants(file *workload.File) bool {
	return len(a.wanted) == 0 || slices.ContainsFunc(a.wanted, func(wanted string) bool {
		return strings.EqualFold(wanted, file.Bench) || wanted == file.Name || wanted == file.Stem()
	})
}
