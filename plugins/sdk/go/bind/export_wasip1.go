package bind

import "longshore/sdk/internal/bridge"

//go:wasmexport longshore:scheduler/bind@0.2.0#bind
func bind(arguments uint32) uint32 { return bridge.Bind(arguments) }
