package sdktest

import (
	"time"

	sdk "longshore/sdk"
)

// shared is what PreFilter leaves for the stages after a node was chosen.
func (p *Plugin) shared(pod *sdk.Pod) []byte {
	p.t.Helper()
	p.enter()
	if !p.control.Has("prefilter") {
		return nil
	}
	outcome, err := p.control.PreFilter(pod)
	if err != nil {
		p.t.Fatal(err)
	}
	return outcome.Shared
}

// PreEnqueue is what the stage of this name returns: nil, a *sdk.Rejection, or the plugin's failure.
func (p *Plugin) PreEnqueue(pod *sdk.Pod) error {
	p.enter()
	return p.control.PreEnqueue(pod)
}

// PostFilter is what the stage of this name returns.
func (p *Plugin) PostFilter(pod *sdk.Pod, rejected []sdk.NodeRejection) (sdk.Nomination, error) {
	p.t.Helper()
	return p.control.PostFilter(pod, p.shared(pod), rejected)
}

// Reserve is what the stage of this name returns.
func (p *Plugin) Reserve(pod *sdk.Pod, node string) error {
	p.t.Helper()
	return p.control.Reserve(pod, node, p.shared(pod))
}

// Unreserve calls the stage of this name.
func (p *Plugin) Unreserve(pod *sdk.Pod, node string) {
	p.enter()
	p.control.Unreserve(pod, node)
}

// Permit is what the stage of this name returns.
func (p *Plugin) Permit(pod *sdk.Pod, node string) (time.Duration, error) {
	p.t.Helper()
	return p.control.Permit(pod, node, p.shared(pod))
}

// PreBind is what the stage of this name returns.
func (p *Plugin) PreBind(pod *sdk.Pod, node string) error {
	p.t.Helper()
	return p.control.PreBind(pod, node, p.shared(pod))
}

// Bind is what the stage of this name returns.
func (p *Plugin) Bind(pod *sdk.Pod, node string) (*sdk.Binding, error) {
	p.t.Helper()
	return p.control.Bind(pod, node, p.shared(pod))
}

// PostBind calls the stage of this name.
func (p *Plugin) PostBind(pod *sdk.Pod, node string) {
	p.enter()
	p.control.PostBind(pod, node)
}

// Replace puts a new instance in the place of the one that answers Reserve: what it saves is handed over.
func (p *Plugin) Replace(newPlugin func() *sdk.Plugin, config string) {
	p.t.Helper()
	p.enter()
	saved, err := p.control.Save()
	if err != nil {
		p.t.Fatal(err)
	}
	control := p.instance(newPlugin, config, -1)
	if err := control.Restore(saved); err != nil {
		p.t.Fatal(err)
	}
	if p.control == p.shards[0].plugin {
		p.shards[0].plugin = control
		p.control = control
		p.update(true)
		return
	}
	p.control = control
	p.updateObjects(control)
}

// Rank is what the stage queuesort returns for a pod that entered the queue at since, in milliseconds.
func (p *Plugin) Rank(pod *sdk.Pod, since uint64) (sdk.Rank, error) {
	p.enter()
	return p.control.Rank(pod, since)
}

// Hint is what the stage hints returns.
func (p *Plugin) Hint(pod *sdk.Pod, event *sdk.HintEvent) (bool, error) {
	p.enter()
	return p.control.Hint(pod, event)
}

// Tick calls the stage timers.
func (p *Plugin) Tick() error {
	p.enter()
	return p.control.Tick()
}
