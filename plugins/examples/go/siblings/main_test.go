package main

import (
	"fmt"
	"slices"
	"testing"

	sdk "longshore/sdk"
	"longshore/sdk/sdktest"
)

func member(name string) *sdk.Pod {
	return sdktest.Pod(name).Label(setLabel, "train").Label(sizeLabel, "3").Build()
}

func load(t *testing.T) *sdktest.Plugin {
	cluster := sdktest.NewCluster()
	cluster.Node("n")
	return sdktest.Load(t, NewPlugin, "null", cluster)
}

// there makes these the pods that are there.
func there(plugin *sdktest.Plugin, names ...string) {
	plugin.Services.RawPods = map[string][]byte{}
	for _, name := range names {
		plugin.Services.RawPods[member(name).UID] = []byte("{}")
	}
}

// check asks about a pod, and says who is woken by it.
func check(t *testing.T, plugin *sdktest.Plugin, pod *sdk.Pod, want string, woken ...string) {
	t.Helper()
	plugin.Services.Activated = nil
	if got := fmt.Sprint(plugin.Schedule(pod).Err); got != want {
		t.Errorf("%s: got %s, want %s", pod.Name, got, want)
	}
	if got := plugin.Services.Activated; !slices.Equal(got, woken) {
		t.Errorf("%s wakes %v, want %v", pod.Name, got, woken)
	}
}

func TestTheLastOneWakesTheOthersOnce(t *testing.T) {
	plugin := load(t)
	there(plugin, "a", "b", "c")
	check(t, plugin, member("a"), "waits for 2 more pod(s) of its set")
	check(t, plugin, member("b"), "waits for 1 more pod(s) of its set")
	check(t, plugin, member("a"), "waits for 1 more pod(s) of its set")
	check(t, plugin, member("c"), "<nil>", "uid-a", "uid-b")
	check(t, plugin, member("a"), "<nil>")
	check(t, plugin, member("c"), "<nil>")
}

func TestAPodThatIsGoneDoesNotCount(t *testing.T) {
	plugin := load(t)
	there(plugin, "a", "b")
	check(t, plugin, member("a"), "waits for 2 more pod(s) of its set")
	check(t, plugin, member("b"), "waits for 1 more pod(s) of its set")
	there(plugin, "b", "c", "d")
	check(t, plugin, member("c"), "waits for 1 more pod(s) of its set")
	check(t, plugin, member("d"), "<nil>", "uid-b", "uid-c")
}

func TestPodsThatRunAlreadyCount(t *testing.T) {
	plugin := load(t)
	there(plugin, "c")
	for _, name := range []string{"a", "b"} {
		info := member(name).PodInfo
		info.Node = "n"
		plugin.Services.Pods = append(plugin.Services.Pods, info)
	}
	check(t, plugin, member("c"), "<nil>", "uid-a", "uid-b")
}

func TestPodsWithoutASetGoAndASetNeedsASize(t *testing.T) {
	plugin := load(t)
	check(t, plugin, sdktest.Pod("web").Build(), "<nil>")
	for _, size := range []string{"0", "three"} {
		pod := sdktest.Pod("web").Label(setLabel, "train").Label(sizeLabel, size).Build()
		check(t, plugin, pod, "the label "+sizeLabel+" is no number of pods")
	}
}
