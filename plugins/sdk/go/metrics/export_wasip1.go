package metrics

import "longshore/sdk/internal/bridge"

//go:wasmexport longshore:scheduler/metrics@0.2.0#wanted
func wanted(config, length uint32) uint32 { return bridge.Metrics(config, length) }

//go:wasmexport longshore:scheduler/metrics@0.2.0#apply
func apply(reset, updates, length uint32) { bridge.ApplyMetrics(reset, updates, length) }
