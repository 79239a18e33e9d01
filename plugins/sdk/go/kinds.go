package sdk

import (
	"reflect"
	"slices"
	"strings"
)

// KindSpec is a kind of objects that the plugin reads. It is for package objects, which declares them.
type KindSpec struct {
	// APIVersion is group and version, or the version alone for the core group.
	APIVersion string
	Kind       string
	Fields     []string
	AboutNode  bool
	// Type is what objects are read as.
	Type reflect.Type
	// Read reads an object of this namespace and name.
	Read func(namespace, name string, json []byte) (ParsedObject, error)
}

// ParsedObject is an object that was read, and what it is found by.
type ParsedObject struct {
	Object any
	Labels map[string]string
	Owners []Owner
}

// declaredKinds holds every kind that the program asked for: the place of a kind here is its place in the list that the
// scheduler is told.
var declaredKinds []KindSpec

// DeclareKind is for package objects: it finds or makes the place of a kind.
func DeclareKind(spec KindSpec) int {
	for i := range declaredKinds {
		if declaredKinds[i].same(&spec) {
			return i
		}
	}
	if described {
		panic("sdk: kinds of objects are declared as variables of the package or in ByConfig, before the plugin runs")
	}
	declaredKinds = append(declaredKinds, spec)
	return len(declaredKinds) - 1
}

func (k *KindSpec) same(other *KindSpec) bool {
	return k.APIVersion == other.APIVersion && k.Kind == other.Kind && k.AboutNode == other.AboutNode &&
		k.Type == other.Type && slices.Equal(k.Fields, other.Fields)
}

// group and version of a kind.
func (k *KindSpec) group() (group, version string) {
	group, version, found := strings.Cut(k.APIVersion, "/")
	if !found {
		return "", k.APIVersion
	}
	return group, version
}

// resource is the kind as events name it: Window.v1.example.com, Namespace.v1.
func (k *KindSpec) resource() string {
	group, version := k.group()
	if group == "" {
		return k.Kind + "." + version
	}
	return k.Kind + "." + version + "." + group
}

// KindResource is for package objects: the kind at a place as events name it.
func KindResource(place int) string { return declaredKinds[place].resource() }
