package objects

import "longshore/sdk/internal/bridge"

//go:wasmexport longshore:scheduler/objects@0.2.0#kinds
func kinds(config, length uint32) uint32 { return bridge.Kinds(config, length) }

//go:wasmexport longshore:scheduler/objects@0.2.0#apply
func apply(reset, changes, length uint32) { bridge.ApplyObjects(reset, changes, length) }
