package hints

import "longshore/sdk/internal/bridge"

//go:wasmexport longshore:scheduler/hints@0.2.0#hint
func hint(arguments uint32) uint32 { return bridge.Hint(arguments) }
