package sdk

// columnKind is the case of `column` in the interface, in its order.
type columnKind uint8

const (
	columnName columnKind = iota
	columnLabel
	columnAnnotation
	columnCondition
	columnLabels
	columnTaints
	columnImages
	columnUnschedulable
	columnAllocatable
	columnRequested
	columnFree
	columnNonzeroRequested
	columnAllowedPods
	columnPodCount
	columnPods
	columnRaw
)

// columnSpec is one column of the node table: what it holds, and of which key or resource.
type columnSpec struct {
	kind columnKind
	key  string
}

// declared holds every column that the program asked for: the place of a column here is its place in the table.
var declared []columnSpec

// described is set when the list has been told to the scheduler and may not grow any more.
var described bool

// declare finds or makes the place of a column.
func declare(kind columnKind, key string) int {
	spec := columnSpec{kind, key}
	for i := range declared {
		if declared[i] == spec {
			return i
		}
	}
	if described {
		panic("sdk: columns are declared as variables of the package, before the plugin runs")
	}
	declared = append(declared, spec)
	return len(declared) - 1
}

// TextColumn holds a text for each node, read with Node.Text.
type TextColumn struct{ place int }

// NumberColumn holds a number for each node, read with Node.Number.
type NumberColumn struct{ place int }

// ListColumn holds a list of texts for each node, read with Node.List.
type ListColumn struct{ place int }

// PodsColumn holds the pods of each node, read with Node.Pods.
type PodsColumn struct{ place int }

// RawColumn holds each node as JSON, read with Node.Raw.
type RawColumn struct{ place int }

// Columns are declared as variables of a package. What is declared is what the scheduler keeps up to date in the
// plugin's table; a plugin pays for nothing else.

// Name is the node's name.
func Name() TextColumn { return TextColumn{declare(columnName, "")} }

// Label is the value of a label; None where the node has none of this key.
func Label(key string) TextColumn { return TextColumn{declare(columnLabel, key)} }

// Annotation is the value of an annotation.
func Annotation(key string) TextColumn { return TextColumn{declare(columnAnnotation, key)} }

// Condition is the status of a condition, such as "True".
func Condition(kind string) TextColumn { return TextColumn{declare(columnCondition, kind)} }

// Labels is every label: elements of key and value.
func Labels() ListColumn { return ListColumn{declare(columnLabels, "")} }

// Taints is every taint: elements of key, value and effect.
func Taints() ListColumn { return ListColumn{declare(columnTaints, "")} }

// Images is every name of every image: elements of name and size in bytes, in decimal.
func Images() ListColumn { return ListColumn{declare(columnImages, "")} }

// Unschedulable is 1 for a cordoned node, else 0.
func Unschedulable() NumberColumn { return NumberColumn{declare(columnUnschedulable, "")} }

// Allocatable is the amount of a resource that the node has for pods: cpu in thousandths of a core, all else in units.
func Allocatable(resource string) NumberColumn {
	return NumberColumn{declare(columnAllocatable, resource)}
}

// Requested is the amount that pods on the node hold.
func Requested(resource string) NumberColumn {
	return NumberColumn{declare(columnRequested, resource)}
}

// Free is allocatable less requested.
func Free(resource string) NumberColumn { return NumberColumn{declare(columnFree, resource)} }

// NonzeroRequested is as Requested, with the defaults for containers that request none. It differs for cpu and memory
// only.
func NonzeroRequested(resource string) NumberColumn {
	return NumberColumn{declare(columnNonzeroRequested, resource)}
}

// AllowedPods is how many pods the node takes.
func AllowedPods() NumberColumn { return NumberColumn{declare(columnAllowedPods, "")} }

// PodCount is how many pods are on the node.
func PodCount() NumberColumn { return NumberColumn{declare(columnPodCount, "")} }

// Pods is the pods on the node. The operator has to grant "pods".
func Pods() PodsColumn { return PodsColumn{declare(columnPods, "")} }

// Raw is the whole core/v1 Node as JSON. The operator has to grant "raw".
func Raw() RawColumn { return RawColumn{declare(columnRaw, "")} }
