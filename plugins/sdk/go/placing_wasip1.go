package sdk

import (
	"sort"
	"time"

	"longshore/sdk/internal/abi"
)

// placed reads what Reserve, Permit, PreBind and Bind are given.
func placed(at uint32) (pod *Pod, node string, shared []byte) {
	pod, r := arguments(at)
	node, shared = r.Text(), r.Bytes()
	abi.Read()
	return pod, node, shared
}

// told reads what Unreserve and PostBind are given.
func told(at uint32) (*Pod, string) {
	pod, r := arguments(at)
	node := r.Text()
	abi.Read()
	return pod, node
}

func reserve(at uint32) uint32 {
	defer guard("reserve")
	p := plugin()
	return perhapsRejected(p.Reserve(placed(at)))
}

func unreserve(at uint32) {
	defer guard("unreserve")
	p := plugin()
	p.Unreserve(told(at))
}

func permit(at uint32) uint32 {
	defer guard("permit")
	p := plugin()
	wait, err := p.Permit(placed(at))
	rejection, failure := rejectionOf(err)
	if failure != nil {
		return failed(failure, 8)
	}
	at, w := answerAt()
	w.U8(0)
	w.Align(8)
	switch {
	case rejection != nil:
		w.U8(2)
		w.Align(8)
		writeRejection(&w, rejection)
	case wait > 0:
		w.U8(1)
		// A part of a millisecond is waited for too.
		w.U64(uint64((wait + time.Millisecond - 1) / time.Millisecond))
	}
	return at
}

func preBind(at uint32) uint32 {
	defer guard("pre-bind")
	p := plugin()
	return perhapsRejected(p.PreBind(placed(at)))
}

func bind(at uint32) uint32 {
	defer guard("bind")
	p := plugin()
	binding, err := p.Bind(placed(at))
	if err != nil {
		return failed(err, 4)
	}
	at, w := answerAt()
	w.U8(0)
	w.Align(4)
	if binding == nil {
		return at
	}
	annotations := make([]KeyValue, 0, len(binding.Annotations))
	for key, value := range binding.Annotations {
		annotations = append(annotations, KeyValue{key, value})
	}
	sort.Slice(annotations, func(i, j int) bool { return annotations[i].Key < annotations[j].Key })
	w.U8(1)
	abi.PutList(&w, annotations, 16, func(w *abi.Writer, annotation *KeyValue) {
		w.Text(annotation.Key)
		w.Text(annotation.Value)
	})
	return at
}

func postBind(at uint32) {
	defer guard("post-bind")
	p := plugin()
	p.PostBind(told(at))
}

// save has no error to return: a plugin that cannot save has nothing that is worth keeping.
func save() uint32 {
	defer guard("save")
	saved, err := plugin().Save()
	if err != nil {
		Log(Error, "save: "+err.Error())
		saved = nil
	}
	at, w := answerAt()
	abi.PutNumbers(&w, saved)
	return at
}

func restore(saved, length uint32) uint32 {
	defer guard("restore")
	p := plugin()
	bytes := abi.Bytes(saved, length)
	abi.Read()
	return nothing(p.Restore(bytes))
}
