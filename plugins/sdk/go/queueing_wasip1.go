package sdk

import (
	"fmt"
	"math"
	"time"

	"longshore/sdk/internal/abi"
)

func rank(at uint32) uint32 {
	defer guard("rank")
	p := plugin()
	pod, r := arguments(at)
	since := r.U64()
	abi.Read()
	found, err := p.Rank(pod, since)
	if err != nil {
		return failed(err, 8)
	}
	at, w := answerAt()
	w.U8(0)
	w.U64(uint64(found.First))
	w.U64(uint64(found.Second))
	return at
}

func hint(at uint32) uint32 {
	defer guard("hint")
	p := plugin()
	pod, r := arguments(at)
	event := readHintEvent(&r)
	abi.Read()
	worth, err := p.Hint(pod, event)
	if err != nil {
		return failed(err, 4)
	}
	at, w := answerAt()
	w.U8(0)
	w.Align(4)
	w.Bool(worth)
	return at
}

func readHintEvent(r *abi.Reader) *HintEvent {
	event := &HintEvent{Resource: r.Text(), Action: r.Text()}
	subject := r.U8()
	r.Align(4)
	switch subject {
	case 1:
		event.Pod = &PodChange{readOptionalPod(r), readOptionalPod(r)}
	case 2:
		event.Node = r.Text()
	case 3:
		event.Object = &HintObject{r.Text(), r.Text(), r.OptionalBytes(), r.OptionalBytes()}
	}
	return event
}

// sizeOfPodInfo is the size of the record `pod-info`.
const sizeOfPodInfo = 56

// readOptionalPod reads `option<pod-info>`; the payload of none is not touched.
func readOptionalPod(r *abi.Reader) *PodInfo {
	present := r.Bool()
	r.Align(4)
	if !present {
		r.Skip(sizeOfPodInfo)
		return nil
	}
	pod := new(PodInfo)
	readPodInfo(r, pod)
	return pod
}

func every(config, length uint32) uint32 {
	defer guard("every")
	p := plugin()
	text := abi.Text(config, length)
	abi.Read()
	interval, err := p.Every(text)
	milliseconds := (interval + time.Millisecond - 1) / time.Millisecond
	if err == nil && (milliseconds < 0 || milliseconds > math.MaxUint32) {
		err = fmt.Errorf("%v cannot be waited between two ticks", interval)
	}
	if err != nil {
		return failed(err, 4)
	}
	at, w := answerAt()
	w.U8(0)
	w.U32(uint32(milliseconds))
	return at
}

func tick() uint32 {
	defer guard("tick")
	p := plugin()
	yield()
	return nothing(p.Tick())
}
