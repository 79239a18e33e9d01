package main

import (
	"reflect"
	"testing"

	sdk "longshore/sdk"
	"longshore/sdk/sdktest"
)

func cluster() *sdktest.Cluster {
	c := sdktest.NewCluster()
	c.Node("plain")
	c.Node("a100").Label("accelerator", "a100")
	c.Node("h100-spot").Label("accelerator", "h100").Label("spot", "")
	c.Node("k80").Label("accelerator", "k80")
	return c
}

func TestExpressions(t *testing.T) {
	for expression, want := range map[string][]string{
		"accelerator in (a100, h100)": {"a100", "h100-spot"},
		"accelerator notin (a100)":    {"plain", "h100-spot", "k80"},
		"accelerator=k80":             {"k80"},
		"accelerator":                 {"a100", "h100-spot", "k80"},
		"!spot":                       {"plain", "a100", "k80"},
		"spot=":                       {"h100-spot"},
	} {
		for _, shards := range []int{1, 3} {
			plugin := sdktest.LoadShards(t, NewPlugin, `{"rules": {"x": ["`+expression+`"]}}`, cluster(), shards)
			got := plugin.Schedule(sdktest.Pod("p").Label("placement", "x").Build())
			if got.Err != nil || !reflect.DeepEqual(got.Feasible, want) {
				t.Errorf("%s on %d shards: %v %v, want %v", expression, shards, got.Feasible, got.Err, want)
			}
		}
	}
}

func TestReasonsAndOtherPods(t *testing.T) {
	plugin := sdktest.Load(t, NewPlugin, `{"rules": {"gpu": ["accelerator", "!spot"]}}`, cluster())
	got := plugin.Schedule(sdktest.Pod("p").Label("placement", "gpu").Build())
	want := &sdk.Rejection{Code: sdk.CodeUnresolvable, Reason: "placement needs a node with !spot"}
	if !reflect.DeepEqual(got.Rejected["h100-spot"], want) || got.Chosen != "a100" {
		t.Errorf("%+v", got)
	}
	if got := plugin.Schedule(sdktest.Pod("p").Build()); len(got.Feasible) != 4 {
		t.Errorf("a pod without the label may run anywhere: %v", got.Feasible)
	}
	got = plugin.Schedule(sdktest.Pod("p").Label("placement", "fpga").Build())
	if got.Err == nil || got.Err.Error() != `there is no placement "fpga"` {
		t.Error(got.Err)
	}
}

func TestConfig(t *testing.T) {
	err := sdktest.LoadError(NewPlugin, `{"rules": {"x": ["a b"]}}`)
	want := `config: "a b" is none of: key, !key, key=value, key in (a, b), key notin (a, b)`
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
