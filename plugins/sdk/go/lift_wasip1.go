package sdk

import "longshore/sdk/internal/abi"

// What follows reads the records of plugins/wit/types.wit, field by field and in their order there.

func readKeyValue(r *abi.Reader, into *KeyValue) { into.Key, into.Value = r.Text(), r.Text() }

func readAmount(r *abi.Reader, into *Amount) { into.Resource, into.Value = r.Text(), r.S64() }

func readPodInfo(r *abi.Reader, into *PodInfo) {
	into.UID, into.Namespace, into.Name = r.Text(), r.Text(), r.Text()
	into.Priority = r.S32()
	into.Labels = abi.List(r, 4, readKeyValue)
	into.Requests = abi.List(r, 8, readAmount)
	into.Node = r.OptionalText()
}

func readToleration(r *abi.Reader, into *Toleration) {
	into.Key, into.Exists = r.Text(), r.Bool()
	into.Value, into.Effect = r.Text(), r.OptionalText()
}

func readPod(r *abi.Reader) *Pod {
	pod := new(Pod)
	readPodInfo(r, &pod.PodInfo)
	pod.ScoredRequests = abi.List(r, 8, readAmount)
	pod.Tolerations = abi.List(r, 4, readToleration)
	pod.NodeSelector = abi.List(r, 4, readKeyValue)
	owned := r.Bool()
	owner := Owner{r.Text(), r.Text(), r.Text()}
	if owned {
		pod.Owner = &owner
	}
	wanted := r.Bool()
	raw := abi.Numbers[byte](r)
	if wanted {
		pod.Raw = raw
	}
	return pod
}

func readNodeRejection(r *abi.Reader, into *NodeRejection) {
	into.Node, into.Code = r.Text(), RejectCode(r.U8())
}

// sizeOfValues is the size of the variant `values`: which case, and the largest one.
const sizeOfValues = 32

// readValues reads one variant; the payload of an absent case is not touched.
func readValues(at uint32) Values {
	r := abi.ReadAt(at)
	kind := r.U8()
	r.Align(4)
	switch kind {
	case 0:
		return Values{Numbers: abi.Numbers[int64](&r)}
	case 1:
		return Values{Texts: &Texts{Words: readTexts(&r), At: abi.Numbers[uint32](&r)}}
	case 2:
		return Values{Lists: &TextLists{
			Words: readTexts(&r), Width: r.U32(), Ends: abi.Numbers[uint32](&r), At: abi.Numbers[uint32](&r),
		}}
	case 3:
		return Values{Pods: abi.List(&r, 4, func(r *abi.Reader, into *[]PodInfo) { *into = abi.List(r, 4, readPodInfo) })}
	default:
		return Values{Blobs: abi.List(&r, 4, func(r *abi.Reader, into *[]byte) { *into = r.Bytes() })}
	}
}

func readTexts(r *abi.Reader) []string {
	return abi.List(r, 4, func(r *abi.Reader, into *string) { *into = r.Text() })
}

func readPatch(r *abi.Reader, into *Patch) {
	into.Columns, into.Rows = abi.Numbers[uint16](r), abi.Numbers[uint32](r)
	at, length := r.U32(), r.U32()
	into.Values = readAllValues(at, length)
}

func readAllValues(at, length uint32) []Values {
	values := make([]Values, length)
	for i := range values {
		values[i] = readValues(at + uint32(i)*sizeOfValues)
	}
	return values
}
