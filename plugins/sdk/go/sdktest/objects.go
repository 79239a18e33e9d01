package sdktest

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	sdk "longshore/sdk"
)

// Kind is a kind of objects: a variable that objects.Of made.
type Kind interface{ Place() int }

// given is an object of a test.
type given struct {
	kind   Kind
	object map[string]any
}

// objectKey tells objects apart.
type objectKey struct {
	kind            int
	namespace, name string
}

func (g *given) key() objectKey {
	metadata, _ := g.object["metadata"].(map[string]any)
	namespace, _ := metadata["namespace"].(string)
	name, _ := metadata["name"].(string)
	return objectKey{g.kind.Place(), namespace, name}
}

// Object adds an object, or puts it in the place of the one that has its name: JSON as a text, or a value that
// encoding/json writes. The plugin is told the fields that it declares, when it is loaded and by Update.
func (c *Cluster) Object(kind Kind, object any) *Cluster {
	text, ok := object.(string)
	if !ok {
		written, err := json.Marshal(object)
		if err != nil {
			panic(err)
		}
		text = string(written)
	}
	g := given{kind: kind}
	if err := json.Unmarshal([]byte(text), &g.object); err != nil {
		panic("an object of a test is no JSON: " + err.Error())
	}
	if g.key().name == "" {
		panic("an object of a test has no metadata.name: " + text)
	}
	c.RemoveObject(kind, g.key().namespace, g.key().name)
	c.objects = append(c.objects, g)
	return c
}

// RemoveObject takes an object away.
func (c *Cluster) RemoveObject(kind Kind, namespace, name string) {
	key := objectKey{kind.Place(), namespace, name}
	c.objects = slices.DeleteFunc(c.objects, func(g given) bool { return g.key() == key })
}

// changes is what an instance has to be told that was told this before, and what it then has been told.
func (c *Cluster) changes(told map[objectKey][]byte, kinds []sdk.KindSpec) ([]sdk.ObjectChange, map[objectKey][]byte) {
	var changes []sdk.ObjectChange
	now := map[objectKey][]byte{}
	for i := range c.objects {
		key := c.objects[i].key()
		now[key] = pruned(c.objects[i].object, kinds[key.kind].Fields)
		if !bytes.Equal(told[key], now[key]) {
			changes = append(changes, sdk.ObjectChange{Kind: key.kind, Namespace: key.namespace, Name: key.name, Object: now[key]})
		}
	}
	for key := range told {
		if now[key] == nil {
			changes = append(changes, sdk.ObjectChange{Kind: key.kind, Namespace: key.namespace, Name: key.name})
		}
	}
	return changes, now
}

// always is what the scheduler hands over of metadata in any case.
var always = []string{
	"metadata.name", "metadata.namespace", "metadata.uid", "metadata.labels", "metadata.ownerReferences",
	"metadata.creationTimestamp", "metadata.deletionTimestamp",
}

// pruned is the object with these fields only; with all when there are none.
func pruned(object map[string]any, fields []string) []byte {
	kept := object
	if len(fields) > 0 {
		kept = map[string]any{}
		for _, path := range slices.Concat(always, fields) {
			keep(kept, object, strings.Split(path, "."))
		}
	}
	text, err := json.Marshal(kept)
	if err != nil {
		panic(err)
	}
	return text
}

// keep takes over what is at a path, if there is something.
func keep(kept, from map[string]any, path []string) {
	value, there := from[path[0]]
	if !there {
		return
	}
	inner, isObject := value.(map[string]any)
	if len(path) == 1 || !isObject {
		kept[path[0]] = value
		return
	}
	into, ok := kept[path[0]].(map[string]any)
	if !ok {
		into = map[string]any{}
		kept[path[0]] = into
	}
	keep(into, inner, path[1:])
}
