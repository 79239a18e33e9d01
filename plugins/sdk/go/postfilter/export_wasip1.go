package postfilter

import "longshore/sdk/internal/bridge"

//go:wasmexport longshore:scheduler/post-filter@0.2.0#post-filter
func postFilter(arguments uint32) uint32 { return bridge.PostFilter(arguments) }
