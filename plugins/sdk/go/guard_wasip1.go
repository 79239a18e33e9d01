package sdk

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
)

// guard ends the instance after a panic, with one line in the log: what Go itself would print comes out in pieces. The
// scheduler throws the instance away, as what it knows may be half written.
func guard(stage string) {
	if cause := recover(); cause != nil {
		Log(Error, fmt.Sprintf("panic in %s: %v\n%s", stage, cause, debug.Stack()))
		os.Exit(2)
	}
}

// yield lets the garbage collector's own goroutines run: nothing else gives them time, as a call holds the only thread
// until it returns.
func yield() { runtime.Gosched() }
