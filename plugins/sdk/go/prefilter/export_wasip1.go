package prefilter

import "longshore/sdk/internal/bridge"

//go:wasmexport longshore:scheduler/pre-filter@0.2.0#pre-filter
func preFilter(arguments uint32) uint32 { return bridge.PreFilter(arguments) }
