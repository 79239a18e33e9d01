package workload

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Number is a count in a file: a number, or a parameter as $name.
type Number struct {
	value     int
	parameter string
}

// UnmarshalJSON reads 5, "5" or "$nodes".
func (n *Number) UnmarshalJSON(text []byte) error {
	word := strings.Trim(string(text), `"`)
	if name, found := strings.CutPrefix(word, "$"); found {
		*n = Number{parameter: name}
		return nil
	}
	value, err := strconv.Atoi(word)
	if err != nil || value < 0 {
		return fmt.Errorf("%s is neither a count nor a $parameter", text)
	}
	*n = Number{value: value}
	return nil
}

// In is the number for a size of the file.
func (n Number) In(file *File, size *Size) (int, error) {
	if n.parameter == "" {
		return n.value, nil
	}
	if value, found := size.Parameters[n.parameter]; found {
		return value, nil
	}
	if value, found := file.Parameters[n.parameter]; found {
		return value, nil
	}
	return 0, fmt.Errorf("%s: size %s has no parameter $%s", file.path, size.Name, n.parameter)
}

// InTurn is a list of values that objects take in turn; a single value is a list of one.
type InTurn []string

// UnmarshalJSON reads a list or one value.
func (v *InTurn) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*v = InTurn{one}
		return nil
	}
	var many []string
	if err := json.Unmarshal(text, &many); err != nil {
		return err
	}
	if len(many) == 0 {
		return fmt.Errorf("an empty list has no values to take in turn")
	}
	*v = many
	return nil
}

// At is the value of the object with this number.
func (v InTurn) At(number int) string {
	return v[number%len(v)]
}

// Namespaces says where pods are created: in one namespace, or as many in each of several.
type Namespaces struct {
	name   string
	prefix string
	count  Number
}

// UnmarshalJSON reads a name or {prefix, count}.
func (n *Namespaces) UnmarshalJSON(text []byte) error {
	if json.Unmarshal(text, &n.name) == nil {
		return nil
	}
	var many struct {
		Prefix string `json:"prefix"`
		Count  Number `json:"count"`
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&many); err != nil {
		return err
	}
	*n = Namespaces{prefix: many.Prefix, count: many.Count}
	return nil
}

// In lists the namespaces for a size of the file.
func (n Namespaces) In(file *File, size *Size) ([]string, error) {
	if n.prefix == "" {
		if n.name == "" {
			return []string{"default"}, nil
		}
		return []string{n.name}, nil
	}
	count, err := n.count.In(file, size)
	if err != nil {
		return nil, err
	}
	names := make([]string, count)
	for i := range names {
		names[i] = fmt.Sprintf("%s-%d", n.prefix, i)
	}
	return names, nil
}

// Duration is a time such as 1s.
type Duration time.Duration

// UnmarshalJSON reads what time.ParseDuration does.
func (d *Duration) UnmarshalJSON(text []byte) error {
	value, err := time.ParseDuration(strings.Trim(string(text), `"`))
	if err == nil && value <= 0 {
		err = fmt.Errorf("%s is no time to wait", text)
	}
	*d = Duration(value)
	return err
}
