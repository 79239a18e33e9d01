package prebind

import "github.com/longshore-scheduler/longshore/plugins/sdk/go/internal/bridge"

//go:wasmexport longshore:scheduler/pre-bind@0.2.0#pre-bind
func preBind(arguments uint32) uint32 { return bridge.PreBind(arguments) }
