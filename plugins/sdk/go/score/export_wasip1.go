package score

import "longshore/sdk/internal/bridge"

//go:wasmexport longshore:scheduler/score@0.2.0#score
func score(words, length uint32) uint32 { return bridge.Score(words, length) }
