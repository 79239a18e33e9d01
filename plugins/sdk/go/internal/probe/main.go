// Command probe is a plugin with every stage that says back what it was told. Tests of the canonical ABI call it.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	sdk "longshore/sdk"
	"longshore/sdk/bind"
	"longshore/sdk/filter"
	"longshore/sdk/handover"
	"longshore/sdk/hints"
	"longshore/sdk/metrics"
	"longshore/sdk/normalizescore"
	"longshore/sdk/objects"
	"longshore/sdk/permit"
	"longshore/sdk/postbind"
	"longshore/sdk/postfilter"
	"longshore/sdk/prebind"
	"longshore/sdk/preenqueue"
	"longshore/sdk/prefilter"
	"longshore/sdk/prefilterextensions"
	"longshore/sdk/prescore"
	"longshore/sdk/queuesort"
	"longshore/sdk/reserve"
	"longshore/sdk/score"
	"longshore/sdk/timers"
)

var (
	name   = sdk.Name()
	zone   = sdk.Label("zone")
	taints = sdk.Taints()
	free   = sdk.Free(sdk.CPU)
	pods   = sdk.Pods()
	raw    = sdk.Raw()

	windows    = objects.Of[window]("example.com/v1", "Window", objects.Fields("spec.open", "spec.days"), objects.AboutNode())
	namespaces = objects.Of[struct{}]("v1", "Namespace")

	cpu = metrics.Of("CPU", "AVG", metrics.Rollup("15m"), metrics.MaxAge(90*time.Second), metrics.Timed())
	gpu = metrics.Query("gpu", metrics.FailOnOld())
)

type window struct {
	Spec struct {
		Open bool `json:"open"`
	} `json:"spec"`
}

// state is what PreFilter leaves.
type state struct {
	Want  sdk.Sym
	Moves []string
}

var config struct {
	Reason string `json:"reason"`
	Event  string `json:"event"`
	Every  string `json:"every"`
}

var last string

func told(what ...any) string {
	bytes, err := json.Marshal(what)
	if err != nil {
		panic(err)
	}
	return string(bytes)
}

// by does what the pod's name asks for.
func by(pod *sdk.Pod, what ...any) error {
	switch pod.Name {
	case "reject":
		return sdk.RejectPending(told(what...))
	case "break":
		return errors.New("broken: " + told(what...))
	case "panic":
		panic("as the pod wishes")
	case "crash":
		fmt.Println("about to crash")
		panic(crash(0))
	}
	return nil
}

func crash(depth int) int { return crash(depth+1) + 1 }

func preFilter(pod *sdk.Pod) (state, error) {
	left := state{Want: pod.LabelSym("zone")}
	switch pod.Name {
	case "skip":
		return left, sdk.Skip
	case "only":
		return left, sdk.OnlyNodes("a", "b")
	}
	return left, by(pod, pod)
}

func move(sign string) func(state, *sdk.Pod, *sdk.PodInfo, string) (state, error) {
	return func(s state, pod *sdk.Pod, other *sdk.PodInfo, node string) (state, error) {
		s.Moves = append(s.Moves, sign+other.Name+"@"+node)
		return s, by(pod, other, node)
	}
}

func judge(s state, pod *sdk.Pod, node sdk.Node) sdk.Verdict {
	switch {
	case pod.Name == "break":
		return sdk.Failed(errors.New("broken"))
	case pod.Name == "tell":
		list := []string{}
		for i := range node.List(taints).Len() {
			list = append(list, fmt.Sprint(node.List(taints).At(i)))
		}
		return sdk.Pending(told(node.Text(name), node.Text(zone), list, node.Number(free), node.Pods(pods), string(node.Raw(raw))))
	case pod.Name == "measure":
		percent, at, known := cpu.Measured(node)
		value, there := gpu.At(node)
		return sdk.Pending(told(percent, at.UnixMilli(), known, value, there))
	case node.Number(free) < pod.Request(sdk.CPU):
		return sdk.Unfit("no room")
	}
	return sdk.FitIfFinally(s.Want == node.Text(zone), config.Reason)
}

func postFilter(s state, pod *sdk.Pod, rejected []sdk.NodeRejection) (sdk.Nomination, error) {
	return sdk.Nomination{Node: rejected[0].Node, Victims: []string{"v1", "v2"}}, by(pod, s, rejected)
}

func preScore(s state, pod *sdk.Pod, feasible int) (string, error) {
	if pod.Name == "skip" {
		return "", sdk.Skip
	}
	return fmt.Sprint(s.Want, "/", feasible), by(pod, s, feasible)
}

func grade(left string, _ *sdk.Pod, node sdk.Node) int64 {
	return node.Number(free) + int64(len(left))
}

func normalize(left string, scores []int64) error {
	for i := range scores {
		scores[i] -= int64(len(left))
	}
	return nil
}

