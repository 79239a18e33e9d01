package main

import (
	"fmt"
	"testing"
	"time"

	"longshore/sdk/metrics"
	"longshore/sdk/sdktest"
)

// load makes the plugin; the metrics are those that it declares.
func load(t *testing.T, fill func(cluster *sdktest.Cluster, average, latest metrics.Metric)) *sdktest.Plugin {
	t.Helper()
	cluster := sdktest.NewCluster()
	plugin := sdktest.Load(t, NewPlugin, "null", cluster)
	age := metrics.MaxAge(300 * time.Second)
	fill(cluster, metrics.Of("CPU", "AVG", age), metrics.Of("CPU", "Latest", age))
	plugin.Update()
	return plugin
}

func TestBusyNodesTakeNoPodsAndTheOthersScoreByWhatIsNotInUse(t *testing.T) {
	plugin := load(t, func(cluster *sdktest.Cluster, average, latest metrics.Metric) {
		cluster.Node("idle").Metric(average, 5.4)
		cluster.Node("busy").Metric(average, 80).Metric(latest, 99)
		cluster.Node("busier").Metric(latest, 80.5)
		cluster.Node("unknown")
	})
	decision := plugin.Schedule(sdktest.Pod("web").Build())
	if got := fmt.Sprint(decision.Feasible, decision.Scores); got != "[idle busy unknown] map[busy:20 idle:95 unknown:0]" {
		t.Error(got)
	}
}

func TestTheConfigIsChecked(t *testing.T) {
	err := sdktest.LoadError(NewPlugin, `{"mostPercent": 0}`)
	if err == nil || err.Error() != "mostPercent is 0; it has to be in 1 to 100" {
		t.Error(err)
	}
}
