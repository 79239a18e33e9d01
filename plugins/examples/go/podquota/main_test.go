package main

import (
	"fmt"
	"testing"

	sdk "longshore/sdk"
	"longshore/sdk/sdktest"
)

func quota(namespace string, running any) map[string]any {
	return map[string]any{
		"apiVersion": "example.com/v1", "kind": "PodQuota",
		"metadata": map[string]any{"namespace": namespace, "name": "batch"},
		"spec":     map[string]any{"running": running, "matchLabels": map[string]string{"app": "batch"}},
	}
}

func batch(name string) *sdk.Pod {
	return sdktest.Pod(name).Namespace("shop").Label("app", "batch").Build()
}

func running(pods ...*sdk.Pod) []sdk.PodInfo {
	var infos []sdk.PodInfo
	for _, pod := range pods {
		info := pod.PodInfo
		info.Node = "node"
		infos = append(infos, info)
	}
	return infos
}

func check(t *testing.T, plugin *sdktest.Plugin, pod *sdk.Pod, want string) {
	t.Helper()
	if got := fmt.Sprint(plugin.Schedule(pod).Err); got != want {
		t.Errorf("%s: got %s, want %s", pod.Name, got, want)
	}
}

func TestAPodWaitsWhileAsManyRunAsTheQuotaSays(t *testing.T) {
	cluster := sdktest.NewCluster().Object(quotas, quota("shop", 2))
	plugin := sdktest.Load(t, NewPlugin, "null", cluster)
	plugin.Services.Pods = running(batch("a"))
	check(t, plugin, batch("c"), "<nil>")
	plugin.Services.Pods = running(batch("a"), batch("b"))
	check(t, plugin, batch("c"), "PodQuota batch lets 2 pod(s) run")
	check(t, plugin, sdktest.Pod("web").Namespace("shop").Build(), "<nil>")

	cluster.Object(quotas, quota("shop", 3))
	plugin.Update()
	check(t, plugin, batch("c"), "<nil>")
	cluster.RemoveObject(quotas, "shop", "batch")
	plugin.Update()
	check(t, plugin, batch("c"), "<nil>")
}

func TestAQuotaThatCannotBeReadHoldsNobodyUpAndIsInTheLog(t *testing.T) {
	plugin := sdktest.Load(t, NewPlugin, "null", sdktest.NewCluster().Object(quotas, quota("shop", "two")))
	plugin.Services.Pods = running(batch("a"), batch("b"))
	check(t, plugin, batch("c"), "<nil>")
	if len(plugin.Services.Logs) == 0 {
		t.Error("nothing is in the log")
	}
}

func TestOnlyWhatHappensInTheNamespaceHelps(t *testing.T) {
	plugin := sdktest.Load(t, NewPlugin, "null", sdktest.NewCluster())
	for namespace, want := range map[string]bool{"shop": true, "bank": false} {
		object := &sdk.HintObject{Namespace: namespace, Name: "batch", After: []byte(`{}`)}
		quota := &sdk.HintEvent{Resource: "PodQuota.v1.example.com", Action: "Update", Object: object}
		gone := &sdk.HintEvent{
			Resource: "Pod", Action: "Delete",
			Pod: &sdk.PodChange{Before: &sdktest.Pod("x").Namespace(namespace).Build().PodInfo},
		}
		for _, event := range []*sdk.HintEvent{quota, gone} {
			if got, err := plugin.Hint(batch("c"), event); got != want || err != nil {
				t.Errorf("%s of %s: %v %v", event.Resource, namespace, got, err)
			}
		}
	}
}
