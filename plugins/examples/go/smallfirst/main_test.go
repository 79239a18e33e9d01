package main

import (
	"math"
	"testing"

	sdk "longshore/sdk"
	"longshore/sdk/sdktest"
)

// before says whether a pod that came at a second goes before another.
func before(t *testing.T, cpu int64, priority int32, second uint64, otherCPU int64, otherPriority int32, otherSecond uint64) bool {
	t.Helper()
	plugin := sdktest.Load(t, NewPlugin, "null", sdktest.NewCluster())
	rank := func(cpu int64, priority int32, second uint64) sdk.Rank {
		pod := sdktest.Pod("web").Request(sdk.CPU, cpu).Priority(priority).Build()
		rank, err := plugin.Rank(pod, second*1000)
		if err != nil {
			t.Fatal(err)
		}
		return rank
	}
	one, other := rank(cpu, priority, second), rank(otherCPU, otherPriority, otherSecond)
	return one.First < other.First || one.First == other.First && one.Second < other.Second
}

func TestSmallPodsGoBeforeLargeOnesThatCameALittleEarlier(t *testing.T) {
	if !before(t, 100, 0, 60, 8000, 0, 0) || before(t, 100, 0, 120, 8000, 0, 0) || !before(t, 100, 0, 1, 100, 0, 2) {
		t.Error("the order is another")
	}
}

func TestTheMoreImportantPodGoesFirst(t *testing.T) {
	if !before(t, 64_000, 10, 600, 100, 0, 0) || before(t, 100, math.MinInt32, 0, 100, math.MaxInt32, 0) {
		t.Error("the order is another")
	}
}

func TestTheConfigIsChecked(t *testing.T) {
	if sdktest.LoadError(NewPlugin, `{"secondsPerCore": 3601}`) == nil {
		t.Error("taken")
	}
	plugin := sdktest.Load(t, NewPlugin, `{"secondsPerCore": 3600}`, sdktest.NewCluster())
	pod := sdktest.Pod("web").Request(sdk.CPU, math.MaxInt64).Build()
	if rank, err := plugin.Rank(pod, math.MaxUint64); err != nil || rank != (sdk.Rank{Second: math.MaxInt64}) {
		t.Error(rank, err)
	}
}
