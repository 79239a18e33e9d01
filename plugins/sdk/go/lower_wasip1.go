package sdk

import "longshore/sdk/internal/abi"

// answer is where the answers of exports are written: the scheduler reads one before it makes the next call.
var answer [16]uint64

// answerAt is the address of the answer, and a writer that begins there.
func answerAt() (uint32, abi.Writer) {
	clear(answer[:])
	at := abi.Address(answer[:])
	return at, abi.WriteAt(at)
}

// failed writes the error of a result whose alignment is align.
func failed(err error, align uint32) uint32 {
	at, w := answerAt()
	w.U8(1)
	w.Align(align)
	w.Text(err.Error())
	return at
}

// nothing is `result<_, string>`.
func nothing(err error) uint32 {
	if err != nil {
		return failed(err, 4)
	}
	at, _ := answerAt()
	return at
}

func writeRejection(w *abi.Writer, rejection *Rejection) {
	w.Align(4)
	w.U8(uint8(rejection.Code))
	w.Text(rejection.Reason)
}

// perhapsRejected is `result<option<rejection>, string>`.
func perhapsRejected(err error) uint32 {
	rejection, failure := rejectionOf(err)
	if failure != nil {
		return failed(failure, 4)
	}
	at, w := answerAt()
	w.U8(0)
	w.Align(4)
	if rejection != nil {
		w.U8(1)
		writeRejection(&w, rejection)
	}
	return at
}

// bytes is `result<list<u8>, string>`, or of any other list of numbers.
func numbers[T any](values []T, err error) uint32 {
	if err != nil {
		return failed(err, 4)
	}
	at, w := answerAt()
	w.U8(0)
	abi.PutNumbers(&w, values)
	return at
}

// writeManifest writes the record `manifest`.
func writeManifest(w *abi.Writer, manifest *Manifest) {
	w.Text(manifest.Name)
	w.Text(manifest.Version)
	w.Text(manifest.Description)
	abi.PutList(w, manifest.columns, 12, func(w *abi.Writer, column *columnSpec) {
		w.U8(uint8(column.kind))
		w.Text(column.key)
	})
	// by-node, single
	w.Bool(manifest.Single)
	w.Bool(manifest.Pure)
	w.Bool(manifest.RawPod)
	w.Align(4)
	w.Bool(manifest.Events != nil)
	w.Align(4)
	abi.PutList(w, manifest.Events, 16, func(w *abi.Writer, event *Event) {
		w.Text(event.Resource)
		abi.PutList(w, event.Actions, 8, func(w *abi.Writer, action *string) { w.Text(*action) })
	})
}
