package run

import "time"

// Report is what one run gave; it is printed as one line of JSON.
type Report struct {
	Workload string `json:"workload"`
	Bench    string `json:"bench"`
	Size     string `json:"size"`
	Variant  string `json:"variant"`
	// Pods is how many measured pods were decided on: fewer than the workload has when the CPU time was used up.
	Pods          int     `json:"pods"`
	Stopped       bool    `json:"stopped"`
	Placed        int     `json:"placed"`
	Seconds       float64 `json:"seconds"`
	PodsPerSecond float64 `json:"pods_per_second"`
	// CPUPerPod is the user and system time of the whole process, garbage collection included, per measured pod.
	CPUPerPod float64 `json:"cpu_us_per_pod"`
	P50       float64 `json:"p50_us"`
	P99       float64 `json:"p99_us"`
	Memory    float64 `json:"rss_mib"`
}

func (r *run) report() *Report {
	pods := len(r.meter.latencies)
	report := &Report{
		Workload: r.file.Name, Bench: r.file.Bench, Size: r.size.Name, Variant: string(r.options.Variant),
		Pods: pods, Stopped: r.stopped, Placed: r.meter.placed, Seconds: r.meter.wall.Seconds(),
		P50: micros(r.meter.percentile(0.5)), P99: micros(r.meter.percentile(0.99)), Memory: peakMemory(),
	}
	if pods > 0 {
		report.PodsPerSecond = float64(pods) / report.Seconds
		report.CPUPerPod = micros(r.meter.cpu) / float64(pods)
	}
	return report
}

func micros(duration time.Duration) float64 {
	return float64(duration.Nanoseconds()) / 1000
}
