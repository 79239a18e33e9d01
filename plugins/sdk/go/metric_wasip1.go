package sdk

import "longshore/sdk/internal/abi"

// sizeOfMetric is the size of the record `metric`.
const sizeOfMetric = 48

func wantedMetrics(config, length uint32) uint32 {
	defer guard("wanted")
	p := plugin()
	text := abi.Text(config, length)
	abi.Read()
	specs, err := p.Metrics(text)
	if err != nil {
		return failed(err, 4)
	}
	at, w := answerAt()
	w.U8(0)
	abi.PutList(&w, specs, sizeOfMetric, func(w *abi.Writer, spec *MetricSpec) {
		w.Text(spec.Name)
		w.Text(spec.Kind)
		w.Text(spec.Operator)
		w.Text(spec.Rollup)
		w.U64(uint64(spec.MaxAge.Milliseconds()))
		w.U8(uint8(spec.Stale))
		w.Bool(spec.Timed)
	})
	return at
}

func applyMetrics(reset, updates, length uint32) {
	defer guard("apply")
	p := plugin()
	list := make([]MetricUpdate, length)
	r := abi.ReadAt(updates)
	for i := range list {
		r.Align(4)
		list[i] = MetricUpdate{
			int(r.U16()), abi.Numbers[uint32](&r), abi.Numbers[float64](&r), abi.Numbers[uint64](&r),
		}
	}
	abi.Read()
	if err := p.ApplyMetrics(reset != 0, list); err != nil {
		panic(err)
	}
}
