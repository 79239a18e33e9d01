package reserve

import "longshore/sdk/internal/bridge"

//go:wasmexport longshore:scheduler/reserve@0.2.0#reserve
func reserve(arguments uint32) uint32 { return bridge.Reserve(arguments) }

//go:wasmexport longshore:scheduler/reserve@0.2.0#unreserve
func unreserve(arguments uint32) { bridge.Unreserve(arguments) }
