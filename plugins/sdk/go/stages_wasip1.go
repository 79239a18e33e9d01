package sdk

import (
	"longshore/sdk/internal/abi"
)

// arguments reads what more than 16 numbers are passed as: a pod, which is always first, and what follows.
func arguments(at uint32) (*Pod, abi.Reader) {
	r := abi.ReadAt(at)
	return readPod(&r), r
}

func begin(at uint32) uint32 {
	defer guard("begin")
	p := plugin()
	pod, r := arguments(at)
	shared := r.Bytes()
	abi.Read()
	yield()
	return nothing(p.Begin(pod, shared))
}

func filter(words, length uint32) uint32 {
	defer guard("filter")
	p := plugin()
	set := abi.Slice[uint64](words, length)
	abi.Read()
	verdicts, err := p.Filter(set)
	if err != nil {
		return failed(err, 4)
	}
	at, w := answerAt()
	w.U8(0)
	abi.PutNumbers(&w, verdicts.Fit)
	abi.PutList(&w, verdicts.Rejections, 12, writeRejection)
	abi.PutNumbers(&w, verdicts.RejectionOf)
	return at
}

func filterSupposed(row, columns, columnsLength, rows, rowsLength, values, valuesLength uint32) uint32 {
	defer guard("filter-supposed")
	p := plugin()
	patch := Patch{
		Columns: abi.Slice[uint16](columns, columnsLength),
		Rows:    abi.Slice[uint32](rows, rowsLength),
		Values:  readAllValues(values, valuesLength),
	}
	abi.Read()
	return perhapsRejected(p.FilterSupposed(row, &patch))
}

func score(words, length uint32) uint32 {
	defer guard("score")
	p := plugin()
	set := abi.Slice[uint64](words, length)
	abi.Read()
	return numbers(p.Score(set))
}

func normalize(shared, sharedLength, scores, scoresLength uint32) uint32 {
	defer guard("normalize-score")
	p := plugin()
	state, values := abi.Bytes(shared, sharedLength), abi.Slice[int64](scores, scoresLength)
	abi.Read()
	return numbers(values, p.NormalizeScore(state, values))
}

func preEnqueue(at uint32) uint32 {
	defer guard("pre-enqueue")
	p := plugin()
	pod, _ := arguments(at)
	abi.Read()
	return perhapsRejected(p.PreEnqueue(pod))
}

func preFilter(at uint32) uint32 {
	defer guard("pre-filter")
	p := plugin()
	pod, _ := arguments(at)
	abi.Read()
	outcome, err := p.PreFilter(pod)
	if err != nil {
		return failed(err, 4)
	}
	at, w := answerAt()
	w.U8(0)
	w.Align(4)
	w.U8(uint8(outcome.Kind))
	switch outcome.Kind {
	case OutcomeOnly:
		abi.PutList(&w, outcome.Nodes, 8, writeText)
	case OutcomeReject:
		writeRejection(&w, outcome.Rejection)
	}
	// The variant has 16 bytes and begins at 4.
	w = abi.WriteAt(at + 20)
	abi.PutNumbers(&w, outcome.Shared)
	return at
}

func writeText(w *abi.Writer, text *string) { w.Text(*text) }

func addPod(at uint32) uint32 {
	defer guard("add-pod")
	return changed(at, plugin().AddPod)
}

func removePod(at uint32) uint32 {
	defer guard("remove-pod")
	return changed(at, plugin().RemovePod)
}

func changed(at uint32, change func([]byte, *Pod, *PodInfo, string) ([]byte, error)) uint32 {
	r := abi.ReadAt(at)
	shared, pod := r.Bytes(), readPod(&r)
	var other PodInfo
	readPodInfo(&r, &other)
	node := r.Text()
	abi.Read()
	return numbers(change(shared, pod, &other, node))
}

func postFilter(at uint32) uint32 {
	defer guard("post-filter")
	p := plugin()
	pod, r := arguments(at)
	shared, rejected := r.Bytes(), abi.List(&r, 4, readNodeRejection)
	abi.Read()
	found, err := p.PostFilter(pod, shared, rejected)
	rejection, failure := rejectionOf(err)
	if failure != nil {
		return failed(failure, 4)
	}
	at, w := answerAt()
	w.U8(0)
	w.Align(4)
	if rejection != nil {
		w.U8(0)
		writeRejection(&w, rejection)
		return at
	}
	w.U8(1)
	w.Text(found.Node)
	abi.PutList(&w, found.Victims, 8, writeText)
	return at
}

func preScore(at uint32) uint32 {
	defer guard("pre-score")
	p := plugin()
	pod, r := arguments(at)
	shared, feasible := r.Bytes(), r.U32()
	abi.Read()
	outcome, err := p.PreScore(pod, shared, int(feasible))
	if err == nil && outcome.Kind == OutcomeReject {
		err = outcome.Rejection
	}
	if err != nil {
		return failed(err, 4)
	}
	at, w := answerAt()
	w.U8(0)
	w.Align(4)
	w.Bool(outcome.Kind == OutcomeSkip)
	abi.PutNumbers(&w, outcome.Shared)
	return at
}
