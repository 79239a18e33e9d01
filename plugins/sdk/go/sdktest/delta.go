package sdktest

import sdk "longshore/sdk"

// delta writes all nodes of a shard into a delta, as the scheduler would: every column that the plugin declared.
func delta(columns []sdk.Column, nodes []*Node, reset bool) *sdk.Delta {
	delta := &sdk.Delta{Reset: reset, Rows: uint32(len(nodes)), Alive: make([]uint64, (len(nodes)+63)/64)}
	var patch sdk.Patch
	for row, node := range nodes {
		patch.Rows = append(patch.Rows, uint32(row))
		if !node.gone {
			delta.Alive[row/64] |= 1 << (row % 64)
		}
	}
	for place, column := range columns {
		patch.Columns = append(patch.Columns, uint16(place))
		patch.Values = append(patch.Values, values(column, nodes))
	}
	delta.Patches = []sdk.Patch{patch}
	return delta
}

// values is one column.
func values(column sdk.Column, nodes []*Node) sdk.Values {
	switch column.Kind {
	case "name", "label", "annotation", "condition":
		texts := &sdk.Texts{}
		for _, node := range nodes {
			word, ok := node.text(column)
			texts.At = append(texts.At, 0)
			if ok {
				texts.Words = append(texts.Words, word)
				texts.At[len(texts.At)-1] = uint32(len(texts.Words))
			}
		}
		return sdk.Values{Texts: texts}
	case "labels", "taints", "images":
		lists := &sdk.TextLists{Width: 2}
		for _, node := range nodes {
			for _, element := range node.list(column.Kind) {
				lists.Width = uint32(len(element))
				for _, word := range element {
					lists.At = append(lists.At, uint32(len(lists.Words)))
					lists.Words = append(lists.Words, word)
				}
			}
			lists.Ends = append(lists.Ends, uint32(len(lists.At)))
		}
		return sdk.Values{Lists: lists}
	case "pods":
		pods := make([][]sdk.PodInfo, len(nodes))
		for row, node := range nodes {
			pods[row] = node.pods
		}
		return sdk.Values{Pods: pods}
	case "raw":
		blobs := make([][]byte, len(nodes))
		for row, node := range nodes {
			blobs[row] = node.raw()
		}
		return sdk.Values{Blobs: blobs}
	default:
		numbers := make([]int64, len(nodes))
		for row, node := range nodes {
			numbers[row] = node.number(column)
		}
		return sdk.Values{Numbers: numbers}
	}
}

func (n *Node) text(column sdk.Column) (string, bool) {
	switch column.Kind {
	case "name":
		return n.name, true
	case "label":
		for _, label := range n.labels {
			if label.Key == column.Key {
				return label.Value, true
			}
		}
		return "", false
	case "annotation":
		value, ok := n.annotations[column.Key]
		return value, ok
	default:
		value, ok := n.conditions[column.Key]
		return value, ok
	}
}

func (n *Node) list(kind string) [][]string {
	var list [][]string
	switch kind {
	case "labels":
		for _, label := range n.labels {
			list = append(list, []string{label.Key, label.Value})
		}
	case "taints":
		for _, taint := range n.taints {
			list = append(list, taint[:])
		}
	default:
		for _, image := range n.images {
			list = append(list, []string{image.Key, image.Value})
		}
	}
	return list
}

func (n *Node) number(column sdk.Column) int64 {
	switch column.Kind {
	case "unschedulable":
		if n.unschedulable {
			return 1
		}
		return 0
	case "allocatable":
		return n.allocatable[column.Key]
	case "requested":
		return n.requested(column.Key)
	case "free":
		return n.allocatable[column.Key] - n.requested(column.Key)
	case "nonzero-requested":
		return n.nonzeroRequested(column.Key)
	case "allowed-pods":
		return n.allowedPods
	default:
		return int64(len(n.pods))
	}
}
