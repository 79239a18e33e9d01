package hints

import "github.com/longshore-scheduler/longshore/plugins/sdk/go/internal/bridge"

//go:wasmexport longshore:scheduler/hints@0.2.0#hint
func hint(arguments uint32) uint32 { return bridge.Hint(arguments) }
