package normalizescore

import "longshore/sdk/internal/bridge"

//go:wasmexport longshore:scheduler/normalize-score@0.2.0#normalize
func normalize(shared, sharedLength, scores, scoresLength uint32) uint32 {
	return bridge.Normalize(shared, sharedLength, scores, scoresLength)
}
