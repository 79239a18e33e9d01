package sdk

// Manifest is what a plugin says about itself.
type Manifest struct {
	Name        string
	Version     string
	Description string
	// Single: one instance holds all nodes and answers everything.
	Single bool
	// Pure: see the part of this name.
	Pure bool
	// RawPod: whether Pod.Raw is wanted.
	RawPod bool
	// Events after which a pod that this plugin rejected is tried again; nil stands for any event.
	Events []Event

	columns []columnSpec
	kinds   []KindSpec
	metrics []MetricSpec
}

// Event is something that may make a rejected pod schedulable.
type Event struct {
	// Resource is "Pod", "Node", "PersistentVolume", "PersistentVolumeClaim", "StorageClass", "CSINode", "CSIDriver",
	// "CSIStorageCapacity", "VolumeAttachment", "Service", "ResourceClaim", "ResourceSlice", "DeviceClass", "NodeMetrics"
	// (with "Update": what is measured on nodes) or "*"; also a kind that the plugin declares, which package objects names.
	Resource string
	// Actions are "Add", "Delete", "Update", "UpdateNodeAllocatable", "UpdateNodeLabel", "UpdateNodeTaint",
	// "UpdateNodeCondition", "UpdateNodeAnnotation", "UpdatePodLabel", "UpdatePodScaleDown", "UpdatePodToleration" or
	// "*".
	Actions []string
}

// Version is the plugin's version.
func Version(version string) Part { return func(p *Plugin) { p.manifest.Version = version } }

// Description says in a sentence what the plugin does.
func Description(text string) Part { return func(p *Plugin) { p.manifest.Description = text } }

// Single asks for one instance that holds all nodes and answers everything. It is for a plugin that looks at other
// nodes than the one it judges, or that remembers between stages. Without it every instance holds a range of nodes, and
// one further instance without nodes answers everything but Filter and Score.
func Single() Part { return func(p *Plugin) { p.manifest.Single = true } }

// Pure promises that Filter and Score are functions of the config, the pod (without its name and UID), what PreFilter
// left, which is a function of the same, and the node. Answers are then kept and asked for again only where a node
// changed. Not together with Single, Raw or RawPod.
func Pure() Part { return func(p *Plugin) { p.manifest.Pure = true } }

// RawPod asks for Pod.Raw. The operator has to grant "raw".
func RawPod() Part { return func(p *Plugin) { p.manifest.RawPod = true } }

// Events names the events after which a pod that this plugin rejected is tried again. Without it any event will do.
func Events(events ...Event) Part {
	return func(p *Plugin) {
		if p.manifest.Events == nil {
			p.manifest.Events = []Event{}
		}
		p.manifest.Events = append(p.manifest.Events, events...)
	}
}

// On is an event: a resource and what happens to it.
func On(resource string, actions ...string) Event { return Event{resource, actions} }
