package sdk

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
)

var (
	testName = Name()
	testFree = Free(CPU)
)

// loaded is a plugin with rows named "a", "b" and so on, whose free amounts are given.
func loaded(t *testing.T, free []int64, parts ...Part) *Plugin {
	t.Helper()
	p := New("Test", parts...)
	p.Describe()
	if err := p.Init("null", Instance{}); err != nil {
		t.Fatal(err)
	}
	texts, rows := &Texts{}, []uint32{}
	for i := range free {
		texts.Words = append(texts.Words, string(rune('a'+i%26)))
		texts.At = append(texts.At, uint32(i+1))
		rows = append(rows, uint32(i))
	}
	patch := Patch{
		Columns: []uint16{uint16(testName.place), uint16(testFree.place)}, Rows: rows,
		Values: []Values{{Texts: texts}, {Numbers: free}},
	}
	delta := &Delta{Reset: true, Rows: uint32(len(free)), Alive: []uint64{1<<len(free) - 1}, Patches: []Patch{patch}}
	if err := p.Apply(delta); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestVerdictsAreGatheredByReason(t *testing.T) {
	p := loaded(t, []int64{5, 1, 2, 9, 1}, FilterPart(func(_ struct{}, _ *Pod, n Node) Verdict {
		switch free := n.Number(testFree); {
		case free < 2:
			return Unfit("none")
		case free < 5:
			return Unresolvable("little")
		default:
			return Fit
		}
	}))
	if _, err := p.Filter([]uint64{1}); err != errNoCycle {
		t.Error(err)
	}
	if err := p.Begin(&Pod{}, nil); err != nil {
		t.Fatal(err)
	}
	got, err := p.Filter([]uint64{0b11111})
	want := &Verdicts{[]uint64{0b01001}, []Rejection{{CodeUnschedulable, "none"}, {CodeUnresolvable, "little"}}, []uint16{0, 1, 0}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := p.Filter([]uint64{1 << 5}); err != errNoRow {
		t.Error(err)
	}
}

func TestManyDifferentReasons(t *testing.T) {
	p := loaded(t, make([]int64, 40), FilterPart(func(_ struct{}, _ *Pod, n Node) Verdict {
		return Unfit(fmt.Sprint("reason ", n.Row()%20))
	}))
	for range 2 {
		if err := p.Begin(&Pod{}, nil); err != nil {
			t.Fatal(err)
		}
		got, err := p.Filter([]uint64{1<<40 - 1})
		if err != nil || len(got.Rejections) != 20 {
			t.Fatalf("%+v %v", got, err)
		}
		for i, place := range got.RejectionOf {
			if got.Rejections[place].Reason != fmt.Sprint("reason ", i%20) {
				t.Errorf("row %d: %v", i, got.Rejections[place])
			}
		}
	}
}

func TestAHypothesisLeavesTheTableAlone(t *testing.T) {
	p := loaded(t, []int64{5, 1}, FilterPart(func(_ struct{}, _ *Pod, n Node) Verdict {
		return FitIf(n.Number(testFree) > 2, "none")
	}))
	if err := p.Begin(&Pod{}, nil); err != nil {
		t.Fatal(err)
	}
	column := []uint16{uint16(testFree.place)}
	supposed := func(row uint32, free int64) error {
		return p.FilterSupposed(row, &Patch{column, []uint32{row}, []Values{{Numbers: []int64{free}}}})
	}
	if err := supposed(0, 1); err == nil || err.Error() != "none" {
		t.Error(err)
	}
	if err := supposed(1, 3); err != nil {
		t.Error(err)
	}
	if err := supposed(2, 3); !errors.Is(err, errPatch) {
		t.Error(err)
	}
	if got, _ := p.Filter([]uint64{0b11}); got.Fit[0] != 0b01 {
		t.Errorf("%+v", got)
	}
}

func TestADeltaThatDoesNotFit(t *testing.T) {
	p := loaded(t, []int64{5})
	number := []uint16{uint16(testFree.place)}
	text := []uint16{uint16(testName.place)}
	for name, patch := range map[string]Patch{
		"a row that is not there":    {number, []uint32{1}, []Values{{Numbers: []int64{1}}}},
		"a column that is not there": {[]uint16{9999}, []uint32{0}, []Values{{Numbers: []int64{1}}}},
		"too few values":             {number, []uint32{0}, []Values{{Numbers: []int64{}}}},
		"values of another kind":     {number, []uint32{0}, []Values{{Texts: &Texts{At: []uint32{0}}}}},
		"a word that is not there":   {text, []uint32{0}, []Values{{Texts: &Texts{At: []uint32{1}}}}},
		"values are missing":         {number, []uint32{0}, nil},
	} {
		if err := p.Apply(&Delta{Rows: 1, Patches: []Patch{patch}}); !errors.Is(err, errPatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := New("Fresh").Apply(&Delta{Rows: 1}); err == nil {
		t.Error("the first delta has to reset")
	}
}

type written struct{ Text string }

func (w *written) MarshalBinary() ([]byte, error) { return []byte("<" + w.Text), nil }

func (w *written) UnmarshalBinary(bytes []byte) error {
	w.Text = string(bytes[1:])
	return nil
}

// travels checks that a state comes back as it was.
func travels[S any](t *testing.T, state S, want string) {
	t.Helper()
	bytes, err := encodeState(&state)
	if err != nil || string(bytes) != want {
		t.Errorf("%#v: %q %v, want %q", state, bytes, err, want)
	}
	var back S
	if err := decodeState(bytes, &back); err != nil || !reflect.DeepEqual(back, state) {
		t.Errorf("%#v came back as %#v, %v", state, back, err)
	}
}

func TestStateTravels(t *testing.T) {
	type record struct {
		Zone  Sym
		None  Sym
		Count map[Sym]int
	}
	travels(t, struct{}{}, "")
	travels(t, "text", "text")
	travels(t, []byte{1, 2}, "\x01\x02")
	travels(t, Intern("z"), "\x01z")
	travels(t, Intern(""), "\x01")
	travels(t, None, "")
	travels(t, 7, "7")
	travels(t, record{}, "")
	travels(t, record{Intern("z"), None, map[Sym]int{Intern("k"): 2}}, `{"Zone":"z","None":null,"Count":{"k":2}}`)
	travels(t, written{"x"}, "<x")
}

func TestStagesThatDisagreeAboutTheState(t *testing.T) {
	p := New("Test",
		PreFilterPart(func(*Pod) (string, error) { return "", nil }),
		FilterPart(func(int, *Pod, Node) Verdict { return Fit }))
	want := "PreFilter leaves a state of type string, but Filter takes int"
	if err := p.Init("null", Instance{}); err == nil || err.Error() != want {
		t.Error(err)
	}
	p = New("Test", ScorePart(func(int, *Pod, Node) int64 { return 0 }))
	if err := p.Init("null", Instance{}); err == nil {
		t.Error("nobody leaves a state")
	}
}

func TestTolerations(t *testing.T) {
	for _, test := range []struct {
		toleration Toleration
		want       bool
	}{
		{Toleration{Exists: true}, true},
		{Toleration{Key: "k", Exists: true}, true},
		{Toleration{Key: "k", Value: "v"}, true},
		{Toleration{Key: "k", Value: "v", Effect: "NoExecute"}, false},
		{Toleration{Key: "k", Value: "w"}, false},
		{Toleration{Key: "l", Exists: true}, false},
		{Toleration{Value: "v"}, false},
	} {
		if got := test.toleration.Tolerates("k", "v", "NoSchedule"); got != test.want {
			t.Errorf("%+v: %v", test.toleration, got)
		}
	}
}
