package lanes

import (
	"slices"

	"leakhunt/harness/judge"
	"leakhunt/harness/record"
	"leakhunt/harness/verdict"
)

// ByRSS says that a verdict rests on RSS alone, by its evidence: no runtime has counted
// what stays.
func ByRSS(label verdict.Label, evidence []string) bool {
	return label == verdict.Leak && !slices.ContainsFunc(evidence, func(e string) bool {
		return !slices.Contains([]string{"rss", "anon", "touched set", "native memory"}, e)
	})
}

// Next is what a lane that has nothing to do hunts next. First comes its share of the
// URIs, then what a lane that was lost has left, then a URI that another lane convicts
// by RSS. When all lanes have done that, the URI that a process was lost at comes last.
// wait says that a lane that still hunts may leave something.
func (r *Run) Next(lane int) (a record.Assigned, ok, wait bool) {
	l := r.Lanes[lane-1]
	if share := r.share(lane); len(l.Hunts) == 0 && len(share) > 0 {
		return record.Assigned{URIs: share, Why: record.Share}, true, false
	}
	if l.lost() {
		return a, false, false
	}
	for _, o := range r.Lanes {
		wait = wait || len(o.Hunts) == 0 && len(r.share(o.Number)) > 0 // it has not begun
	}
	for _, h := range r.Hunts() {
		if h.Lane == lane {
			continue
		}
		if !h.over {
			wait = true
			continue
		}
		if left := r.left(h); len(left) > 0 {
			return record.Assigned{URIs: left, Why: record.Left}, true, false
		}
	}
	for _, h := range r.Hunts() {
		if h.over && h.Lane != lane {
			if uris := r.unshown(h); len(uris) > 0 {
				return record.Assigned{URIs: uris[:1], Why: record.Second}, true, false
			}
		}
	}
	for _, h := range r.Hunts() {
		if uri, ok := r.fatal(h); ok && !wait && h.Lane != lane {
			return record.Assigned{URIs: []int{uri}, Why: record.Left}, true, false
		}
	}
	return a, false, wait
}

// share is a lane's part of the URIs: each n-th, so that neighbours, which are often
// alike, are not all in one.
func (r *Run) share(lane int) (out []int) {
	for i := lane - 1; i < len(r.Header.Items); i += len(r.Lanes) {
		out = append(out, i)
	}
	return out
}

// lost says that the lane hunts no more: its process is gone for good, a limit was
// reached, or it was interrupted.
func (l *Lane) lost() bool {
	h := l.Last()
	return h != nil && h.over && !h.gone && h.Ended != nil && !h.Ended.Complete
}

// open are those of the hunt's URIs that it has no verdict on, by their index in it.
func (h *Hunt) open() (out []int) {
	findings := h.known()
	for i := range h.URIs {
		if f, ok := findings[i]; !ok || f.Label == verdict.Inconclusive {
			out = append(out, i)
		}
	}
	return out
}

// fatal says that the hunt's last process was lost while it was to answer that URI: it may
// end the next one, too.
func (h *Hunt) fatal(i int) bool {
	all := h.Segment().Lost
	return len(all) > 0 && all[len(all)-1].Killed && all[len(all)-1].URI == i
}

// broken says that the hunt's process was lost for good.
func (h *Hunt) broken() bool {
	e := h.Ended
	return e != nil && !e.Complete && e.By == "fault" && h.Why != record.Second
}

// fatal is the URI that a hunt's process was lost at, while that has happened once alone
// and no lane has taken it over.
func (r *Run) fatal(h *Hunt) (uri int, ok bool) {
	if !h.over || !h.broken() {
		return 0, false
	}
	for _, i := range h.open() {
		uri := h.URIs[i]
		twice := slices.ContainsFunc(r.Others(h, uri), func(o *Hunt) bool { return o.over && o.fatal(slices.Index(o.URIs, uri)) })
		if h.fatal(i) && !twice && r.after(h, uri, record.Left) == nil {
			return uri, true
		}
	}
	return 0, false
}

// left are the URIs that a hunt had no verdict on when its process was lost for good,
// and that no lane has taken over. The URI that the process was lost at is not among
// them.
func (r *Run) left(h *Hunt) (out []int) {
	if !h.broken() {
		return nil
	}
	for _, i := range h.open() {
		if uri := h.URIs[i]; !h.fatal(i) && r.after(h, uri, record.Left) == nil {
			out = append(out, uri)
		}
	}
	return out
}

// unshown are the URIs that a hunt convicts by RSS, and that no second process was sent
// yet.
func (r *Run) unshown(h *Hunt) (out []int) {
	if h.Why == record.Second {
		return nil
	}
	findings := h.known()
	for i, uri := range h.URIs {
		if f := findings[i]; ByRSS(f.Label, f.Evidence) && r.after(h, uri, record.Second) == nil {
			out = append(out, uri)
		}
	}
	return out
}

// after is the hunt in another lane that a URI of h was assigned to after it, for that
// reason; nil where there is none.
func (r *Run) after(h *Hunt, uri int, why record.Assignment) *Hunt {
	for _, o := range r.Hunts() {
		if o.number > h.number && o.Lane != h.Lane && o.Why == why && slices.Contains(o.URIs, uri) {
			return o
		}
	}
	return nil
}

// Second is the hunt of a URI that h convicts by RSS on a second process, and what that
// has shown. ok is false where there is no such hunt, or it has not ended.
func (r *Run) Second(h *Hunt, uri int) (second *Hunt, f judge.Finding, ok bool) {
	o := r.after(h, uri, record.Second)
	if o == nil || !o.over {
		return o, f, false
	}
	return o, o.known()[slices.Index(o.URIs, uri)], true
}

// Deciding is the hunt whose finding on a URI stands: the last that was to send it, but
// for second processes. It is nil where none was.
func (r *Run) Deciding(uri int) (out *Hunt) {
	for _, h := range r.Hunts() {
		if h.Why != record.Second && slices.Contains(h.URIs, uri) && (out == nil || h.number > out.number) {
			out = h
		}
	}
	return out
}

// Others are the hunts, but for that one, that have sent a URI.
func (r *Run) Others(h *Hunt, uri int) (out []*Hunt) {
	for _, o := range r.Hunts() {
		if o != h && slices.Contains(o.URIs, uri) {
			out = append(out, o)
		}
	}
	return out
}

// Lost is the hunt that the lane's process was lost in for good, or that a limit ended.
// It is nil where all of the lane's hunts came to their end.
func (l *Lane) Lost() *Hunt {
	for _, h := range l.Hunts {
		if h.over && !h.Ended.Complete {
			return h
		}
	}
	return nil
}

// Unsettled are the URIs of a hunt that was cut short that nobody has settled: those that
// it had no verdict on, and that no other lane has taken over.
func (r *Run) Unsettled(h *Hunt) (out []int) {
	if h.Why == record.Second {
		return nil
	}
	for _, i := range h.open() {
		if uri := h.URIs[i]; r.after(h, uri, record.Left) == nil {
			out = append(out, uri)
		}
	}
	return out
}
