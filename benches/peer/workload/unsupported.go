package workload

// Unsupported names the first thing in the file that cannot be done here; "" when there is none. benches/peer/README.md says
// why.
func (f *File) Unsupported() string {
	for what := range f.Adds {
		return "adds." + what
	}
	return unsupported(f.Operations)
}

func unsupported(operations []Operation) string {
	for _, operation := range operations {
		what := ""
		switch {
		case operation.CreatePods != nil:
			what = operation.CreatePods.unsupported()
		case operation.Update != nil:
			what = "update"
		case operation.Repeat != nil:
			what = unsupported(operation.Repeat.Operations)
		case operation.Barrier != nil && operation.Barrier.Tried:
			what = "barrier.tried"
		}
		if what != "" {
			return what
		}
	}
	return ""
}

func (c *CreatePods) unsupported() string {
	switch {
	case c.Arrive != nil:
		return "createPods.arrive"
	case len(c.Run) > 0:
		return "createPods.run"
	case c.Wait != nil && !*c.Wait:
		return "createPods.wait"
	case c.Expect == "nominated":
		return "createPods.expect: nominated"
	}
	return ""
}
