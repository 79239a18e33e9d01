package sdk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// Plugin is a plugin as the scheduler sees it, made by New. Its methods are what the scheduler calls; a plugin's author
// has no use for them.
type Plugin struct {
	manifest Manifest
	config   any
	defaults reflect.Value
	byConfig []func(*Manifest) error
	onInit   []func(Instance) error
	stages   stages
	table    table
	shelves  []*Shelf
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

// ByConfig changes what the plugin says about itself once its config has been read: its events, say. Columns, kinds
// of objects and metrics may be declared in it, in the same order for the same config. It is called on every instance; an error refuses
// the config.
func ByConfig(f func(*Manifest) error) Part {
	return func(p *Plugin) { p.byConfig = append(p.byConfig, f) }
}

// OnInit is called once for each instance, after its config has been read. An error refuses the config.
func OnInit(f func(Instance) error) Part {
	return func(p *Plugin) { p.onInit = append(p.onInit, f) }
}

// Describe gives the manifest, as far as it does not depend on the config.
func (p *Plugin) Describe() Manifest {
	described = true
	current = p
	manifest := p.manifest
	manifest.columns, manifest.kinds, manifest.metrics = declared, declaredKinds, declaredMetrics
	return manifest
}

// DescribeBy gives the manifest for a config, which is JSON.
func (p *Plugin) DescribeBy(config string) (Manifest, error) {
	current = p
	if err := p.readConfig(config); err != nil {
		return Manifest{}, err
	}
	described = false
	manifest := p.manifest
	for _, f := range p.byConfig {
		if err := f(&manifest); err != nil {
			return Manifest{}, err
		}
	}
	described = true
	manifest.columns, manifest.kinds, manifest.metrics = declared, declaredKinds, declaredMetrics
	return manifest, nil
}

// readConfig reads the config, which is JSON.
func (p *Plugin) readConfig(config string) error {
	if p.config == nil {
		return nil
	}
	// What it held first are the defaults, whatever was read since.
	target := reflect.ValueOf(p.config).Elem()
	if !p.defaults.IsValid() {
		p.defaults = reflect.New(target.Type()).Elem()
		p.defaults.Set(target)
	}
	target.Set(p.defaults)
	if config == "" {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(config)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(p.config); err != nil {
		return fmt.Errorf("config: %w", err)
	}
	return nil
}

// Kinds is the kinds of objects that the plugin reads, for a config.
func (p *Plugin) Kinds(config string) ([]KindSpec, error) {
	manifest, err := p.DescribeBy(config)
	return manifest.kinds, err
}

// Init reads the config, which is JSON.
func (p *Plugin) Init(config string, instance Instance) error {
	current = p
	if err := p.checkTypes(); err != nil {
		return err
	}
	if _, err := p.DescribeBy(config); err != nil {
		return err
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
