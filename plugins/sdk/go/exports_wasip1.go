package sdk

import (
	"errors"

	"longshore/sdk/internal/abi"
	"longshore/sdk/internal/bridge"
)

//go:wasmexport cabi_realloc
func exportRealloc(old, oldSize, align, size uint32) uint32 {
	return abi.Realloc(old, oldSize, align, size)
}

//go:wasmexport longshore:scheduler/lifecycle@0.2.0#describe
func exportDescribe() uint32 {
	defer guard("describe")
	manifest := plugin().Describe()
	at, w := answerAt()
	writeManifest(&w, &manifest)
	return at
}

//go:wasmexport longshore:scheduler/declaration@0.2.0#describe
func exportDescribeBy(config, length uint32) uint32 {
	defer guard("describe")
	p := plugin()
	text := abi.Text(config, length)
	abi.Read()
	manifest, err := p.DescribeBy(text)
	if err != nil {
		return failed(err, 4)
	}
	at, w := answerAt()
	w.U8(0)
	w.Align(4)
	writeManifest(&w, &manifest)
	return at
}

//go:wasmexport longshore:scheduler/lifecycle@0.2.0#init
func exportInit(config, length, sharded, shard uint32) uint32 {
	defer guard("init")
	instance := Instance{Shard: -1}
	if sharded != 0 {
		instance.Shard = int(shard)
	}
	text := abi.Text(config, length)
	abi.Read()
	return nothing(plugin().Init(text, instance))
}

//go:wasmexport longshore:scheduler/lifecycle@0.2.0#apply
func exportApply(reset, rows, changed, alive, aliveLength, patches, patchesLength uint32) {
	defer guard("apply")
	delta := Delta{Reset: reset != 0, Rows: rows}
	if changed != 0 {
		delta.Alive = abi.Slice[uint64](alive, aliveLength)
	}
	delta.Patches = make([]Patch, patchesLength)
	r := abi.ReadAt(patches)
	for i := range delta.Patches {
		readPatch(&r, &delta.Patches[i])
	}
	abi.Read()
	if err := plugin().Apply(&delta); err != nil {
		panic(err)
	}
}

// plugin is the one of this program, at the beginning of a call.
func plugin() *Plugin {
	abi.Forget()
	if registered == nil {
		panic(errors.New("the program has no plugin: call sdk.Register from an init function"))
	}
	return registered
}

func init() {
	bridge.Begin, bridge.Filter, bridge.FilterSupposed, bridge.Score = begin, filter, filterSupposed, score
	bridge.PreEnqueue, bridge.PreFilter = preEnqueue, preFilter
	bridge.AddPod, bridge.RemovePod = addPod, removePod
	bridge.PostFilter, bridge.PreScore, bridge.Normalize = postFilter, preScore, normalize
	bridge.Reserve, bridge.Unreserve, bridge.Permit = reserve, unreserve, permit
	bridge.PreBind, bridge.Bind, bridge.PostBind = preBind, bind, postBind
	bridge.Save, bridge.Restore = save, restore
	bridge.Rank, bridge.Hint, bridge.Every, bridge.Tick = rank, hint, every, tick
	bridge.Kinds, bridge.ApplyObjects = kinds, applyObjects
	bridge.Metrics, bridge.ApplyMetrics = wantedMetrics, applyMetrics
}
