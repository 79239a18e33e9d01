package metrics_test

import (
	"fmt"
	"testing"
	"time"

	sdk "longshore/sdk"
	"longshore/sdk/metrics"
	"longshore/sdk/score"
	"longshore/sdk/sdktest"
)

var (
	cpu = metrics.Of("CPU", "AVG", metrics.MaxAge(time.Minute))
	gpu = metrics.Query("gpu", metrics.KeepOld(), metrics.Timed())
)

func newPlugin() *sdk.Plugin {
	return sdk.New("Busy", score.Stage(func(_ struct{}, _ *sdk.Pod, node sdk.Node) int64 {
		percent, known := cpu.At(node)
		if !known {
			return 0
		}
		value, at, _ := gpu.Measured(node)
		return int64(percent) + int64(value) + at.Unix()
	}))
}

func check(t *testing.T, plugin *sdktest.Plugin, want string) {
	t.Helper()
	if got := fmt.Sprint(plugin.Schedule(sdktest.Pod("web").Build()).Scores); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestValuesComeChangeAndGo(t *testing.T) {
	for shards := 1; shards <= 2; shards++ {
		cluster := sdktest.NewCluster()
		cluster.Node("a").Metric(cpu, 10)
		cluster.Node("b").Metric(cpu, 20).Measured(gpu, 5, time.Unix(30, 0))
		cluster.Node("c")
		plugin := sdktest.LoadShards(t, newPlugin, "null", cluster, shards)
		check(t, plugin, "map[a:10 b:55 c:0]")
		cluster.Node("a").Metric(cpu, 11)
		cluster.Node("b").Unmeasured(cpu)
		plugin.Update()
		check(t, plugin, "map[a:11 b:0 c:0]")
	}
}

func TestWhatTheManifestSays(t *testing.T) {
	specs, err := newPlugin().Metrics("null")
	if err != nil {
		t.Fatal(err)
	}
	if want := (sdk.MetricSpec{Kind: "CPU", Operator: "AVG", MaxAge: time.Minute, Stale: sdk.StaleIgnore}); specs[0] != want {
		t.Error(specs[0])
	}
	if want := (sdk.MetricSpec{Name: "gpu", Stale: sdk.StaleKeep, Timed: true}); specs[1] != want {
		t.Error(specs[1])
	}
	if metrics.Of("CPU", "AVG", metrics.MaxAge(time.Minute)) != cpu {
		t.Error("the same metric has two places")
	}
}
