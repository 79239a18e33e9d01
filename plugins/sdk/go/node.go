package sdk

import "iter"

// Node is one row of the node table. It is as small as a pointer and a number; it is good until the function that got
// it returns.
type Node struct {
	table *table
	row   uint32
}

// Number is the node's value in a column of numbers.
func (n Node) Number(c NumberColumn) int64 { return n.table.columns[c.place].numbers[n.row] }

// Text is the node's value in a column of texts; None where there is none.
func (n Node) Text(c TextColumn) Sym { return n.table.columns[c.place].texts[n.row] }

// List is the node's value in a column of lists.
func (n Node) List(c ListColumn) List {
	column := &n.table.columns[c.place]
	return List{column.lists[n.row], column.width}
}

// Pods is the pods on the node. They may not be changed.
func (n Node) Pods(c PodsColumn) []PodInfo { return n.table.columns[c.place].pods[n.row] }

// Raw is the node as JSON. It may not be changed.
func (n Node) Raw(c RawColumn) []byte { return n.table.columns[c.place].blobs[n.row] }

// Row is the node's place in the table of this instance. Places are reused after their node is gone.
func (n Node) Row() int { return int(n.row) }

// List is a list of texts whose elements have two or three words each.
type List struct {
	words []Sym
	width int
}

// Len is how many elements there are.
func (l List) Len() int {
	if l.width == 0 {
		return 0
	}
	return len(l.words) / l.width
}

// At is one element: key and value of a label; key, value and effect of a taint; name and size of an image.
func (l List) At(i int) []Sym { return l.words[i*l.width : (i+1)*l.width : (i+1)*l.width] }

// Find is the second word of the element whose first word is key, such as the value of a label; None when there is no
// such element.
func (l List) Find(key Sym) Sym {
	for i := 0; i+1 < len(l.words); i += l.width {
		if l.words[i] == key {
			return l.words[i+1]
		}
	}
	return None
}

// Nodes goes through all nodes of this instance, in the order of their rows. Unless the plugin is Single these are only
// some of the cluster's, and none in the stages other than Filter and Score.
func Nodes() iter.Seq[Node] {
	return func(yield func(Node) bool) {
		if current == nil {
			return
		}
		t := &current.table
		for row := range t.rows {
			if t.isAlive(row) && !yield(Node{t, row}) {
				return
			}
		}
	}
}
