package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// document is the results.json of a recorded run.
type document struct {
	Date        string       `json:"date"`
	Command     string       `json:"command"`
	Commit      string       `json:"commit"`
	Hardware    string       `json:"hardware"`
	Toolchain   string       `json:"toolchain"`
	Load        string       `json:"load"`
	Comparisons []comparison `json:"comparisons"`
}

// record writes the results and their circumstances to benches/runs/DATE-NAME-peer.
func record(a *arguments, comparisons []comparison) error {
	d := document{
		Date:        time.Now().UTC().Format(time.DateOnly),
		Command:     fmt.Sprintf("make bench-peer BENCH='%s'", strings.Join(os.Args[1:], " ")),
		Commit:      commit(),
		Hardware:    hardware(),
		Toolchain:   said("rustc", "--version") + "; " + said("go", "version"),
		Load:        load(),
		Comparisons: comparisons,
	}
	folder := filepath.Join(root, "benches", "runs", d.Date+"-"+a.name+"-peer")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "results.json"), append(text, '\n'), 0o644); err != nil {
		return err
	}
	fmt.Println("written to", folder)
	return os.WriteFile(filepath.Join(folder, "README.md"), []byte(d.readme(a)), 0o644)
}

func (d *document) readme(a *arguments) string {
	return fmt.Sprintf(`# %s: Longshore and kube-scheduler on the same workloads

- Command: `+"`%s`"+`
- Commit: %s
- Hardware: %s
- Toolchain: %s
- Load averages at the end: %s
- Kubernetes: kube-scheduler's own packages, in process, as benches/peer/go.mod pins them
- Runs: %d of each, in turn; the figures are medians, with the least and the most in brackets. kube-scheduler stops after
  %g seconds of CPU (0: never): its column *pods* says how far it came. Longshore scores all nodes.

[benches/peer/README.md](../../peer/README.md) says what is measured on each side, and which work kube-scheduler is spared here.

%s`, d.Date, d.Command, d.Commit, d.Hardware, d.Toolchain, d.Load, a.rounds, a.seconds, table(d.Comparisons))
}

// said is what a command prints, or "" when there is no such command.
func said(words ...string) string {
	command := exec.Command(words[0], words[1:]...)
	command.Dir = root
	output, err := command.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(output))
}

// commit is the commit, and whether the tree had changes beside it.
func commit() string {
	hash := said("git", "rev-parse", "--short", "HEAD")
	if said("git", "status", "--porcelain", "--untracked-files=no") != "" {
		return hash + " with changes"
	}
	return hash
}

func hardware() string {
	model, memory := field("/proc/cpuinfo", "model name"), field("/proc/meminfo", "MemTotal")
	return fmt.Sprintf("%d cores, %s, %s of memory", runtime.NumCPU(), model, memory)
}

// load is the load averages of the last 1, 5 and 15 minutes.
func load() string {
	text, _ := os.ReadFile("/proc/loadavg")
	return strings.Join(strings.Fields(string(text))[:min(3, len(strings.Fields(string(text))))], " ")
}

// field is the value of the first line with this name in a file of /proc.
func field(path, name string) string {
	text, _ := os.ReadFile(path)
	for line := range strings.Lines(string(text)) {
		if key, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}
