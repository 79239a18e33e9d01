package queuesort

import "longshore/sdk/internal/bridge"

//go:wasmexport longshore:scheduler/queue-sort@0.2.0#rank
func rank(arguments uint32) uint32 { return bridge.Rank(arguments) }
