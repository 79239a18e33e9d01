package sdk

import (
	"errors"
	"fmt"
	"math/bits"
	"reflect"
	"slices"
)

// cycle is the pod that Filter and Score are about.
type cycle struct {
	pod    *Pod
	shared []byte
	// number tells one cycle from the next.
	number uint64
}

// Begin starts a cycle.
func (p *Plugin) Begin(pod *Pod, shared []byte) error {
	current = p
	p.cycle = cycle{pod, shared, p.cycle.number + 1}
	return nil
}

var (
	errNoCycle = errors.New("no cycle has begun")
	errNoRow   = errors.New("the set has a row that is not in the table")
)

// rowsOf lists the rows of a set, in ascending order, in space that is used again.
func (p *Plugin) rowsOf(set []uint64) ([]uint32, error) {
	if p.cycle.pod == nil {
		return nil, errNoCycle
	}
	p.rows = p.rows[:0]
	for i, word := range set {
		for ; word != 0; word &= word - 1 {
			p.rows = append(p.rows, uint32(i*64+bits.TrailingZeros64(word)))
		}
	}
	if n := len(p.rows); n > 0 && p.rows[n-1] >= p.table.rows {
		return nil, errNoRow
	}
	return p.rows, nil
}

// verdictList gathers what Filter says, in space that is used again.
type verdictList struct {
	Verdicts
	// kinds has the verdict of each of Rejections.
	kinds []Verdict
	// places finds a verdict in kinds when there are many.
	places map[Verdict]uint16
	last   uint16
}

// few is how many different rejections are looked for one by one.
const few = 8

// reset makes room for the answer about a set of rows.
func (v *verdictList) reset(words int) {
	v.Fit = slices.Grow(v.Fit[:0], words)[:words]
	clear(v.Fit)
	v.Rejections, v.RejectionOf, v.kinds = v.Rejections[:0], v.RejectionOf[:0], v.kinds[:0]
	clear(v.places)
	v.last = 0
}

// add notes the verdict of the next row that does not fit.
func (v *verdictList) add(verdict Verdict) error {
	if verdict.kind == kindFailed {
		return errors.New(verdict.reason)
	}
	if int(v.last) >= len(v.kinds) || v.kinds[v.last] != verdict {
		place, err := v.place(verdict)
		if err != nil {
			return err
		}
		v.last = place
	}
	v.RejectionOf = append(v.RejectionOf, v.last)
	return nil
}

// place finds or makes the place of a rejection.
func (v *verdictList) place(verdict Verdict) (uint16, error) {
	for i := range min(len(v.kinds), few) {
		if v.kinds[i] == verdict {
			return uint16(i), nil
		}
	}
	if place, ok := v.places[verdict]; ok {
		return place, nil
	}
	place := len(v.kinds)
	if place > 1<<16-1 {
		return 0, fmt.Errorf("more than %d different reasons", 1<<16)
	}
	v.kinds = append(v.kinds, verdict)
	v.Rejections = append(v.Rejections, Rejection{RejectCode(verdict.kind - kindUnschedulable), verdict.reason})
	if place >= few {
		if v.places == nil {
			v.places = make(map[Verdict]uint16)
		}
		v.places[verdict] = uint16(place)
	}
	return uint16(place), nil
}

// FilterPart is for package filter.
func FilterPart[S any](judge func(S, *Pod, Node) Verdict) Part {
	return func(p *Plugin) {
		var states cached[S]
		p.stages.filter = func(rows []uint32) error {
			state, err := states.of(p)
			if err != nil {
				return err
			}
			pod, t := p.cycle.pod, &p.table
			for _, row := range rows {
				verdict := judge(state, pod, Node{t, row})
				if verdict.kind == kindFit {
					p.verdicts.Fit[row/64] |= 1 << (row % 64)
				} else if err := p.verdicts.add(verdict); err != nil {
					return err
				}
			}
			return nil
		}
		p.stages.filterRow = func(row uint32) (Verdict, error) {
			state, err := states.of(p)
			if err != nil {
				return Verdict{}, err
			}
			return judge(state, p.cycle.pod, Node{&p.table, row}), nil
		}
		p.stages.filterTakes = reflect.TypeFor[S]()
	}
}

// ScorePart is for package score.
func ScorePart[S any](score func(S, *Pod, Node) int64) Part {
	return func(p *Plugin) {
		var states cached[S]
		p.stages.score = func(rows []uint32) error {
			state, err := states.of(p)
			if err != nil {
				return err
			}
			pod, t := p.cycle.pod, &p.table
			for _, row := range rows {
				p.scores = append(p.scores, score(state, pod, Node{t, row}))
			}
			return nil
		}
		p.stages.scoreTakes = reflect.TypeFor[S]()
	}
}

// Filter judges a set of rows. The answer is good until the next call.
func (p *Plugin) Filter(set []uint64) (*Verdicts, error) {
	current = p
	if p.stages.filter == nil {
		return nil, errStage
	}
	rows, err := p.rowsOf(set)
	if err != nil {
		return nil, err
	}
	p.verdicts.reset(len(set))
	if err := p.stages.filter(rows); err != nil {
		return nil, err
	}
	return &p.verdicts.Verdicts, nil
}

// FilterSupposed judges one row as it would be with other values.
func (p *Plugin) FilterSupposed(row uint32, supposed *Patch) error {
	current = p
	switch {
	case p.stages.filterRow == nil:
		return errStage
	case p.cycle.pod == nil:
		return errNoCycle
	}
	before, err := p.table.suppose(row, supposed)
	defer p.table.restore(before)
	if err != nil {
		return err
	}
	verdict, err := p.stages.filterRow(row)
	if err != nil {
		return err
	}
	return verdict.Err()
}

// Score scores a set of rows. The answer is good until the next call.
func (p *Plugin) Score(set []uint64) ([]int64, error) {
	current = p
	if p.stages.score == nil {
		return nil, errStage
	}
	rows, err := p.rowsOf(set)
	if err != nil {
		return nil, err
	}
	p.scores = p.scores[:0]
	err = p.stages.score(rows)
	return p.scores, err
}
