package prebind

import "longshore/sdk/internal/bridge"

//go:wasmexport longshore:scheduler/pre-bind@0.2.0#pre-bind
func preBind(arguments uint32) uint32 { return bridge.PreBind(arguments) }
