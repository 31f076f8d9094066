package session

import (
	"slices"

	"leakhunt/harness/record"
	"leakhunt/harness/secret"
)

// redacted is an event without secrets, and without the values of headers that say who
// sends a request: what a process, a page or an error said is in its texts. Numbers, names of the scenario and places in the source stay.
func redacted(e record.Event, secrets func(string) string) record.Event {
	redact := func(text string) string { return secrets(secret.Headers(text)) }
	switch e := e.(type) {
	case record.Readings:
		e.Failure = redact(e.Failure)
		return e
	case record.Noted:
		e.Message = redact(e.Message)
		return e
	case record.Lost:
		e.Reason, e.Hint = redact(e.Reason), redact(e.Hint)
		return e
	case record.Failed:
		e.Reason, e.Hint = redact(e.Reason), redact(e.Hint)
		return e
	case record.Traced:
		e.Remark, e.Callers, e.Holders, e.Failed = redact(e.Remark), redact(e.Callers), redact(e.Holders), redact(e.Failed)
		e.Sites = slices.Clone(e.Sites)
		for i := range e.Sites { // a key of a table may hold an object
			e.Sites[i].RetainedBy = slices.Clone(e.Sites[i].RetainedBy)
			for k, step := range e.Sites[i].RetainedBy {
				e.Sites[i].RetainedBy[k] = redact(step)
			}
		}
		return e
	}
	return e
}
