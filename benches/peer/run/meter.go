package run

import (
	"runtime"
	"slices"
	"syscall"
	"time"
)

// meter measures the decisions. It runs while pods are scheduled and stands still while they are made.
type meter struct {
	running   bool
	measuring bool
	began     time.Time
	beganCPU  time.Duration
	scheduled time.Duration
	wall      time.Duration
	cpu       time.Duration
	latencies []time.Duration
	placed    int
	// perPod is the least time that a measured pod takes by the simulated clock.
	perPod time.Duration
}

func (m *meter) start(measured bool) {
	if measured && len(m.latencies) == 0 {
		runtime.GC() // what was left over by making the cluster is not the pods' to pay for
	}
	m.running, m.measuring = true, measured
	m.began, m.beganCPU = time.Now(), usedCPU()
}

func (m *meter) stop() {
	m.scheduled = m.clock()
	m.wall, m.cpu = m.measuredWall(), m.measuredCPU()
	m.running, m.measuring = false, false
}

// clock is how long pods have been scheduled, whether measured or not.
func (m *meter) clock() time.Duration {
	if !m.running {
		return m.scheduled
	}
	return m.scheduled + time.Since(m.began)
}

// simulated is the clock that things happen by beside the pods, the same as in Longshore's runner: the time that was spent
// scheduling, but measured pods are no faster than the workload's threshold. A scheduler that is slower than that sees
// more happen per pod.
func (m *meter) simulated() time.Duration {
	ahead := time.Duration(len(m.latencies))*m.perPod - m.measuredWall()
	return m.clock() + max(ahead, 0)
}

// measuredWall is the time spent scheduling measured pods.
func (m *meter) measuredWall() time.Duration {
	if !m.measuring {
		return m.wall
	}
	return m.wall + time.Since(m.began)
}

// measuredCPU is the CPU time of the whole process while measured pods were scheduled.
func (m *meter) measuredCPU() time.Duration {
	if !m.measuring {
		return m.cpu
	}
	return m.cpu + usedCPU() - m.beganCPU
}

// decided notes a decision about a measured pod.
func (m *meter) decided(latency time.Duration, placed bool) {
	m.latencies = append(m.latencies, latency)
	if placed {
		m.placed++
	}
}

// percentile is the smallest latency that this share of the decisions did not exceed.
func (m *meter) percentile(share float64) time.Duration {
	if len(m.latencies) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(m.latencies))
	return sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]
}

// usedCPU is the user and system time of this process.
func usedCPU() time.Duration {
	usage := resources()
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// peakMemory is the largest resident set that this process had, in MiB. Linux counts it in KiB.
func peakMemory() float64 {
	return float64(resources().Maxrss) / 1024
}

func resources() syscall.Rusage {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage) // it fails on bad addresses only
	return usage
}
