// Package sdk is for scheduler plugins written in Go and compiled to WebAssembly.
//
// A plugin is a value with a few methods, one for each stage it takes part in. Filter and Score are asked about one
// node at a time; the package keeps the table of nodes and talks to the scheduler.
//
//	var zone = sdk.Label("topology.kubernetes.io/zone")
//
//	type ZonePack struct{ Weight int64 }
//
//	func (z *ZonePack) Filter(_ struct{}, p *sdk.Pod, n sdk.Node) sdk.Verdict {
//		return sdk.FitIf(n.Text(zone) == p.LabelSym("zone"), "wrong zone")
//	}
//
//	func NewPlugin() *sdk.Plugin {
//		z := &ZonePack{Weight: 1}
//		return sdk.New("ZonePack", sdk.Config(z), filter.Stage(z.Filter))
//	}
//
//	func init() { sdk.Register(NewPlugin()) }
//	func main() {}
//
// Every stage has a package with a function Stage: filter, score, prefilter and so on. A compiled plugin has the stages
// whose packages it imports, and no others.
//
// Package sdktest runs a plugin in `go test`, without WebAssembly.
package sdk
