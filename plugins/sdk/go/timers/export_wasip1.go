package timers

import "longshore/sdk/internal/bridge"

//go:wasmexport longshore:scheduler/timers@0.2.0#every
func every(config, length uint32) uint32 { return bridge.Every(config, length) }

//go:wasmexport longshore:scheduler/timers@0.2.0#tick
func tick() uint32 { return bridge.Tick() }
