package sdk

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
)

// State is what PreFilter leaves for the later stages. It travels between instances as bytes: a type with
// MarshalBinary and UnmarshalBinary writes itself, strings, byte slices and Syms are written as they are, all else is
// JSON. A plugin without PreFilter gets the zero value. At most 64 KiB.

// encodeState writes a state.
func encodeState[S any](state *S) ([]byte, error) {
	switch value := any(state).(type) {
	case *struct{}:
		return nil, nil
	case *string:
		return []byte(*value), nil
	case *[]byte:
		return *value, nil
	case *Sym:
		if value.Absent() {
			return nil, nil
		}
		return append([]byte{1}, value.String()...), nil
	case encoding.BinaryMarshaler:
		return value.MarshalBinary()
	default:
		if reflect.ValueOf(state).Elem().IsZero() {
			return nil, nil
		}
		return json.Marshal(state)
	}
}

// decodeState reads a state; no bytes are the zero value.
func decodeState[S any](bytes []byte, state *S) error {
	*state = *new(S)
	if len(bytes) == 0 {
		return nil
	}
	var err error
	switch value := any(state).(type) {
	case *struct{}:
	case *string:
		*value = string(bytes)
	case *[]byte:
		*value = bytes
	case *Sym:
		*value = Intern(string(bytes[1:]))
	case encoding.BinaryUnmarshaler:
		err = value.UnmarshalBinary(bytes)
	default:
		err = json.Unmarshal(bytes, state)
	}
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	return nil
}

// MarshalJSON writes the text, or null.
func (s Sym) MarshalJSON() ([]byte, error) {
	if s.Absent() {
		return []byte("null"), nil
	}
	return json.Marshal(s.String())
}

// UnmarshalJSON reads a text, or null.
func (s *Sym) UnmarshalJSON(bytes []byte) error {
	var text *string
	if err := json.Unmarshal(bytes, &text); err != nil {
		return err
	}
	*s = None
	if text != nil {
		*s = Intern(*text)
	}
	return nil
}

// MarshalText writes the text, so that a Sym may be the key of a map.
func (s Sym) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the text.
func (s *Sym) UnmarshalText(text []byte) error {
	*s = Intern(string(text))
	return nil
}

// cached is a state read once for each cycle.
type cached[S any] struct {
	state S
	cycle uint64
	err   error
}

// of reads the state of the plugin's cycle.
func (c *cached[S]) of(p *Plugin) (S, error) {
	if c.cycle != p.cycle.number {
		c.cycle = p.cycle.number
		c.err = decodeState(p.cycle.shared, &c.state)
	}
	return c.state, c.err
}
