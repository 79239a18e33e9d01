package sdk

// Column is a column of the node table as tests and tools see it.
type Column struct {
	// Kind is the name in plugins/wit/types.wit, such as "label".
	Kind string
	// Key is the label, annotation, condition or resource; empty for other kinds.
	Key string
}

// columnNames is the names of columnKind in plugins/wit/types.wit.
var columnNames = [...]string{
	"name", "label", "annotation", "condition", "labels", "taints", "images", "unschedulable", "allocatable",
	"requested", "free", "nonzero-requested", "allowed-pods", "pod-count", "pods", "raw",
}

// Kinds is the kinds of objects that the plugin reads.
func (m Manifest) Kinds() []KindSpec { return m.kinds }

// Columns is what the plugin reads of nodes.
func (m Manifest) Columns() []Column {
	columns := make([]Column, len(m.columns))
	for i, column := range m.columns {
		columns[i] = Column{columnNames[column.kind], column.key}
	}
	return columns
}

// Metrics is what the plugin reads of what is measured on nodes.
func (m Manifest) Metrics() []MetricSpec { return m.metrics }
