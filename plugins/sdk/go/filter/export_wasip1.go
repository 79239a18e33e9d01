package filter

import "longshore/sdk/internal/bridge"

//go:wasmexport longshore:scheduler/filter@0.2.0#filter
func filter(words, length uint32) uint32 { return bridge.Filter(words, length) }

//go:wasmexport longshore:scheduler/filter@0.2.0#filter-supposed
func filterSupposed(row, columns, columnsLength, rows, rowsLength, values, valuesLength uint32) uint32 {
	return bridge.FilterSupposed(row, columns, columnsLength, rows, rowsLength, values, valuesLength)
}
