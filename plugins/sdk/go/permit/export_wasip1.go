package permit

import "longshore/sdk/internal/bridge"

//go:wasmexport longshore:scheduler/permit@0.2.0#permit
func permit(arguments uint32) uint32 { return bridge.Permit(arguments) }
