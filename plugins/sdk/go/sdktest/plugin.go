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

	sdk "github.com/longshore-scheduler/longshore/plugins/sdk/go"
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
}

// shard is an instance that holds some of the nodes.
type shard struct {
	plugin *sdk.Plugin
	nodes  []*Node
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
	if newPlugin().Describe().Single {
		count = 1
	}
	for number := range count {
		p.shards = append(p.shards, shard{plugin: p.instance(newPlugin, config, number)})
	}
	if p.shards[0].plugin.Describe().Single {
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
	plugin.Describe()
	return plugin.Init(config, sdk.Instance{Shard: -1})
}

func (p *Plugin) instance(newPlugin func() *sdk.Plugin, config string, number int) *sdk.Plugin {
	p.t.Helper()
	plugin := newPlugin()
	plugin.Describe()
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
	}
}
