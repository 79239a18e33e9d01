package prescore

import "longshore/sdk/internal/bridge"

//go:wasmexport longshore:scheduler/pre-score@0.2.0#pre-score
func preScore(arguments uint32) uint32 { return bridge.PreScore(arguments) }
