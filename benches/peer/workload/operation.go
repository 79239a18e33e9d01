package workload

import "time"

// Operation is one step; exactly one of its fields is set.
type Operation struct {
	CreateNodes      *CreateNodes      `json:"createNodes"`
	CreateNamespaces *CreateNamespaces `json:"createNamespaces"`
	CreateObjects    *CreateObjects    `json:"createObjects"`
	CreatePods       *CreatePods       `json:"createPods"`
	Churn            *Churn            `json:"churn"`
	DeletePods       *DeletePods       `json:"deletePods"`
	DeleteNodes      *DeleteNodes      `json:"deleteNodes"`
	Update           *Update           `json:"update"`
	Repeat           *Repeat           `json:"repeat"`
	Barrier          *Barrier          `json:"barrier"`
}

// CreateNodes adds nodes; the values of a label are taken in turn, node by node.
type CreateNodes struct {
	Count    Number            `json:"count"`
	Template string            `json:"template"`
	Name     string            `json:"name"`
	Labels   map[string]InTurn `json:"labels"`
	With     []string          `json:"with"`
	Features Number            `json:"features"`
}

// CreateNamespaces adds the namespaces PREFIX-0, PREFIX-1 and so on.
type CreateNamespaces struct {
	Count  Number            `json:"count"`
	Prefix string            `json:"prefix"`
	Labels map[string]string `json:"labels"`
}

// CreateObjects adds objects of these templates, of each so many.
type CreateObjects struct {
	Templates []string `json:"templates"`
	Count     *Number  `json:"count"`
}

// CreatePods adds pods, to be scheduled or, when Bound, on nodes already. What they are stands in it, or in the parts of Mix.
type CreatePods struct {
	Count     Number            `json:"count"`
	Template  string            `json:"template"`
	PerPod    map[string]string `json:"perPod"`
	PerGroup  map[string]string `json:"perGroup"`
	Groups    *Groups           `json:"groups"`
	With      []string          `json:"with"`
	Mix       []Part            `json:"mix"`
	Namespace Namespaces        `json:"namespace"`
	Bound     string            `json:"bound"`
	Measured  bool              `json:"measured"`
	Expect    string            `json:"expect"`
	Beside    bool              `json:"beside"`
	Wait      *bool             `json:"wait"`
	Grace     Duration          `json:"grace"`
	Arrive    *Arrive           `json:"arrive"`
	Run       []Duration        `json:"run"`
}

// Part is pods of one kind, one among several that come at random.
type Part struct {
	Template string            `json:"template"`
	Share    *uint64           `json:"share"`
	PerPod   map[string]string `json:"perPod"`
	PerGroup map[string]string `json:"perGroup"`
	Groups   *Groups           `json:"groups"`
	With     []string          `json:"with"`
}

// Parts lists what the pods are.
func (c *CreatePods) Parts() []Part {
	if c.Template != "" {
		return []Part{{Template: c.Template, PerPod: c.PerPod, PerGroup: c.PerGroup, Groups: c.Groups, With: c.With}}
	}
	return c.Mix
}

// Groups says which pods belong together: Count groups, or groups of Size pods that come one after the other.
type Groups struct {
	Count *Number `json:"count"`
	Size  *Number `json:"size"`
	Order string  `json:"order"`
}

// Arrive lets pods come a few at a time.
type Arrive struct {
	Count Number   `json:"count"`
	Every Duration `json:"every"`
}

// Churn creates (and in the mode "recreate" deletes) objects beside what follows, at each turn Count of every template.
type Churn struct {
	Templates []string `json:"templates"`
	Mode      string   `json:"mode"`
	Every     Duration `json:"every"`
	Count     Number   `json:"count"`
	Beside    *bool    `json:"beside"`
}

// Turn is the time between two turns.
func (c *Churn) Turn() time.Duration {
	return time.Duration(c.Every)
}

// DeletePods deletes the pods of a namespace, at once or, at a rate, beside what follows.
type DeletePods struct {
	Namespace string   `json:"namespace"`
	PerSecond *float64 `json:"perSecond"`
	Beside    *bool    `json:"beside"`
}

// DeleteNodes deletes the nodes NAME-0, NAME-1 and so on, with the pods on them.
type DeleteNodes struct {
	Name string `json:"name"`
}

// Update replaces objects by name.
type Update struct {
	Template  string `json:"template"`
	Count     Number `json:"count"`
	Namespace string `json:"namespace"`
	PerSecond Number `json:"perSecond"`
}

// Repeat does operations again and again.
type Repeat struct {
	Times      Number      `json:"times"`
	Operations []Operation `json:"operations"`
	Beside     bool        `json:"beside"`
}

// Barrier waits for pods: until they are placed or, when Tried, until they were tried.
type Barrier struct {
	Tried bool `json:"tried"`
}
