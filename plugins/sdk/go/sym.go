package sdk

import "unique"

// Sym is a text that is compared as fast as a number: two of the same text are equal with ==. The zero Sym stands for
// "there is none", which differs from the empty text.
//
// A Sym may be kept, used as a key of a map, and put into the state that PreFilter leaves: other instances read the
// same text from it.
type Sym struct{ handle unique.Handle[string] }

// None is the absent text.
var None Sym

// Intern gives the Sym of a text.
func Intern(text string) Sym { return Sym{unique.Make(text)} }

// Absent says whether there is no text.
func (s Sym) Absent() bool { return s == None }

// String is the text; empty where there is none.
func (s Sym) String() string {
	if s.Absent() {
		return ""
	}
	return s.handle.Value()
}

// Get is the text, and whether there is one.
func (s Sym) Get() (string, bool) { return s.String(), !s.Absent() }
