// Package bridge connects the exports of a stage, which stand in the stage's package so that only a plugin with the
// stage has them, with the code that reads the arguments and writes the answers.
package bridge

// Each takes what the canonical ABI passes and returns the address of the answer.
var (
	Begin          func(arguments uint32) uint32
	PreEnqueue     func(arguments uint32) uint32
	PreFilter      func(arguments uint32) uint32
	AddPod         func(arguments uint32) uint32
	RemovePod      func(arguments uint32) uint32
	Filter         func(words, length uint32) uint32
	FilterSupposed func(row, columns, columnsLength, rows, rowsLength, values, valuesLength uint32) uint32
	PostFilter     func(arguments uint32) uint32
	PreScore       func(arguments uint32) uint32
	Score          func(words, length uint32) uint32
	Normalize      func(shared, sharedLength, scores, scoresLength uint32) uint32
	Reserve        func(arguments uint32) uint32
	Unreserve      func(arguments uint32)
	Permit         func(arguments uint32) uint32
	PreBind        func(arguments uint32) uint32
	Bind           func(arguments uint32) uint32
	PostBind       func(arguments uint32)
	Save           func() uint32
	Restore        func(saved, length uint32) uint32
	Rank           func(arguments uint32) uint32
	Hint           func(arguments uint32) uint32
	Every          func(config, length uint32) uint32
	Tick           func() uint32
	Kinds          func(config, length uint32) uint32
	ApplyObjects   func(reset, changes, length uint32)
	Metrics        func(config, length uint32) uint32
	ApplyMetrics   func(reset, updates, length uint32)
)
