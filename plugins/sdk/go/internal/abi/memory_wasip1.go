package abi

import "unsafe"

// chunk is how much memory is asked of Go at once for what the scheduler writes.
const chunk = 4096

var (
	// free is what is left of the last chunk, and keeps all of that one alive.
	free []byte
	// held keeps alive what the scheduler has written, of which Go sees nothing but numbers, until it has been read.
	held [][]byte
	// kept keeps alive what the scheduler still has to read.
	kept []any
)

// Realloc gives the scheduler memory to write into. Nothing is ever given back by hand: texts and lists are used where
// they were written, and the garbage collector frees a chunk when the last of them is gone.
func Realloc(old, oldSize, align, size uint32) uint32 {
	if size <= oldSize {
		return old
	}
	var block []byte
	if size > chunk/4 {
		block = make([]byte, size+8)
		held = append(held, block)
	} else {
		block = small(size)
	}
	at := uint32(uintptr(unsafe.Pointer(unsafe.SliceData(block))))
	at = (at + align - 1) &^ (align - 1)
	if oldSize > 0 {
		copy(Bytes(at, size), Bytes(old, oldSize))
	}
	return at
}

// small takes a block, with room for its alignment, from the current chunk.
func small(size uint32) []byte {
	size = (size + 7) &^ 7
	if len(free) < int(size) {
		held = append(held, free)
		free = make([]byte, chunk)
	}
	block := free[:size]
	free = free[size:]
	return block
}

// Read says that the arguments have been read: what they consist of lives on as far as Go points to it.
func Read() {
	clear(held)
	held = held[:0]
}

// Keep holds what the scheduler still has to read, until Forget.
func Keep(value any) { kept = append(kept, value) }

// Forget says that the scheduler has read the answer before.
func Forget() {
	clear(kept)
	kept = kept[:0]
}

// Bytes is a piece of memory.
func Bytes(at, length uint32) []byte { return Slice[byte](at, length) }

// Text is a piece of memory as a text.
func Text(at, length uint32) string {
	if length == 0 {
		return ""
	}
	return unsafe.String((*byte)(pointer(at)), length)
}

// Slice is a piece of memory as a list of numbers; never nil.
func Slice[T any](at, length uint32) []T {
	if length == 0 {
		return []T{}
	}
	return unsafe.Slice((*T)(pointer(at)), length)
}

func pointer(at uint32) unsafe.Pointer { return unsafe.Pointer(uintptr(at)) }

// Address is where a slice begins.
func Address[T any](values []T) uint32 {
	return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(values))))
}

// TextAddress is where a text begins.
func TextAddress(text string) uint32 {
	return uint32(uintptr(unsafe.Pointer(unsafe.StringData(text))))
}
