package objects_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	sdk "longshore/sdk"
	"longshore/sdk/hints"
	"longshore/sdk/objects"
	"longshore/sdk/prefilter"
	"longshore/sdk/sdktest"
)

var windows = objects.Of[window]("example.com/v1", "Window", objects.Fields("spec.open"))

type window struct {
	Spec struct {
		Open        bool  `json:"open"`
		NotDeclared *bool `json:"notDeclared"`
	} `json:"spec"`
}

func newPlugin() *sdk.Plugin {
	return sdk.New("Windows",
		prefilter.Stage(func(pod *sdk.Pod) (struct{}, error) {
			for _, window := range windows.InNamespace(pod.Namespace) {
				if window.Body.Spec.Open {
					return struct{}{}, nil
				}
			}
			return struct{}{}, sdk.RejectFinally("closed")
		}),
		hints.Stage(func(_ *sdk.Pod, event *sdk.HintEvent) (bool, error) {
			change := windows.Changed(event)
			return change == nil || change.After != nil && change.After.Body.Spec.Open, nil
		}),
	)
}

func object(namespace, name string, open any) map[string]any {
	return map[string]any{
		"metadata": map[string]any{
			"namespace": namespace, "name": name, "labels": map[string]string{"team": name},
			"ownerReferences":   []any{map[string]string{"kind": "Team", "name": name, "uid": "owner-" + name}},
			"creationTimestamp": "1970-01-01T00:00:02Z",
		},
		"spec": map[string]any{"open": open, "notDeclared": true},
	}
}

func names(objects []*objects.Object[window]) string {
	var names []string
	for _, object := range objects {
		names = append(names, object.Namespace+"/"+object.Name)
	}
	return strings.Join(names, " ")
}

func check[T comparable](t *testing.T, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestObjectsAreFoundAndFollowWhatChanges(t *testing.T) {
	cluster := sdktest.NewCluster().
		Object(windows, object("shop", "b", false)).
		Object(windows, object("shop", "a", false)).
		Object(windows, object("bank", "b", true))
	plugin := sdktest.Load(t, newPlugin, "null", cluster)
	check(t, names(windows.All()), "bank/b shop/a shop/b")
	check(t, names(windows.InNamespace("shop")), "shop/a shop/b")
	check(t, names(windows.InNamespace("sho")), "")
	check(t, names(windows.Labelled("team", "b")), "bank/b shop/b")
	check(t, names(windows.OwnedBy("owner-a")), "shop/a")
	check(t, windows.Get("shop", "c"), nil)
	a := windows.Get("shop", "a")
	check(t, a.Created.Equal(time.Unix(2, 0)) && a.Deleted.IsZero(), true)
	check(t, a.Body.Spec.NotDeclared, nil)

	before := windows.Changes()
	plugin.Update()
	check(t, windows.Changes(), before)
	var rejection *sdk.Rejection
	pod := sdktest.Pod("web").Namespace("shop").Build()
	check(t, errors.As(plugin.Schedule(pod).Err, &rejection), true)
	cluster.Object(windows, object("shop", "b", true))
	plugin.Update()
	check(t, windows.Changes(), before+1)
	check(t, plugin.Schedule(pod).Err, nil)
	cluster.RemoveObject(windows, "shop", "b")
	plugin.Update()
	check(t, names(windows.All())+"|"+names(windows.Labelled("team", "b")), "bank/b shop/a|bank/b")
	check(t, errors.As(plugin.Schedule(pod).Err, &rejection), true)
}

func TestAnObjectThatCannotBeReadIsAbsentAndSaidOnce(t *testing.T) {
	cluster := sdktest.NewCluster().Object(windows, object("shop", "a", "yes"))
	plugin := sdktest.Load(t, newPlugin, "null", cluster)
	// The scheduler's own instance and the one with nodes each say it.
	check(t, len(plugin.Services.Logs), 2)
	check(t, strings.HasPrefix(plugin.Services.Logs[0], "Window.v1.example.com shop/a cannot be read and counts as absent: "), true)
	check(t, windows.Get("shop", "a"), nil)
	check(t, windows.Err("shop", "a") != nil && windows.Err("shop", "b") == nil, true)

	same := object("shop", "a", "yes")
	same["metadata"].(map[string]any)["uid"] = "u"
	cluster.Object(windows, same)
	plugin.Update()
	check(t, len(plugin.Services.Logs), 2)
	cluster.Object(windows, object("shop", "a", true))
	plugin.Update()
	check(t, windows.Err("shop", "a") == nil && windows.Get("shop", "a") != nil, true)
}

func TestHintsSeeTheObjectBeforeAndAfter(t *testing.T) {
	plugin := sdktest.Load(t, newPlugin, "null", sdktest.NewCluster())
	pod := sdktest.Pod("web").Build()
	for _, open := range []bool{true, false} {
		after, err := json.Marshal(object("shop", "a", open))
		if err != nil {
			t.Fatal(err)
		}
		event := &sdk.HintEvent{
			Resource: "Window.v1.example.com", Action: "Add",
			Object: &sdk.HintObject{Namespace: "shop", Name: "a", After: after},
		}
		got, err := plugin.Hint(pod, event)
		check(t, fmt.Sprint(got, err), fmt.Sprint(open, " <nil>"))
	}
	got, _ := plugin.Hint(pod, &sdk.HintEvent{Resource: "Node", Action: "Add", Node: "a"})
	check(t, got, true)
}

var (
	zone  sdk.TextColumn
	gates objects.Kind[window]
)

func TestTheConfigNamesColumnsKindsAndEvents(t *testing.T) {
	var config struct{ Group, Key string }
	byConfig := func() *sdk.Plugin {
		return sdk.New("Gates", sdk.Config(&config), sdk.Single(), sdk.ByConfig(func(manifest *sdk.Manifest) error {
			zone = sdk.Label(config.Key)
			gates = objects.Of[window](config.Group+"/v2", "Gate")
			manifest.Events = append(manifest.Events, gates.On("Add"))
			return nil
		}), prefilter.Stage(func(*sdk.Pod) (string, error) {
			for node := range sdk.Nodes() {
				if gates.Get("shop", node.Text(zone).String()) == nil {
					return "", sdk.Reject("no gate " + node.Text(zone).String())
				}
			}
			return "", nil
		}))
	}
	text := `{"Group": "other.example.com", "Key": "rack"}`
	manifest, err := byConfig().DescribeBy(text)
	check(t, err, nil)
	check(t, manifest.Events[0].Resource, "Gate.v2.other.example.com")
	cluster := sdktest.NewCluster()
	cluster.Node("n").Label("rack", "r7")
	plugin := sdktest.Load(t, byConfig, text, cluster)
	check(t, fmt.Sprint(plugin.Schedule(sdktest.Pod("web").Build()).Err), "no gate r7")
	cluster.Object(gates, object("shop", "r7", true))
	plugin.Update()
	check(t, plugin.Schedule(sdktest.Pod("web").Build()).Err, nil)
}

func TestAKindIsOneForEachTypeThatItIsReadAs(t *testing.T) {
	type other window
	cluster := sdktest.NewCluster()
	sdktest.Load(t, func() *sdk.Plugin {
		return sdk.New("Twice", sdk.ByConfig(func(*sdk.Manifest) error {
			again := objects.Of[window]("example.com/v1", "Window", objects.Fields("spec.open"))
			otherwise := objects.Of[other]("example.com/v1", "Window", objects.Fields("spec.open"))
			check(t, again.Place(), windows.Place())
			check(t, otherwise.Place() != windows.Place(), true)
			return nil
		}))
	}, "null", cluster)
}
