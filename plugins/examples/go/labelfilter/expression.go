package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	sdk "longshore/sdk"
)

// Expression is one condition on the value of a label.
type Expression struct {
	key sdk.Sym
	// values are those that are meant; nil stands for any.
	values []sdk.Sym
	// not turns the condition round: an absent label is fine then.
	not bool
	// reason is what a node that does not fit is rejected with.
	reason string
}

var (
	among  = regexp.MustCompile(`^(\S+)\s+(in|notin)\s+\(([^()]*)\)$`)
	equal  = regexp.MustCompile(`^([^\s=!]+)\s*=\s*([^\s=]*)$`)
	exists = regexp.MustCompile(`^(!?)\s*([^\s=!()]+)$`)
)

// UnmarshalText reads an expression.
func (e *Expression) UnmarshalText(text []byte) error {
	said := strings.TrimSpace(string(text))
	*e = Expression{reason: "placement needs a node with " + said}
	if m := among.FindStringSubmatch(said); m != nil {
		e.key, e.not, e.values = sdk.Intern(m[1]), m[2] == "notin", []sdk.Sym{}
		for _, value := range strings.Split(m[3], ",") {
			e.values = append(e.values, sdk.Intern(strings.TrimSpace(value)))
		}
	} else if m := equal.FindStringSubmatch(said); m != nil {
		e.key, e.values = sdk.Intern(m[1]), []sdk.Sym{sdk.Intern(m[2])}
	} else if m := exists.FindStringSubmatch(said); m != nil {
		e.key, e.not = sdk.Intern(m[2]), m[1] != ""
	} else {
		return fmt.Errorf("%q is none of: key, !key, key=value, key in (a, b), key notin (a, b)", said)
	}
	return nil
}

// holds says whether a node with this value of the label, or without it, will do.
func (e *Expression) holds(value sdk.Sym) bool {
	is := !value.Absent() && (e.values == nil || slices.Contains(e.values, value))
	return is != e.not
}
