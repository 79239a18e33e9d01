package abi

// Writer writes one field after the other.
type Writer struct{ at uint32 }

// WriteAt begins at an address.
func WriteAt(at uint32) Writer { return Writer{at} }

// Align goes on to the next multiple of a power of two.
func (w *Writer) Align(to uint32) { w.at = (w.at + to - 1) &^ (to - 1) }

// put writes one field.
func put[T any](w *Writer, size uint32, value T) {
	w.Align(size)
	*(*T)(pointer(w.at)) = value
	w.at += size
}

// U8 writes a byte.
func (w *Writer) U8(value uint8) { put(w, 1, value) }

// Bool writes a boolean.
func (w *Writer) Bool(value bool) {
	if value {
		w.U8(1)
	} else {
		w.U8(0)
	}
}

// U32 writes four bytes.
func (w *Writer) U32(value uint32) { put(w, 4, value) }

// U64 writes eight bytes.
func (w *Writer) U64(value uint64) { put(w, 8, value) }

// Text writes a text.
func (w *Writer) Text(text string) {
	Keep(text)
	w.U32(TextAddress(text))
	w.U32(uint32(len(text)))
}

// PutNumbers writes a list of numbers.
func PutNumbers[T any](w *Writer, values []T) {
	Keep(values)
	w.U32(Address(values))
	w.U32(uint32(len(values)))
}

// PutList writes a list of records of size bytes, whose alignment is 4.
func PutList[T any](w *Writer, values []T, size uint32, write func(*Writer, *T)) {
	memory := make([]uint64, (uint32(len(values))*size+7)/8)
	Keep(memory)
	at := Address(memory)
	for i := range values {
		elements := Writer{at + uint32(i)*size}
		write(&elements, &values[i])
	}
	w.U32(at)
	w.U32(uint32(len(values)))
}
