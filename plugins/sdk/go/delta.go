package sdk

// Delta is what changed in the node table: it replaces what it names and leaves the rest. The scheduler sends it;
// plugins have no use for it.
type Delta struct {
	// Reset: forget everything first.
	Reset bool
	// Rows is how many rows the table has.
	Rows uint32
	// Alive is the rows that are nodes, as a set of bits; nil when that did not change.
	Alive   []uint64
	Patches []Patch
}

// Patch is new values for some columns of some rows.
type Patch struct {
	// Columns are places in the manifest's list of columns.
	Columns []uint16
	// Rows are in ascending order.
	Rows []uint32
	// Values has one for each of Columns, each with one value for each of Rows.
	Values []Values
}

// Values is the values of one column for some rows; the one field that is not nil.
type Values struct {
	Numbers []int64
	Texts   *Texts
	Lists   *TextLists
	Pods    [][]PodInfo
	Blobs   [][]byte
}

// Texts is texts, each word written once.
type Texts struct {
	Words []string
	// At has one for each row: 0 for none, else the place in Words, counted from 1.
	At []uint32
}

// TextLists is lists of texts, each word written once.
type TextLists struct {
	Words []string
	// Width is how many words make one element.
	Width uint32
	// Ends has one for each row: where its elements end, counted in words.
	Ends []uint32
	// At is places in Words, counted from 0.
	At []uint32
}

// Verdicts is what Filter says of the candidates.
type Verdicts struct {
	// Fit is the candidates that fit, as a set of bits.
	Fit []uint64
	// Rejections are the different ways in which the others are rejected.
	Rejections []Rejection
	// RejectionOf has a place in Rejections for each candidate that does not fit, in ascending order.
	RejectionOf []uint16
}