func setAside(s state, pod *sdk.Pod, node string) error { return by(pod, s, pod, node) }

func wait(s state, pod *sdk.Pod, node string) (time.Duration, error) {
	if pod.Name == "wait" {
		return 1500 * time.Microsecond, nil
	}
	return 0, by(pod, s, node)
}

func bindTo(_ state, pod *sdk.Pod, node string) (*sdk.Binding, error) {
	if pod.Name == "leave" {
		return nil, nil
	}
	return &sdk.Binding{Annotations: map[string]string{"node": node, "by": "probe"}}, by(pod, node)
}

// ask calls everything that the scheduler offers.
func ask(pod *sdk.Pod, node string) {
	last = told(pod.UID, node)
	sdk.Log(sdk.Warn, "asking")
	sdk.Allow("u1")
	sdk.RejectWaiting("u2", "no")
	sdk.Emit(pod.UID, true, "Asked", "a note")
	sdk.Log(sdk.Info, told(sdk.Waiting(), sdk.PodsOfNamespace("shop"), sdk.PodsOnNode("a"), string(sdk.RawNode("a")),
		sdk.RawPodOf("none") == nil, sdk.Now(), sdk.Random()))
}

// askEngine calls what the engine offers, and says what came back.
func askEngine(node string) string {
	sdk.Activate("u3")
	kept, err := sdk.KeepFirst(node, "v1", "v2", "v3")
	_, unkept := sdk.KeepFirst("none")
	text := func(err error) string {
		var rejection *sdk.Rejection
		if errors.As(err, &rejection) {
			return fmt.Sprint("no ", rejection.Code, " ", rejection.Reason)
		}
		return fmt.Sprint(err)
	}
	return told(sdk.Nominated(node), sdk.Terminating(node), text(sdk.WouldFit(node)), text(sdk.WouldFit(node, "v1", "größe")),
		text(sdk.WouldFit("none")), kept, text(err), text(unkept))
}

func rank(pod *sdk.Pod, since uint64) (sdk.Rank, error) {
	return sdk.Rank{First: -int64(pod.Priority), Second: int64(since)}, by(pod, pod, since)
}

func hint(pod *sdk.Pod, event *sdk.HintEvent) (bool, error) {
	if window := windows.Changed(event); window != nil {
		last = told(window)
		return window.After != nil && window.After.Body.Spec.Open, nil
	}
	last = told(event)
	return event.Action == "Add", by(pod, pod)
}

func every() (time.Duration, error) { return time.ParseDuration(config.Every) }

func tick() error {
	switch config.Event {
	case "break":
		return errors.New("no time")
	case "engine":
		last = askEngine("a")
	default:
		last = told(windows.All(), windows.Labelled("a", "b"), windows.OwnedBy("o"), len(namespaces.All()), windows.Changes(),
			fmt.Sprint(windows.Err("shop", "broken")))
	}
	return nil
}

// NewPlugin puts the plugin together.
func NewPlugin() *sdk.Plugin {
	return sdk.New("Probe",
		sdk.Version("1.2.3"),
		sdk.Description("Says back what it was told."),
		sdk.Config(&config),
		sdk.OnInit(func(instance sdk.Instance) error {
			if strings.HasPrefix(config.Reason, "bad") {
				return fmt.Errorf("shard %d: a bad reason", instance.Shard)
			}
			return nil
		}),
		sdk.ByConfig(func(manifest *sdk.Manifest) error {
			switch config.Event {
			case "bad":
				return errors.New("no such event")
			case "Window":
				manifest.Events = append(manifest.Events, windows.On("Update"))
			}
			return nil
		}),
		sdk.Single(), sdk.RawPod(),
		sdk.Events(sdk.On("Node", "Add", "UpdateNodeLabel")),
		preenqueue.Stage(func(pod *sdk.Pod) error { return by(pod, pod) }),
		prefilter.Stage(preFilter),
		prefilterextensions.Stage(move("+"), move("-")),
		filter.Stage(judge),
		postfilter.Stage(postFilter),
		prescore.Stage(preScore),
		score.Stage(grade),
		normalizescore.Stage(normalize),
		reserve.Stage(setAside, func(pod *sdk.Pod, node string) { last = told("unreserve", pod.Name, node) }),
		permit.Stage(wait),
		prebind.Stage(setAside),
		bind.Stage(bindTo),
		postbind.Stage(ask),
		queuesort.Stage(rank),
		hints.Stage(hint),
		timers.Stage(every, tick),
		handover.Stage(
			func() ([]byte, error) { return []byte(last), nil },
			func(saved []byte) error {
				last = string(saved)
				if last == "bad" {
					return errors.New("cannot read this")
				}
				return nil
			}),
	)
}

func init() { sdk.Register(NewPlugin()) }

func main() {}
