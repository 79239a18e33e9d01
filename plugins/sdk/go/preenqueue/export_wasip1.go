package preenqueue

import "longshore/sdk/internal/bridge"

//go:wasmexport longshore:scheduler/pre-enqueue@0.2.0#pre-enqueue
func preEnqueue(arguments uint32) uint32 { return bridge.PreEnqueue(arguments) }
