// Package metrics lets a plugin read what is measured on nodes, such as how busy their processors are. The operator has to
// grant "metrics" and says in the plugin's args where values come from; the scheduler asks there from time to time.
//
//	var cpu = metrics.Of("CPU", "AVG", metrics.MaxAge(2*time.Minute))
//
//	func busy(node sdk.Node) bool {
//		percent, known := cpu.At(node)
//		return known && percent > 80
//	}
//
// Metrics are declared as variables of a package, or in the function of sdk.ByConfig. Reading them asks nobody.
package metrics

import (
	"time"

	sdk "longshore/sdk"
)

// Metric is a value that nodes have.
type Metric struct{ place int }

// Option is something that is said of a metric.
type Option func(*sdk.MetricSpec)

// Rollup takes only values that sum up this time, such as "15m".
func Rollup(rollup string) Option { return func(spec *sdk.MetricSpec) { spec.Rollup = rollup } }

// MaxAge takes values that are older for none. Without it values of any age count.
func MaxAge(age time.Duration) Option { return func(spec *sdk.MetricSpec) { spec.MaxAge = age } }

// KeepOld takes values that are older than MaxAge for values like others. It is of use with the times of Measured only.
func KeepOld() Option { return func(spec *sdk.MetricSpec) { spec.Stale = sdk.StaleKeep } }

// FailOnOld has the scheduler count every question of Filter and Score as a failure of the plugin, without asking it, as
// long as no node has a value that is not older than MaxAge. Values of single nodes that are older count for none.
func FailOnOld() Option { return func(spec *sdk.MetricSpec) { spec.Stale = sdk.StaleFail } }

// Timed asks for the times of values. A plugin that is Pure is asked about all nodes again each time that values are
// measured.
func Timed() Option { return func(spec *sdk.MetricSpec) { spec.Timed = true } }

// Of declares a metric of a kind ("CPU", "Memory", "Bandwidth", "Storage") and an operator ("AVG", "STD", "Latest"); empty
// words stand for any. Values of CPU and Memory are shares of what the node has, in percent.
func Of(kind, operator string, options ...Option) Metric {
	return declare(sdk.MetricSpec{Kind: kind, Operator: operator}, options)
}

// Query declares the values of a query, by the name that the profile gives it.
func Query(name string, options ...Option) Metric {
	return declare(sdk.MetricSpec{Name: name}, options)
}

func declare(spec sdk.MetricSpec, options []Option) Metric {
	spec.Stale = sdk.StaleIgnore
	for _, option := range options {
		option(&spec)
	}
	return Metric{sdk.DeclareMetric(spec)}
}

// At is the value of a node; false where there is none, or one that is too old.
func (m Metric) At(node sdk.Node) (value float64, known bool) {
	value, _, known = sdk.MetricAt(m.place, node)
	return value, known
}

// Measured is the same with the time at which it was measured. The metric has to be Timed.
func (m Metric) Measured(node sdk.Node) (value float64, at time.Time, known bool) {
	value, millis, known := sdk.MetricAt(m.place, node)
	return value, time.UnixMilli(int64(millis)), known
}

// Place is for package sdktest.
func (m Metric) Place() int { return m.place }
