package sdk

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Plugin is a plugin as the scheduler sees it, made by New. Its methods are what the scheduler calls; a plugin's author
// has no use for them.
type Plugin struct {
	manifest Manifest
	config   any
	onInit   []func(Instance) error
	stages   stages
	table    table
	cycle    cycle
	verdicts verdictList
	scores   []int64
	// rows is the set that is being worked on.
	rows []uint32
}

// Part is one thing that a plugin is made of: a stage, its config, or something it says about itself.
type Part func(*Plugin)

// Instance says which of the plugin's instances this is.
type Instance struct {
	// Shard counts the instances that hold nodes, from 0; -1 is the one that holds none.
	Shard int
}

// current is the plugin whose code runs.
var current *Plugin

// registered is the plugin of this program.
var registered *Plugin

// New makes a plugin. The name is its own; profiles may call it otherwise.
func New(name string, parts ...Part) *Plugin {
	p := &Plugin{manifest: Manifest{Name: name, Version: "0.0.0"}}
	for _, part := range parts {
		part(p)
	}
	return p
}

// Register makes a plugin the one of this program. It is called once, from an init function.
func Register(p *Plugin) {
	if registered != nil {
		panic("sdk: a program has one plugin")
	}
	registered = p
}

// Config makes a pointer the target of the plugin's config: JSON is read into it before the first call. What it holds
// before are the defaults; unknown fields are refused.
func Config(into any) Part { return func(p *Plugin) { p.config = into } }

// OnInit is called once for each instance, after its config has been read. An error refuses the config.
func OnInit(f func(Instance) error) Part {
	return func(p *Plugin) { p.onInit = append(p.onInit, f) }
}

// Describe gives the manifest.
func (p *Plugin) Describe() Manifest {
	described = true
	current = p
	manifest := p.manifest
	manifest.columns = declared
	return manifest
}

// Init reads the config, which is JSON.
func (p *Plugin) Init(config string, instance Instance) error {
	current = p
	if err := p.checkTypes(); err != nil {
		return err
	}
	if p.config != nil && config != "" {
		decoder := json.NewDecoder(bytes.NewReader([]byte(config)))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(p.config); err != nil {
			return fmt.Errorf("config: %w", err)
		}
	}
	for _, f := range p.onInit {
		if err := f(instance); err != nil {
			return err
		}
	}
	return nil
}

// Apply changes the node table.
func (p *Plugin) Apply(delta *Delta) error {
	described = true
	current = p
	return p.table.apply(delta)
}
