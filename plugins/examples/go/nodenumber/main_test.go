package main

import (
	"reflect"
	"testing"

	"longshore/sdk/sdktest"
)

func TestNodeNumber(t *testing.T) {
	for _, test := range []struct {
		name, pod, config string
		scores            map[string]int64
	}{
		{"the same digit", "web-1", `{}`, map[string]int64{"node-1": 100, "node-2": 0, "node": 0}},
		{"no config", "web-2", `null`, map[string]int64{"node-1": 0, "node-2": 100, "node": 0}},
		{"reversed", "web-1", `{"reverse": true}`, map[string]int64{"node-1": 0, "node-2": 100, "node": 0}},
		{"a pod without a digit", "web", `{}`, map[string]int64{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			cluster := sdktest.NewCluster()
			cluster.Node("node-1")
			cluster.Node("node-2")
			cluster.Node("node")
			plugin := sdktest.LoadShards(t, NewPlugin, test.config, cluster, 2)
			got := plugin.Schedule(sdktest.Pod(test.pod).Build())
			if got.Err != nil || !reflect.DeepEqual(got.Scores, test.scores) {
				t.Errorf("%+v, want %v", got, test.scores)
			}
		})
	}
}
