package cycle

import "longshore/sdk/internal/bridge"

//go:wasmexport longshore:scheduler/cycle@0.2.0#begin
func begin(arguments uint32) uint32 { return bridge.Begin(arguments) }
