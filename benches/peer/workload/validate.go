package workload

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// validate refuses what the format's types alone let through.
func (f *File) validate() error {
	if f.Name == "" || len(f.Sizes) == 0 {
		return errors.New("name and sizes are required")
	}
	for name := range f.Templates {
		if _, err := f.Template(name); err != nil {
			return err
		}
	}
	return f.validateAll(f.Operations)
}

func (f *File) validateAll(operations []Operation) error {
	for at, operation := range operations {
		if err := operation.validate(f); err != nil {
			return fmt.Errorf("operations[%d]: %w", at, err)
		}
	}
	return nil
}

func (o *Operation) validate(file *File) error {
	if count := o.count(); count != 1 {
		return fmt.Errorf("has %d kinds, want one", count)
	}
	for _, name := range o.templates() {
		if _, found := file.Templates[name]; !found {
			return fmt.Errorf("there is no template %q", name)
		}
	}
	if pods := o.CreatePods; pods != nil {
		if err := pods.validate(); err != nil {
			return fmt.Errorf("createPods.%w", err)
		}
	}
	if repeat := o.Repeat; repeat != nil {
		return file.validateAll(repeat.Operations)
	}
	if churn := o.Churn; churn != nil {
		if !slices.Contains([]string{"recreate", "create"}, churn.Mode) {
			return fmt.Errorf("churn.mode: %q, want recreate or create", churn.Mode)
		}
		if churn.Every == 0 {
			return errors.New("churn.every is required")
		}
	}
	if deletion := o.DeletePods; deletion != nil && deletion.PerSecond != nil && *deletion.PerSecond <= 0 {
		return errors.New("deletePods.perSecond is no rate")
	}
	return nil
}

func (c *CreatePods) validate() error {
	if !slices.Contains([]string{"", "spread"}, c.Bound) {
		return fmt.Errorf("bound: %q, want spread", c.Bound)
	}
	if !slices.Contains([]string{"", "placed", "unfit", "nominated"}, c.Expect) {
		return fmt.Errorf("expect: %q, want placed, unfit or nominated", c.Expect)
	}
	if (c.Template == "") == (len(c.Mix) == 0) {
		return errors.New("template or mix is required, and not both")
	}
	for _, part := range c.Parts() {
		groups := part.Groups
		if groups == nil {
			continue
		}
		if (groups.Count == nil) == (groups.Size == nil) {
			return errors.New("groups: count or size is required, and not both")
		}
		if !slices.Contains([]string{"", "turn", "random", "heavyTail"}, groups.Order) {
			return fmt.Errorf("groups.order: %q, want turn, random or heavyTail", groups.Order)
		}
	}
	return nil
}

// count is how many kinds of operation this one is.
func (o *Operation) count() int {
	set, fields := 0, reflect.ValueOf(*o)
	for i := range fields.NumField() {
		if !fields.Field(i).IsNil() {
			set++
		}
	}
	return set
}

func (o *Operation) templates() []string {
	switch {
	case o.CreateNodes != nil:
		return append([]string{o.CreateNodes.Template}, o.CreateNodes.With...)
	case o.CreateObjects != nil:
		return o.CreateObjects.Templates
	case o.CreatePods != nil:
		var names []string
		for _, part := range o.CreatePods.Parts() {
			names = append(append(names, part.Template), part.With...)
		}
		return names
	case o.Update != nil:
		return []string{o.Update.Template}
	case o.Churn != nil:
		return o.Churn.Templates
	}
	return nil
}
