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
	for at, operation := range f.Operations {
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
	if pods := o.CreatePods; pods != nil && !slices.Contains([]string{"", "spread"}, pods.Bound) {
		return fmt.Errorf("createPods.bound: %q, want spread", pods.Bound)
	}
	if churn := o.Churn; churn != nil {
		if !slices.Contains([]string{"recreate", "create"}, churn.Mode) {
			return fmt.Errorf("churn.mode: %q, want recreate or create", churn.Mode)
		}
		if churn.Every == 0 {
			return errors.New("churn.every is required")
		}
	}
	if deletion := o.DeletePods; deletion != nil && deletion.PerSecond <= 0 {
		return errors.New("deletePods.perSecond is required")
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
		return []string{o.CreateNodes.Template}
	case o.CreateObjects != nil:
		return o.CreateObjects.Templates
	case o.CreatePods != nil:
		return []string{o.CreatePods.Template}
	case o.Churn != nil:
		return o.Churn.Templates
	}
	return nil
}
