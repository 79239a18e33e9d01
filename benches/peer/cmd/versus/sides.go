package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// The sides of the comparison.
const (
	longshore = "longshore"
	sampled   = "kube-scheduler"
	allNodes  = "kube-scheduler, all nodes scored"
)

// root is the repository, seen from this module's folder, where the command runs.
const root = "../.."

// result is the part of a line of either program that is compared.
type result struct {
	Pods int `json:"pods"`
	// Placed is how many of them got a node; the line of Longshore's runner does not say, since it waits until all have one.
	Placed        int     `json:"placed,omitempty"`
	Stopped       bool    `json:"stopped,omitempty"`
	PodsPerSecond float64 `json:"pods_per_second"`
	CPUPerPod     float64 `json:"cpu_us_per_pod"`
	P50           float64 `json:"p50_us"`
	P99           float64 `json:"p99_us"`
	Memory        float64 `json:"rss_mib"`
	// Calm marks a run of Longshore's without what goes on beside the pods; it is not compared.
	Calm bool `json:"calm,omitempty"`
}

// side is a program that runs workloads.
type side struct {
	name    string
	folder  string
	command func(job) []string
}

// build makes both programs ready, so that no run waits for a compiler.
func build(a *arguments, scratch string) ([]side, error) {
	peer := filepath.Join(scratch, "peer")
	if err := execute(".", "go", "build", "-o", peer, "."); err != nil {
		return nil, err
	}
	ours := strings.Fields(a.longshore)
	if len(ours) == 0 {
		return nil, errors.New("-longshore is empty")
	}
	if ours[0] == "cargo" {
		compile := append(strings.Fields(strings.TrimSuffix(a.longshore, "--")), "--no-run")
		if err := execute(root, compile...); err != nil {
			return nil, err
		}
	}
	kube := func(more ...string) func(job) []string {
		return func(job job) []string {
			// Pods that are not measured are scheduled in the first run and go to the same nodes in the others.
			keep := filepath.Join(scratch, job.stem+"-"+job.size+".json")
			common := []string{peer, "-workloads", a.folder, "-size", job.size, "-keep", keep, "-seconds", strconv.FormatFloat(a.seconds, 'g', -1, 64)}
			return append(append(common, more...), job.stem)
		}
	}
	return []side{
		{sampled, ".", kube()},
		{longshore, root, func(job job) []string {
			return append(ours[:len(ours):len(ours)], job.stem, "--size", job.size, "--runs", "1", "--json")
		}},
		{allNodes, ".", kube("-all-nodes")},
	}, nil
}

// execute runs a command and shows what it says.
func execute(folder string, words ...string) error {
	command := exec.Command(words[0], words[1:]...)
	command.Dir, command.Stdout, command.Stderr = folder, os.Stderr, os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s: %w", strings.Join(words, " "), err)
	}
	return nil
}

// run runs a job and reads its line.
func (s side) run(job job) (*result, error) {
	words := s.command(job)
	command := exec.Command(words[0], words[1:]...)
	var said bytes.Buffer // it is of interest only when the run fails
	command.Dir, command.Stderr = s.folder, &said
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", strings.Join(words, " "), err, said.String())
	}
	return parse(output)
}

// parse finds the line of a run in what a program printed.
func parse(output []byte) (*result, error) {
	var found *result
	for line := range bytes.Lines(output) {
		if !bytes.HasPrefix(line, []byte("{")) {
			continue
		}
		read := &result{}
		if err := json.Unmarshal(line, read); err != nil {
			return nil, fmt.Errorf("%s: %w", line, err)
		}
		if !read.Calm {
			found = read
		}
	}
	if found == nil || found.Pods == 0 {
		return nil, errors.New("it printed no line about a run with pods")
	}
	return found, nil
}
