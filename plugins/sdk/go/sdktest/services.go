package sdktest

import (
	"errors"
	"fmt"

	sdk "longshore/sdk"
)

// Services is the scheduler as the plugin asks it: it notes what it is told, and answers what the test puts here.
type Services struct {
	// Logs has every line.
	Logs []string
	// Allowed has the UIDs of Allow.
	Allowed []string
	// Refused has the messages of RejectWaiting, by UID.
	Refused map[string]string
	// Events has every event as "UID Normal|Warning Reason: note".
	Events []string

	// Activated has the UIDs of Activate.
	Activated []string

	// WaitingPods answers Waiting.
	WaitingPods []sdk.PodInfo
	// Pods answers PodsOfNamespace and PodsOnNode.
	Pods []sdk.PodInfo
	// RawNodes and RawPods answer RawNode, by name, and RawPodOf, by UID.
	RawNodes, RawPods map[string][]byte
	// NominatedPods and TerminatingPods answer Nominated and Terminating, by node.
	NominatedPods   map[string][]sdk.PodInfo
	TerminatingPods map[string][]string
	// Fits answers WouldFit: nil, a *sdk.Rejection, or another error. Without it that is not the time to ask.
	Fits func(node string, without []string) error
	// Kept answers KeepFirst; without it the order stays.
	Kept func(node string, pods []string) ([]string, error)
	// Clock answers Now, in milliseconds.
	Clock uint64

	random uint64
}

// Log notes a line.
func (s *Services) Log(_ sdk.Level, message string) { s.Logs = append(s.Logs, message) }

// Allow notes a UID.
func (s *Services) Allow(uid string) { s.Allowed = append(s.Allowed, uid) }

// Reject notes a message.
func (s *Services) Reject(uid, message string) {
	if s.Refused == nil {
		s.Refused = map[string]string{}
	}
	s.Refused[uid] = message
}

// Waiting answers.
func (s *Services) Waiting() []sdk.PodInfo { return s.WaitingPods }

// Emit notes an event.
func (s *Services) Emit(uid string, warning bool, reason, note string) {
	kind := "Normal"
	if warning {
		kind = "Warning"
	}
	s.Events = append(s.Events, fmt.Sprintf("%s %s %s: %s", uid, kind, reason, note))
}

// PodsOfNamespace answers.
func (s *Services) PodsOfNamespace(namespace string) []sdk.PodInfo {
	return s.some(func(pod *sdk.PodInfo) bool { return pod.Namespace == namespace && pod.Node != "" })
}

// PodsOnNode answers.
func (s *Services) PodsOnNode(node string) []sdk.PodInfo {
	return s.some(func(pod *sdk.PodInfo) bool { return pod.Node == node })
}

func (s *Services) some(wanted func(*sdk.PodInfo) bool) []sdk.PodInfo {
	var pods []sdk.PodInfo
	for i := range s.Pods {
		if wanted(&s.Pods[i]) {
			pods = append(pods, s.Pods[i])
		}
	}
	return pods
}

// RawNode answers.
func (s *Services) RawNode(name string) []byte { return s.RawNodes[name] }

// RawPod answers.
func (s *Services) RawPod(uid string) []byte { return s.RawPods[uid] }

// Now answers.
func (s *Services) Now() uint64 { return s.Clock }

// Random counts.
func (s *Services) Random() uint64 {
	s.random++
	return s.random
}

// Activate notes a UID.
func (s *Services) Activate(uid string) { s.Activated = append(s.Activated, uid) }

// Nominated answers.
func (s *Services) Nominated(node string) []sdk.PodInfo { return s.NominatedPods[node] }

// Terminating answers.
func (s *Services) Terminating(node string) []string { return s.TerminatingPods[node] }

// WouldFit answers.
func (s *Services) WouldFit(node string, without []string) error {
	if s.Fits == nil {
		return errors.New("it is not the time to ask")
	}
	return s.Fits(node, without)
}

// KeepFirst answers.
func (s *Services) KeepFirst(node string, pods []string) ([]string, error) {
	if s.Kept == nil {
		return pods, nil
	}
	return s.Kept(node, pods)
}
