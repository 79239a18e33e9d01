package prefilterextensions

import "longshore/sdk/internal/bridge"

//go:wasmexport longshore:scheduler/pre-filter-extensions@0.2.0#add-pod
func addPod(arguments uint32) uint32 { return bridge.AddPod(arguments) }

//go:wasmexport longshore:scheduler/pre-filter-extensions@0.2.0#remove-pod
func removePod(arguments uint32) uint32 { return bridge.RemovePod(arguments) }
