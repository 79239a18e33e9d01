// Package objects lets a plugin read objects beside pods and nodes, of any kind that the API server has. The operator has
// to grant "objects".
//
//	var windows = objects.Of[Window]("example.com/v1", "Window", objects.Fields("spec.open"))
//
//	type Window struct {
//		Spec struct {
//			Open bool `json:"open"`
//		} `json:"spec"`
//	}
//
//	for _, window := range windows.InNamespace(pod.Namespace) {
//		if window.Body.Spec.Open { ... }
//	}
//
// Kinds are declared as variables of a package, or in the function of sdk.ByConfig. The scheduler keeps the objects up to
// date; reading them asks nobody. An object that cannot be read as the type is absent, and a line in the log says why.
package objects

import (
	"encoding/json"
	"reflect"
	"time"

	sdk "longshore/sdk"
)

// Object is an object as the plugin reads it. It may not be changed.
type Object[T any] struct {
	// Namespace is empty for an object that is in none.
	Namespace string
	Name      string
	UID       string
	Labels    map[string]string
	// Owners is metadata.ownerReferences.
	Owners []sdk.Owner
	// Created is when it was made, Deleted when its deletion was asked for; zero when that is not so.
	Created, Deleted time.Time
	// Body is the object as the plugin's type.
	Body T
}

// Kind is a kind of objects that is read as a T.
type Kind[T any] struct{ place int }

// Option is something that is said of a kind.
type Option func(*sdk.KindSpec)

// Fields are the fields that are wanted, as dotted paths such as "spec.weight"; a change of others is no change. Without it
// the whole object is. Of the metadata there is what Object has in any case.
func Fields(paths ...string) Option {
	return func(spec *sdk.KindSpec) { spec.Fields = append(spec.Fields, paths...) }
}

// AboutNode says that an object is about the node of its name: when it changes, a plugin that is Pure is asked about this
// node again. Otherwise it is asked about all nodes again.
func AboutNode() Option {
	return func(spec *sdk.KindSpec) { spec.AboutNode = true }
}

// Of declares a kind, such as "example.com/v1", "Window" or "v1", "Namespace"; not Pod and not Node.
func Of[T any](apiVersion, kind string, options ...Option) Kind[T] {
	spec := sdk.KindSpec{APIVersion: apiVersion, Kind: kind, Type: reflect.TypeFor[T](), Read: read[T]}
	for _, option := range options {
		option(&spec)
	}
	return Kind[T]{sdk.DeclareKind(spec)}
}

// Place is for package sdktest.
func (k Kind[T]) Place() int { return k.place }

// On is an event about objects of this kind, for sdk.Events: "Add", "Update", "Delete" or "*".
func (k Kind[T]) On(actions ...string) sdk.Event {
	return sdk.On(sdk.KindResource(k.place), actions...)
}

// Get is an object by its namespace (empty for one that is in none) and its name; nil when there is none.
func (k Kind[T]) Get(namespace, name string) *Object[T] {
	object, _ := sdk.ShelfOf(k.place).Get(namespace, name).(*Object[T])
	return object
}

// All is every object, in order of namespaces and names.
func (k Kind[T]) All() []*Object[T] { return typed[T](sdk.ShelfOf(k.place).All()) }

// InNamespace is the objects of a namespace, in order of their names.
func (k Kind[T]) InNamespace(namespace string) []*Object[T] {
	return typed[T](sdk.ShelfOf(k.place).InNamespace(namespace))
}

// Labelled is the objects that have a label with this value, in order of namespaces and names.
func (k Kind[T]) Labelled(key, value string) []*Object[T] {
	return typed[T](sdk.ShelfOf(k.place).Labelled(key, value))
}

// OwnedBy is the objects that name an owner of this UID, in order of namespaces and names.
func (k Kind[T]) OwnedBy(uid string) []*Object[T] { return typed[T](sdk.ShelfOf(k.place).OwnedBy(uid)) }

// Err is why an object cannot be read; nil when it can, and when there is none.
func (k Kind[T]) Err(namespace, name string) error { return sdk.ShelfOf(k.place).Err(namespace, name) }

// Changes is a number that grows when an object of this kind comes, changes or goes: as long as it is the same, so is all
// that was derived from them.
func (k Kind[T]) Changes() uint64 { return sdk.ShelfOf(k.place).Changes() }

// Changed is an object before and after an event.
type Changed[T any] struct {
	Namespace, Name string
	// Before is nil when the object is new, After when it is gone; both when they cannot be read.
	Before, After *Object[T]
}

// Changed is what an event says of an object of this kind; nil when it is about something else.
func (k Kind[T]) Changed(event *sdk.HintEvent) *Changed[T] {
	change := event.Object
	if change == nil || event.Resource != sdk.KindResource(k.place) {
		return nil
	}
	object := func(json []byte) *Object[T] {
		if json == nil {
			return nil
		}
		parsed, err := read[T](change.Namespace, change.Name, json)
		if err != nil {
			return nil
		}
		return parsed.Object.(*Object[T])
	}
	return &Changed[T]{change.Namespace, change.Name, object(change.Before), object(change.After)}
}

func typed[T any](objects []any) []*Object[T] {
	list := make([]*Object[T], 0, len(objects))
	for _, object := range objects {
		list = append(list, object.(*Object[T]))
	}
	return list
}

// read reads an object. Namespace and name are those that the scheduler says.
func read[T any](namespace, name string, bytes []byte) (sdk.ParsedObject, error) {
	object := &Object[T]{Namespace: namespace, Name: name}
	if err := json.Unmarshal(bytes, &object.Body); err != nil {
		return sdk.ParsedObject{}, err
	}
	var envelope struct {
		Metadata struct {
			UID               string            `json:"uid"`
			Labels            map[string]string `json:"labels"`
			OwnerReferences   []sdk.Owner       `json:"ownerReferences"`
			CreationTimestamp time.Time         `json:"creationTimestamp"`
			DeletionTimestamp time.Time         `json:"deletionTimestamp"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal(bytes, &envelope); err != nil {
		return sdk.ParsedObject{}, err
	}
	metadata := &envelope.Metadata
	object.UID, object.Labels, object.Owners = metadata.UID, metadata.Labels, metadata.OwnerReferences
	object.Created, object.Deleted = metadata.CreationTimestamp, metadata.DeletionTimestamp
	return sdk.ParsedObject{Object: object, Labels: object.Labels, Owners: object.Owners}, nil
}
