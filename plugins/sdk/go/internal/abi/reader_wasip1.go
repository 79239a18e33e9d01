package abi

// Reader reads one field after the other.
type Reader struct{ at uint32 }

// ReadAt begins at an address.
func ReadAt(at uint32) Reader { return Reader{at} }

// Align goes on to the next multiple of a power of two.
func (r *Reader) Align(to uint32) { r.at = (r.at + to - 1) &^ (to - 1) }

// Skip goes over so many bytes.
func (r *Reader) Skip(bytes uint32) { r.at += bytes }

// take goes over one field.
func take[T any](r *Reader, size uint32) T {
	r.Align(size)
	value := *(*T)(pointer(r.at))
	r.at += size
	return value
}

// U8 reads a byte: a boolean, or which case of a variant follows.
func (r *Reader) U8() uint8 { return take[uint8](r, 1) }

// U16 reads two bytes.
func (r *Reader) U16() uint16 { return take[uint16](r, 2) }

// Bool reads a boolean.
func (r *Reader) Bool() bool { return r.U8() != 0 }

// U32 reads four bytes.
func (r *Reader) U32() uint32 { return take[uint32](r, 4) }

// S32 reads four bytes with a sign.
func (r *Reader) S32() int32 { return take[int32](r, 4) }

// S64 reads eight bytes with a sign.
func (r *Reader) S64() int64 { return take[int64](r, 8) }

// U64 reads eight bytes.
func (r *Reader) U64() uint64 { return take[uint64](r, 8) }

// Text reads a text.
func (r *Reader) Text() string {
	at := r.U32()
	return Text(at, r.U32())
}

// OptionalText reads a text that may be absent, which then is empty.
func (r *Reader) OptionalText() string {
	present := r.Bool()
	text := r.Text()
	if !present {
		return ""
	}
	return text
}

// Bytes reads a list of bytes.
func (r *Reader) Bytes() []byte { return Numbers[byte](r) }

// OptionalBytes reads a list of bytes that may be absent, which then is nil.
func (r *Reader) OptionalBytes() []byte {
	present := r.Bool()
	at, length := r.U32(), r.U32()
	if !present {
		return nil
	}
	return Bytes(at, length)
}

// Numbers reads a list of numbers.
func Numbers[T any](r *Reader) []T {
	at := r.U32()
	return Slice[T](at, r.U32())
}

// List reads a list of records, each of which begins at a multiple of align.
func List[T any](r *Reader, align uint32, read func(*Reader, *T)) []T {
	at := r.U32()
	list := make([]T, r.U32())
	elements := Reader{at}
	for i := range list {
		elements.Align(align)
		read(&elements, &list[i])
	}
	return list
}
