// Package workload reads the workload files of benches/workloads, the same that Longshore's own runner reads.
package workload

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// File is one workload: what is in the cluster, what is done to it in which order, and how large it all is.
type File struct {
	Name       string                     `json:"name"`
	Bench      string                     `json:"bench"`
	About      string                     `json:"about"`
	Like       string                     `json:"like"`
	Adds       map[string]any             `json:"adds"`
	Templates  map[string]json.RawMessage `json:"templates"`
	Operations []Operation                `json:"operations"`
	Parameters map[string]int             `json:"parameters"`
	Sizes      []Size                     `json:"sizes"`

	path string
}

// Size is one size of a workload. Threshold, Pace and Aim are pods per second.
type Size struct {
	Name       string         `json:"name"`
	Labels     []string       `json:"labels"`
	Parameters map[string]int `json:"parameters"`
	Threshold  float64        `json:"threshold"`
	Pace       float64        `json:"pace"`
	Aim        float64        `json:"aim"`
	AimShare   float64        `json:"aimShare"`
	AimCalm    float64        `json:"aimCalm"`
	AimGuest   float64        `json:"aimGuest"`
}

// Load reads a file. Unknown fields are errors, and an error names the file.
func Load(path string) (*File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	file := &File{path: path}
	if err := yaml.UnmarshalStrict(text, file); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := file.complete(); err != nil {
		return nil, err
	}
	if err := file.validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return file, nil
}

// complete takes what is lacking from the file that this one is like.
func (f *File) complete() error {
	if f.Like == "" {
		return nil
	}
	other, err := Load(filepath.Join(filepath.Dir(f.path), f.Like+".yaml"))
	if err != nil {
		return fmt.Errorf("%s: like: %w", f.path, err)
	}
	if f.Templates == nil {
		f.Templates = other.Templates
	}
	if f.Operations == nil {
		f.Operations = other.Operations
	}
	if f.Parameters == nil {
		f.Parameters = other.Parameters
	}
	return nil
}

// LoadAll reads every workload of a folder, in the order of the file names.
func LoadAll(folder string) ([]*File, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return nil, err
	}
	files := make([]*File, 0, len(paths))
	for _, path := range paths {
		file, err := Load(path)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

// Find reads the workload of a folder that has this name, or whose file has it.
func Find(folder, name string) (*File, error) {
	files, err := LoadAll(folder)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if file.Name == name || file.Stem() == name {
			return file, nil
		}
	}
	return nil, fmt.Errorf("%s: there is no workload %q", folder, name)
}

// Stem is the name of the file without its ending, which selects a workload as its name does.
func (f *File) Stem() string {
	return strings.TrimSuffix(filepath.Base(f.path), ".yaml")
}

// SizeNamed is the size with this name; "" is the first one.
func (f *File) SizeNamed(name string) (*Size, error) {
	for i := range f.Sizes {
		if name == "" || f.Sizes[i].Name == name {
			return &f.Sizes[i], nil
		}
	}
	return nil, fmt.Errorf("%s: there is no size %q", f.path, name)
}

// SizesNamed lists the sizes with this name or label; "" is the first one.
func (f *File) SizesNamed(name string) []Size {
	if name == "" {
		return f.Sizes[:1]
	}
	var sizes []Size
	for _, size := range f.Sizes {
		if size.Name == name || slices.Contains(size.Labels, name) {
			sizes = append(sizes, size)
		}
	}
	return sizes
}
