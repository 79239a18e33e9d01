// Command schema prints the protobuf schema of v1.Pod, v1.Node and all that they hold, as the table
// scheduler/wasm/src/compat/proto/core-v1.txt has it.
//
//	go run . > ../src/compat/proto/core-v1.txt
//
// It reads the struct tags of k8s.io/api: field numbers and JSON names stand there, and whether a field is a
// pointer decides whether Kubernetes' own encoder leaves it out when it is empty.
package main

import (
	"fmt"
	"reflect"
	"sort"
	"strings"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

var special = map[reflect.Type]string{
	reflect.TypeOf(resource.Quantity{}):  "quantity",
	reflect.TypeOf(meta.Time{}):          "time",
	reflect.TypeOf(meta.MicroTime{}):     "microtime",
	reflect.TypeOf(meta.FieldsV1{}):      "raw",
	reflect.TypeOf(intstr.IntOrString{}): "intstr",
}

var lines = map[string]string{}

func main() {
	for _, root := range []any{core.Pod{}, core.Node{}, meta.ListMeta{}} {
		message(reflect.TypeOf(root))
	}
	names := make([]string, 0, len(lines))
	for name := range lines {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Printf("%s:%s\n", name, lines[name])
	}
}

func message(t reflect.Type) string {
	name := t.Name()
	if _, done := lines[name]; done {
		return name
	}
	lines[name] = ""
	var fields []string
	numbers := map[string]int{}
	for i := range t.NumField() {
		field := t.Field(i)
		tag := field.Tag.Get("protobuf")
		if tag == "" || tag == "-" {
			continue
		}
		var number int
		fmt.Sscan(strings.Split(tag, ",")[1], &number)
		json, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if strings.Contains(options, "inline") {
			json = "."
		}
		text := fmt.Sprintf(" %d %s %s", number, json, kind(field.Type, true))
		fields = append(fields, text)
		numbers[text] = number
	}
	sort.Slice(fields, func(a, b int) bool { return numbers[fields[a]] < numbers[fields[b]] })
	lines[name] = strings.Join(fields, ";")
	return name
}

func kind(t reflect.Type, outer bool) string {
	if word, ok := special[t]; ok {
		return word
	}
	switch t.Kind() {
	case reflect.Pointer:
		return "?" + kind(t.Elem(), false)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		return "[]" + kind(t.Elem(), false)
	case reflect.Map:
		return "{}" + kind(t.Elem(), false)
	case reflect.Struct:
		return message(t)
	case reflect.String, reflect.Bool, reflect.Int32, reflect.Int64:
		return t.Kind().String()
	}
	panic("no word for " + t.String())
}
