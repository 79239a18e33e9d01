package sdktest

import (
	"math"
	"time"

	sdk "longshore/sdk"
)

// Metric is what is measured on nodes: a variable that metrics.Of or metrics.Query made.
type Metric interface{ Place() int }

// measured is a value of a test.
type measured struct {
	value float64
	at    uint64
}

// Metric sets a value that was measured on the node.
func (n *Node) Metric(metric Metric, value float64) *Node {
	return n.Measured(metric, value, time.UnixMilli(0))
}

// Measured sets a value that was measured on the node, and when.
func (n *Node) Measured(metric Metric, value float64, at time.Time) *Node {
	n.metrics[metric.Place()] = measured{value, uint64(max(0, at.UnixMilli()))}
	return n
}

// Unmeasured takes a value away.
func (n *Node) Unmeasured(metric Metric) *Node {
	delete(n.metrics, metric.Place())
	return n
}

// metricUpdates is every value of all nodes of a shard.
func metricUpdates(specs []sdk.MetricSpec, nodes []*Node) []sdk.MetricUpdate {
	updates := make([]sdk.MetricUpdate, len(specs))
	for place := range updates {
		update := &updates[place]
		update.Metric = place
		for row, node := range nodes {
			value, known := node.metrics[place]
			if !known {
				value.value = math.NaN()
			}
			update.Rows = append(update.Rows, uint32(row))
			update.Values = append(update.Values, value.value)
			if specs[place].Timed {
				update.Times = append(update.Times, value.at)
			}
		}
	}
	return updates
}
