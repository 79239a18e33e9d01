package sdk

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// ObjectChange says what became of an object. The scheduler sends it.
type ObjectChange struct {
	// Kind is a place in the list of kinds.
	Kind int
	// Namespace is empty for an object that is in none.
	Namespace, Name string
	// Object is the object as JSON; nil when it is gone.
	Object []byte
}

// objectKey is a namespace, which may be empty, and a name.
type objectKey struct{ namespace, name string }

func (k objectKey) compare(other objectKey) int {
	if by := cmp.Compare(k.namespace, other.namespace); by != 0 {
		return by
	}
	return cmp.Compare(k.name, other.name)
}

// String is the key as people write it.
func (k objectKey) String() string {
	if k.namespace == "" {
		return k.name
	}
	return k.namespace + "/" + k.name
}

// label is a key and a value.
type label struct{ key, value string }

// Shelf is the objects of one kind that an instance was told of. It is for package objects.
type Shelf struct {
	spec    KindSpec
	objects map[objectKey]ParsedObject
	// sorted is the keys of objects in order; nil when that has to be found out anew.
	sorted   []objectKey
	labelled map[label]map[objectKey]bool
	owned    map[string]map[objectKey]bool
	// broken is why objects cannot be read.
	broken  map[objectKey]string
	changes uint64
}

func newShelf(spec KindSpec) *Shelf {
	s := &Shelf{spec: spec}
	s.clear()
	return s
}

// clear forgets all, and returns why objects could not be read.
func (s *Shelf) clear() map[objectKey]string {
	broken := s.broken
	s.objects, s.sorted = map[objectKey]ParsedObject{}, nil
	s.labelled, s.owned = map[label]map[objectKey]bool{}, map[string]map[objectKey]bool{}
	s.broken = map[objectKey]string{}
	return broken
}

// errKind is what a change of a kind that was not declared is.
var errKind = errors.New("told of an object of a kind that was not declared")

// ApplyObjects changes the objects that the plugin knows.
func (p *Plugin) ApplyObjects(reset bool, changes []ObjectChange) error {
	described = true
	current = p
	shelves := p.allShelves()
	touched := make([]bool, len(shelves))
	// What was said of objects that cannot be read is not said again.
	said := make([]map[objectKey]string, len(shelves))
	if reset {
		for i, shelf := range shelves {
			said[i], touched[i] = shelf.clear(), true
		}
	}
	for i := range changes {
		kind := changes[i].Kind
		if kind >= len(shelves) {
			return errKind
		}
		touched[kind] = true
		shelves[kind].change(&changes[i], said[kind])
	}
	for i, shelf := range shelves {
		if touched[i] {
			shelf.changes++
		}
	}
	return nil
}

// allShelves has one for each kind that is declared.
func (p *Plugin) allShelves() []*Shelf {
	for len(p.shelves) < len(declaredKinds) {
		p.shelves = append(p.shelves, newShelf(declaredKinds[len(p.shelves)]))
	}
	return p.shelves
}

// ShelfOf is for package objects: the objects of the kind at a place, as the plugin whose code runs knows them.
func ShelfOf(place int) *Shelf {
	if current == nil {
		panic("sdk: there are no objects yet: the plugin has not been called")
	}
	return current.allShelves()[place]
}

func (s *Shelf) change(change *ObjectChange, said map[objectKey]string) {
	key := objectKey{change.Namespace, change.Name}
	s.remove(key)
	before, known := s.broken[key]
	if !known {
		before = said[key]
	}
	delete(s.broken, key)
	if change.Object == nil {
		return
	}
	parsed, err := s.spec.Read(key.namespace, key.name, change.Object)
	if err == nil {
		s.insert(key, parsed)
		return
	}
	s.broken[key] = err.Error()
	if before != err.Error() {
		Log(Warn, fmt.Sprintf("%s %s cannot be read and counts as absent: %v", s.spec.resource(), key, err))
	}
}

func (s *Shelf) insert(key objectKey, parsed ParsedObject) {
	s.objects[key], s.sorted = parsed, nil
	for name, value := range parsed.Labels {
		put(s.labelled, label{name, value}, key)
	}
	for _, owner := range parsed.Owners {
		put(s.owned, owner.UID, key)
	}
}

func (s *Shelf) remove(key objectKey) {
	parsed, there := s.objects[key]
	if !there {
		return
	}
	delete(s.objects, key)
	s.sorted = nil
	for name, value := range parsed.Labels {
		takeOut(s.labelled, label{name, value}, key)
	}
	for _, owner := range parsed.Owners {
		takeOut(s.owned, owner.UID, key)
	}
}

func put[K comparable](index map[K]map[objectKey]bool, of K, key objectKey) {
	if index[of] == nil {
		index[of] = map[objectKey]bool{}
	}
	index[of][key] = true
}

func takeOut[K comparable](index map[K]map[objectKey]bool, of K, key objectKey) {
	delete(index[of], key)
	if len(index[of]) == 0 {
		delete(index, of)
	}
}

// Get is one object, or nil.
func (s *Shelf) Get(namespace, name string) any { return s.objects[objectKey{namespace, name}].Object }

// order is all keys in order.
func (s *Shelf) order() []objectKey {
	if s.sorted == nil {
		s.sorted = slices.SortedFunc(maps.Keys(s.objects), objectKey.compare)
	}
	return s.sorted
}

// All is every object.
func (s *Shelf) All() []any { return s.of(s.order()) }

// InNamespace is the objects of a namespace.
func (s *Shelf) InNamespace(namespace string) []any {
	order := s.order()
	begin, _ := slices.BinarySearchFunc(order, objectKey{namespace, ""}, objectKey.compare)
	end := begin
	for end < len(order) && order[end].namespace == namespace {
		end++
	}
	return s.of(order[begin:end])
}

// Labelled is the objects with a label.
func (s *Shelf) Labelled(key, value string) []any { return s.found(s.labelled[label{key, value}]) }

// OwnedBy is the objects with an owner.
func (s *Shelf) OwnedBy(uid string) []any { return s.found(s.owned[uid]) }

func (s *Shelf) found(keys map[objectKey]bool) []any {
	return s.of(slices.SortedFunc(maps.Keys(keys), objectKey.compare))
}

func (s *Shelf) of(keys []objectKey) []any {
	objects := make([]any, len(keys))
	for i, key := range keys {
		objects[i] = s.objects[key].Object
	}
	return objects
}

// Err is why an object cannot be read.
func (s *Shelf) Err(namespace, name string) error {
	if cause, ok := s.broken[objectKey{namespace, name}]; ok {
		return errors.New(cause)
	}
	return nil
}

// Changes counts them.
func (s *Shelf) Changes() uint64 { return s.changes }
