// Command peer runs a workload of benches/workloads with the real kube-scheduler, in process, and prints a line of JSON.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"

	"longshore.dev/benches/peer/cluster"
	"longshore.dev/benches/peer/run"
	"longshore.dev/benches/peer/workload"
)

func main() {
	folder := flag.String("workloads", "../workloads", "the folder of the workload files")
	size := flag.String("size", "", "the size (default: the first one of the file)")
	all := flag.Bool("all-nodes", false, "score all nodes (percentageOfNodesToScore: 100) instead of the default sampling")
	seconds := flag.Float64("seconds", 8, "stop measuring after this much CPU time; 0 measures all pods")
	keep := flag.String("keep", "", "a file that keeps where the pods went that are not measured, so that later runs need not schedule them")
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), "usage: peer [options] WORKLOAD\n")
		flag.PrintDefaults()
	}
	flag.Parse()
	options := run.Options{Variant: cluster.Sampled, Budget: time.Duration(*seconds * float64(time.Second))}
	if *all {
		options.Variant = cluster.AllNodes
	}
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := one(*folder, flag.Arg(0), *size, *keep, options); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// one runs a workload. One process runs one, so that its peak memory is that workload's.
func one(folder, name, sizeName, keep string, options run.Options) error {
	file, err := workload.Find(folder, name)
	if err != nil {
		return err
	}
	size, err := file.SizeNamed(sizeName)
	if err != nil {
		return err
	}
	if options.Init, err = kept(keep); err != nil {
		return err
	}
	report, placements, err := run.Workload(file, size, options)
	if err != nil {
		return err
	}
	if keep != "" && options.Init == nil {
		text, err := json.Marshal(placements)
		if err != nil {
			return err
		}
		if err := os.WriteFile(keep, text, 0o644); err != nil {
			return err
		}
	}
	return json.NewEncoder(os.Stdout).Encode(report)
}

// kept reads the placements of an earlier run; nil when there is none.
func kept(path string) (*run.Placements, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	placements := &run.Placements{}
	if err := json.Unmarshal(text, placements); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return placements, nil
}
