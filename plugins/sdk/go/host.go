package sdk

// Level is how important a line in the log is.
type Level uint8

const (
	// Debug is for whoever works on the plugin.
	Debug Level = iota
	// Info is worth knowing.
	Info
	// Warn may need somebody's attention.
	Warn
	// Error is a failure.
	Error
)

// Services is what a plugin may ask of the scheduler. Compiled, the functions of this file ask the scheduler; in tests
// they ask what package sdktest puts here.
type Services interface {
	Log(level Level, message string)
	Allow(uid string)
	Reject(uid, message string)
	Waiting() []PodInfo
	Emit(podUID string, warning bool, reason, note string)
	PodsOfNamespace(namespace string) []PodInfo
	PodsOnNode(node string) []PodInfo
	RawNode(name string) []byte
	RawPod(uid string) []byte
	Now() uint64
	Random() uint64
	Activate(uid string)
	Nominated(node string) []PodInfo
	Terminating(node string) []string
	WouldFit(node string, without []string) error
	KeepFirst(node string, pods []string) ([]string, error)
}

// services answers in tests.
var services Services

// UseServices is for package sdktest: what the functions of this file ask. Compiled, they ask the scheduler
// and nothing else.
func UseServices(s Services) { services = s }
