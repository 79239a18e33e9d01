package postbind

import "longshore/sdk/internal/bridge"

//go:wasmexport longshore:scheduler/post-bind@0.2.0#post-bind
func postBind(arguments uint32) { bridge.PostBind(arguments) }
