package sdk

import (
	"errors"
	"math"
	"time"
)

// Stale says what the plugin makes of values that are older than it wants. It is for package metrics.
type Stale uint8

// The cases of `stale` in the interface, in its order.
const (
	StaleKeep Stale = iota
	StaleIgnore
	StaleFail
)

// MetricSpec is a metric that the plugin reads. It is for package metrics, which declares them.
type MetricSpec struct {
	Name, Kind, Operator, Rollup string
	// MaxAge is 0 for values of any age.
	MaxAge time.Duration
	Stale  Stale
	Timed  bool
}

// MetricUpdate is new values of one metric for some rows. The scheduler sends it.
type MetricUpdate struct {
	// Metric is a place in the list of metrics.
	Metric int
	Rows   []uint32
	// Values has one for each of Rows; not a number where there is none.
	Values []float64
	// Times has one for each of Rows, or nothing.
	Times []uint64
}

// declaredMetrics holds every metric that the program asked for: the place of a metric here is its place in the list that the
// scheduler is told.
var declaredMetrics []MetricSpec

// DeclareMetric is for package metrics: it finds or makes the place of a metric.
func DeclareMetric(spec MetricSpec) int {
	for i := range declaredMetrics {
		if declaredMetrics[i] == spec {
			return i
		}
	}
	if described {
		panic("sdk: metrics are declared as variables of the package or in ByConfig, before the plugin runs")
	}
	declaredMetrics = append(declaredMetrics, spec)
	return len(declaredMetrics) - 1
}

// metricData is the values of one metric, one for each row that was told of.
type metricData struct {
	values []float64
	times  []uint64
}

var errMetrics = errors.New("values that were measured do not fit what the plugin declared")

// Metrics is what the plugin reads of what is measured on nodes, for a config.
func (p *Plugin) Metrics(config string) ([]MetricSpec, error) {
	if _, err := p.DescribeBy(config); err != nil {
		return nil, err
	}
	return declaredMetrics, nil
}

// ApplyMetrics changes what is measured on nodes.
func (p *Plugin) ApplyMetrics(reset bool, updates []MetricUpdate) error {
	current = p
	if reset || len(p.table.metrics) < len(declaredMetrics) {
		p.table.metrics = make([]metricData, len(declaredMetrics))
	}
	for i := range updates {
		update := &updates[i]
		timed := len(update.Times) > 0
		if update.Metric >= len(p.table.metrics) || len(update.Values) != len(update.Rows) ||
			timed && len(update.Times) != len(update.Rows) {
			return errMetrics
		}
		p.table.metrics[update.Metric].write(update, timed)
	}
	return nil
}

func (m *metricData) write(update *MetricUpdate, timed bool) {
	for i, row := range update.Rows {
		for len(m.values) <= int(row) {
			m.values = append(m.values, math.NaN())
			m.times = append(m.times, 0)
		}
		m.values[row], m.times[row] = update.Values[i], 0
		if timed {
			m.times[row] = update.Times[i]
		}
	}
}

// MetricAt is for package metrics: the value of a metric at a node, and its time in milliseconds since the Unix epoch.
func MetricAt(place int, node Node) (value float64, time uint64, known bool) {
	metrics := node.table.metrics
	if place >= len(metrics) || int(node.row) >= len(metrics[place].values) {
		return 0, 0, false
	}
	value = metrics[place].values[node.row]
	if math.IsNaN(value) {
		return 0, 0, false
	}
	return value, metrics[place].times[node.row], true
}
