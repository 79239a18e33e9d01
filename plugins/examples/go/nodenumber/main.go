// Command nodenumber prefers nodes whose name ends with the same digit as the pod's.
//
// Config: {"reverse": true} prefers the other nodes.
package main

import (
	sdk "longshore/sdk"
	"longshore/sdk/prescore"
	"longshore/sdk/score"
)

var name = sdk.Name()

// NodeNumber is the plugin, and its config.
type NodeNumber struct {
	// Reverse prefers nodes that end with another digit.
	Reverse bool `json:"reverse"`
}

// PreScore finds the digit of the pod; a pod without one makes no difference between nodes.
func (n *NodeNumber) PreScore(_ struct{}, pod *sdk.Pod, _ int) (string, error) {
	digit, ok := lastDigit(pod.Name)
	if !ok {
		return "", sdk.Skip
	}
	return string(digit), nil
}

// Score is 100 or 0.
func (n *NodeNumber) Score(digit string, _ *sdk.Pod, node sdk.Node) int64 {
	found, ok := lastDigit(node.Text(name).String())
	if ok && (found == digit[0]) != n.Reverse {
		return 100
	}
	return 0
}

// lastDigit is the last character of a name when it is a digit.
func lastDigit(name string) (byte, bool) {
	if name == "" {
		return 0, false
	}
	last := name[len(name)-1]
	return last, '0' <= last && last <= '9'
}

// NewPlugin puts the plugin together.
func NewPlugin() *sdk.Plugin {
	n := &NodeNumber{}
	return sdk.New("NodeNumber",
		sdk.Version("0.1.0"),
		sdk.Description("Prefers nodes whose name ends with the same digit as the pod's."),
		sdk.Config(n),
		prescore.Stage(n.PreScore),
		score.Stage(n.Score),
	)
}

func init() { sdk.Register(NewPlugin()) }

func main() {}
