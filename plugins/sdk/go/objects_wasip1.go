package sdk

import "longshore/sdk/internal/abi"

// sizeOfKind is the size of the record `kind`.
const sizeOfKind = 36

func kinds(config, length uint32) uint32 {
	defer guard("kinds")
	p := plugin()
	text := abi.Text(config, length)
	abi.Read()
	specs, err := p.Kinds(text)
	if err != nil {
		return failed(err, 4)
	}
	at, w := answerAt()
	w.U8(0)
	abi.PutList(&w, specs, sizeOfKind, func(w *abi.Writer, spec *KindSpec) {
		group, version := spec.group()
		w.Text(group)
		w.Text(version)
		w.Text(spec.Kind)
		abi.PutList(w, spec.Fields, 8, writeText)
		w.Bool(spec.AboutNode)
	})
	return at
}

func applyObjects(reset, changes, length uint32) {
	defer guard("apply")
	p := plugin()
	list := make([]ObjectChange, length)
	r := abi.ReadAt(changes)
	for i := range list {
		r.Align(4)
		list[i] = ObjectChange{int(r.U16()), r.Text(), r.Text(), r.OptionalBytes()}
	}
	abi.Read()
	if err := p.ApplyObjects(reset != 0, list); err != nil {
		panic(err)
	}
}
