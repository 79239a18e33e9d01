package sdk

import (
	"errors"
	"fmt"
)

// table is the nodes of this instance: one slice for each column, one element for each row.
type table struct {
	rows    uint32
	alive   []uint64
	columns []columnData
	metrics []metricData
}

// columnData is the values of one column. One of the slices is used, as the column's kind says.
type columnData struct {
	numbers []int64
	texts   []Sym
	lists   [][]Sym
	width   int
	pods    [][]PodInfo
	blobs   [][]byte
}

var errPatch = errors.New("the delta does not fit the table")

// apply changes the table.
func (t *table) apply(delta *Delta) error {
	if delta.Reset {
		*t = table{columns: make([]columnData, len(declared)), metrics: t.metrics}
	}
	if len(t.columns) != len(declared) {
		return errors.New("the first delta has to reset the table")
	}
	if delta.Rows > t.rows {
		t.grow(delta.Rows)
	}
	if delta.Alive != nil {
		t.alive = append(t.alive[:0], delta.Alive...)
	}
	for i := range delta.Patches {
		if err := t.patch(&delta.Patches[i]); err != nil {
			return err
		}
	}
	return nil
}

// grow makes room for more rows.
func (t *table) grow(rows uint32) {
	t.rows = rows
	for i := range t.columns {
		column := &t.columns[i]
		switch declared[i].shape() {
		case shapeNumbers:
			column.numbers = extend(column.numbers, rows)
		case shapeTexts:
			column.texts = extend(column.texts, rows)
		case shapeLists:
			column.lists = extend(column.lists, rows)
		case shapePods:
			column.pods = extend(column.pods, rows)
		case shapeBlobs:
			column.blobs = extend(column.blobs, rows)
		}
	}
}

// extend lengthens a slice with zeros.
func extend[T any](values []T, rows uint32) []T {
	if int(rows) <= cap(values) {
		return values[:rows]
	}
	longer := make([]T, rows, rows+rows/4)
	copy(longer, values)
	return longer
}

// patch writes the values of one patch.
func (t *table) patch(patch *Patch) error {
	if len(patch.Columns) != len(patch.Values) {
		return errPatch
	}
	for _, row := range patch.Rows {
		if row >= t.rows {
			return errPatch
		}
	}
	for i, place := range patch.Columns {
		if int(place) >= len(t.columns) {
			return errPatch
		}
		if err := t.columns[place].write(patch.Rows, &patch.Values[i], declared[place].shape()); err != nil {
			return fmt.Errorf("column %d: %w", place, err)
		}
	}
	return nil
}

// write puts one value into each of the rows.
func (c *columnData) write(rows []uint32, values *Values, shape columnShape) error {
	switch {
	case shape == shapeNumbers && len(values.Numbers) == len(rows):
		scatter(c.numbers, rows, values.Numbers)
	case shape == shapeTexts && values.Texts != nil && len(values.Texts.At) == len(rows):
		return c.writeTexts(rows, values.Texts)
	case shape == shapeLists && values.Lists != nil && len(values.Lists.Ends) == len(rows):
		return c.writeLists(rows, values.Lists)
	case shape == shapePods && len(values.Pods) == len(rows):
		scatter(c.pods, rows, values.Pods)
	case shape == shapeBlobs && len(values.Blobs) == len(rows):
		scatter(c.blobs, rows, values.Blobs)
	case len(rows) == 0:
	default:
		return errPatch
	}
	return nil
}

func scatter[T any](into []T, rows []uint32, values []T) {
	for i, row := range rows {
		into[row] = values[i]
	}
}

func (c *columnData) writeTexts(rows []uint32, texts *Texts) error {
	words := interned(texts.Words)
	for i, row := range rows {
		at := texts.At[i]
		if int(at) >= len(words) {
			return errPatch
		}
		c.texts[row] = words[at]
	}
	return nil
}

// interned has None first, then the words.
func interned(words []string) []Sym {
	syms := make([]Sym, len(words)+1)
	for i, word := range words {
		syms[i+1] = Intern(word)
	}
	return syms
}

func (c *columnData) writeLists(rows []uint32, lists *TextLists) error {
	words := interned(lists.Words)
	all := make([]Sym, len(lists.At))
	for i, at := range lists.At {
		if int(at) >= len(lists.Words) {
			return errPatch
		}
		all[i] = words[at+1]
	}
	width := int(lists.Width)
	start := 0
	for i, row := range rows {
		end := int(lists.Ends[i])
		if end < start || end > len(all) || width == 0 || (end-start)%width != 0 {
			return errPatch
		}
		c.lists[row] = all[start:end:end]
		start = end
	}
	c.width = width
	return nil
}

// isAlive says whether a row is a node.
func (t *table) isAlive(row uint32) bool {
	word := int(row / 64)
	return row < t.rows && word < len(t.alive) && t.alive[word]>>(row%64)&1 == 1
}

// saved is the values of one row before a hypothesis.
type saved struct {
	row     uint32
	columns []int
	values  []columnData
}

// suppose writes a patch of one row, and returns what to put back.
func (t *table) suppose(row uint32, patch *Patch) (saved, error) {
	before := saved{row: row}
	if row >= t.rows || len(patch.Rows) > 1 || (len(patch.Rows) == 1 && patch.Rows[0] != row) {
		return before, errPatch
	}
	for _, place := range patch.Columns {
		if int(place) >= len(t.columns) {
			return before, errPatch
		}
		before.columns = append(before.columns, int(place))
		before.values = append(before.values, t.columns[place].at(row))
	}
	return before, t.patch(patch)
}

// at copies the value of one row.
func (c *columnData) at(row uint32) columnData {
	var one columnData
	switch {
	case c.numbers != nil:
		one.numbers = []int64{c.numbers[row]}
	case c.texts != nil:
		one.texts = []Sym{c.texts[row]}
	case c.lists != nil:
		one.lists, one.width = [][]Sym{c.lists[row]}, c.width
	case c.pods != nil:
		one.pods = [][]PodInfo{c.pods[row]}
	case c.blobs != nil:
		one.blobs = [][]byte{c.blobs[row]}
	}
	return one
}

// restore ends a hypothesis.
func (t *table) restore(before saved) {
	for i, place := range before.columns {
		column, one := &t.columns[place], &before.values[i]
		switch {
		case one.numbers != nil:
			column.numbers[before.row] = one.numbers[0]
		case one.texts != nil:
			column.texts[before.row] = one.texts[0]
		case one.lists != nil:
			column.lists[before.row] = one.lists[0]
		case one.pods != nil:
			column.pods[before.row] = one.pods[0]
		case one.blobs != nil:
			column.blobs[before.row] = one.blobs[0]
		}
	}
}
