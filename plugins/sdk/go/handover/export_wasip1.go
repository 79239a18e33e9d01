package handover

import "longshore/sdk/internal/bridge"

//go:wasmexport longshore:scheduler/handover@0.2.0#save
func save() uint32 { return bridge.Save() }

//go:wasmexport longshore:scheduler/handover@0.2.0#restore
func restore(saved, length uint32) uint32 { return bridge.Restore(saved, length) }
