package sdk

import "errors"

// RejectCode is how final a rejection is.
type RejectCode uint8

const (
	// CodeUnschedulable: evicting other pods may help.
	CodeUnschedulable RejectCode = iota
	// CodeUnresolvable: evicting other pods cannot help.
	CodeUnresolvable
	// CodePending: something is under way; when one of the plugin's events resolves it the pod skips its backoff.
	CodePending
)

// Rejection is a no, with the words that stand in the pod's message. It is returned as an error by the stages that
// look at one pod; any other error is a failure of the plugin, for which the pod is not to blame.
type Rejection struct {
	Code RejectCode
	// Reason is short, and the same for all nodes that are rejected for the same cause: it is counted by its words.
	Reason string
}

// Error is the reason.
func (r *Rejection) Error() string { return r.Reason }

// Reject says no; evicting other pods may help.
func Reject(reason string) error { return &Rejection{CodeUnschedulable, reason} }

// RejectFinally says no; evicting other pods cannot help.
func RejectFinally(reason string) error { return &Rejection{CodeUnresolvable, reason} }

// RejectPending says no for now; something is under way.
func RejectPending(reason string) error { return &Rejection{CodePending, reason} }

// Skip is returned by PreFilter for "leave Filter out" and by PreScore for "leave Score out".
var Skip = errors.New("skip")

// only is what OnlyNodes returns.
type only struct{ names []string }

func (*only) Error() string { return "only some nodes" }

// OnlyNodes is returned by PreFilter: these nodes are worth a look and no others. Names need not exist.
func OnlyNodes(names ...string) error { return &only{names} }

// Verdict is what Filter says of one node.
type Verdict struct {
	reason string
	kind   verdictKind
}

type verdictKind uint8

const (
	kindFit verdictKind = iota
	kindUnschedulable
	kindUnresolvable
	kindPending
	kindFailed
)

// Fit: the pod can run there.
var Fit Verdict

// Unfit: it cannot, and evicting other pods may help.
func Unfit(reason string) Verdict { return Verdict{reason, kindUnschedulable} }

// Unresolvable: it cannot, and evicting other pods cannot help.
func Unresolvable(reason string) Verdict { return Verdict{reason, kindUnresolvable} }

// Pending: it cannot yet; something is under way.
func Pending(reason string) Verdict { return Verdict{reason, kindPending} }

// Failed: the plugin broke, and the pod is not to blame.
func Failed(err error) Verdict { return Verdict{err.Error(), kindFailed} }

// FitIf is Fit when the condition holds, else Unfit.
func FitIf(condition bool, reason string) Verdict {
	if condition {
		return Fit
	}
	return Unfit(reason)
}

// FitIfFinally is Fit when the condition holds, else Unresolvable.
func FitIfFinally(condition bool, reason string) Verdict {
	if condition {
		return Fit
	}
	return Unresolvable(reason)
}

// IsFit says whether the pod can run there.
func (v Verdict) IsFit() bool { return v.kind == kindFit }

// Err is nil for Fit, a *Rejection for a no, and another error for Failed.
func (v Verdict) Err() error {
	switch v.kind {
	case kindFit:
		return nil
	case kindFailed:
		return errors.New(v.reason)
	default:
		return &Rejection{RejectCode(v.kind - kindUnschedulable), v.reason}
	}
}

// String is "fit" or the reason.
func (v Verdict) String() string {
	if v.IsFit() {
		return "fit"
	}
	return v.reason
}

// rejectionOf turns an error into the rejection that it is; the second result is the error when it is none.
func rejectionOf(err error) (*Rejection, error) {
	if err == nil {
		return nil, nil
	}
	var rejection *Rejection
	if errors.As(err, &rejection) {
		return rejection, nil
	}
	return nil, err
}
