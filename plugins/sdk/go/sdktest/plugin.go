// Package sdktest runs a plugin in `go test`, without WebAssembly: on a cluster of the test's making, through the same
// table of nodes and the same stages as when the scheduler runs it.
//
//	cluster := sdktest.NewCluster()
//	cluster.Node("a").Label("zone", "z1")
//	cluster.Node("b").Label("zone", "z2")
//	plugin := sdktest.Load(t, NewPlugin, `{"weight": 2}`, cluster)
//	decision := plugin.Schedule(sdktest.Pod("web").Label("zone", "z1").Build())
//	// decision.Feasible is []string{"a"}
package sdktest

import (
	"testing"

	sdk "longshore/sdk"
)

// Plugin is a loaded plugin and its cluster. Tests with plugins do not run in parallel.
type Plugin struct {
	// Services notes what the plugin asks of the scheduler, and answers it.
	Services *Services

	t       testing.TB
	cluster *Cluster
	// control answers everything but Filter and Score; it is the only shard of a plugin that is Single.
	control *sdk.Plugin
	shards  []shard
	// told is what each instance was told of objects.
	told map[*sdk.Plugin]map[objectKey][]byte
}

// shard is an instance that holds some of the nodes.
type shard struct {
	plugin *sdk.Plugin
	nodes  []*Node
}

// instances is every instance, each once.
func (p *Plugin) instances() []*sdk.Plugin {
	var all []*sdk.Plugin
	for _, shard := range p.shards {
		all = append(all, shard.plugin)
	}
	if all[0] != p.control {
		all = append(all, p.control)
	}
	return all
}

// Load makes the plugin's instances, gives them the config, which is JSON, and the cluster. The nodes are on one
// instance; see LoadShards.
func Load(t testing.TB, newPlugin func() *sdk.Plugin, config string, cluster *Cluster) *Plugin {
	t.Helper()
	return LoadShards(t, newPlugin, config, cluster, 1)
}

// LoadShards spreads the nodes over so many instances. A plugin that is not Single gives the same answers for any
// number; a test that tries 1 and 3 finds state that does not belong there.
func LoadShards(t testing.TB, newPlugin func() *sdk.Plugin, config string, cluster *Cluster, count int) *Plugin {
	t.Helper()
	p := &Plugin{Services: &Services{}, t: t, cluster: cluster}
	p.told = map[*sdk.Plugin]map[objectKey][]byte{}
	p.enter()
	manifest, err := newPlugin().DescribeBy(config)
	if err != nil {
		t.Fatalf("the plugin refuses its config: %v", err)
	}
	if manifest.Single {
		count = 1
	}
	for number := range count {
		p.shards = append(p.shards, shard{plugin: p.instance(newPlugin, config, number)})
	}
	if manifest.Single {
		p.control = p.shards[0].plugin
	} else {
		p.control = p.instance(newPlugin, config, -1)
	}
	p.update(true)
	return p
}

// LoadError is what the plugin says of its config; nil when it takes it.
func LoadError(newPlugin func() *sdk.Plugin, config string) error {
	plugin := newPlugin()
	if _, err := plugin.DescribeBy(config); err != nil {
		return err
	}
	return plugin.Init(config, sdk.Instance{Shard: -1})
}

func (p *Plugin) instance(newPlugin func() *sdk.Plugin, config string, number int) *sdk.Plugin {
	p.t.Helper()
	plugin := newPlugin()
	p.enter()
	if err := plugin.Init(config, sdk.Instance{Shard: number}); err != nil {
		p.t.Fatalf("the plugin refuses its config: %v", err)
	}
	return plugin
}

// enter makes the plugin's calls to the scheduler those of this test.
func (p *Plugin) enter() { sdk.UseServices(p.Services) }

// Update tells the plugin what changed in its cluster.
func (p *Plugin) Update() {
	p.t.Helper()
	p.update(false)
}

func (p *Plugin) update(reset bool) {
	p.t.Helper()
	p.enter()
	for i := range p.shards {
		p.shards[i].nodes = nil
	}
	for i, node := range p.cluster.nodes {
		shard := &p.shards[i%len(p.shards)]
		shard.nodes = append(shard.nodes, node)
	}
	for _, shard := range p.shards {
		columns := shard.plugin.Describe().Columns()
		if err := shard.plugin.Apply(delta(columns, shard.nodes, reset)); err != nil {
			p.t.Fatal(err)
		}
		updates := metricUpdates(shard.plugin.Describe().Metrics(), shard.nodes)
		if err := shard.plugin.ApplyMetrics(true, updates); err != nil {
			p.t.Fatal(err)
		}
	}
	for _, instance := range p.instances() {
		p.updateObjects(instance)
	}
}

func (p *Plugin) updateObjects(instance *sdk.Plugin) {
	p.t.Helper()
	told, known := p.told[instance]
	changes, now := p.cluster.changes(told, instance.Describe().Kinds())
	if err := instance.ApplyObjects(!known, changes); err != nil {
		p.t.Fatal(err)
	}
	p.told[instance] = now
}
