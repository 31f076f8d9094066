package harness_test

import (
	"context"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"leakhunt/harness"
	"leakhunt/harness/journal"
	"leakhunt/harness/lanes"
	"leakhunt/harness/record"
	"leakhunt/harness/result"
	"leakhunt/harness/simulate"
	"leakhunt/harness/verdict"
)

// side is a world for the lanes of a run: how its process is, and what each URI does.
type side struct {
	t       *testing.T
	process string
	uris    [][2]string // a name, and what it does
	lanes   int
	// differs is what a URI does in a lane, where that is not what it does elsewhere.
	differs map[string]map[int]string
	faults  map[int]string // of a lane's processes
	cancel  func(record.Event) bool

	mu     sync.Mutex
	run    *lanes.Run
	events []record.Event
	err    error
}

// laneWorld is a lane's process for one hunt.
type laneWorld struct{ *simulate.World }

func (laneWorld) Err() error   { return nil }
func (laneWorld) Close() error { return nil }

func (s *side) header() record.Header {
	w := s.world(nil)
	h := w.Header()
	h.Plan.Lanes = s.lanes
	return h
}

// world is the process of a hunt; of a nil one the one with all URIs.
func (s *side) world(h *lanes.Hunt) *simulate.World {
	text := s.process + "\n"
	for i, u := range s.uris {
		does := u[1]
		if h != nil {
			if !slices.Contains(h.URIs, i) {
				continue
			}
			if other, ok := s.differs[u[0]][h.Lane]; ok {
				does = other
			}
		}
		text += fmt.Sprintf("uri %s %s\n", u[0], does)
	}
	if h != nil {
		text += fmt.Sprintf("seed %d\n%s\n", 10*h.Lane+len(h.URIs), s.faults[h.Lane])
	}
	w, err := simulate.Parse(text)
	if err != nil {
		s.t.Fatalf("%v in\n%s", err, text)
	}
	return w
}

func (s *side) hunt() *result.Result {
	s.t.Helper()
	if s.run == nil {
		s.run = lanes.New(s.header())
	}
	ctx, cancel := context.WithCancel(s.t.Context())
	defer cancel()
	s.err = harness.HuntLanes(ctx, s.run, func(h *lanes.Hunt) harness.LaneDriver { return laneWorld{s.world(h)} }, func(e record.Event) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.events = append(s.events, e)
		if s.cancel != nil && s.cancel(e) {
			cancel()
		}
	})
	res := result.OfRun(s.run, "test")
	s.replayed(res)
	return res
}

// replayed checks that the record gives the result, through a journal's bytes.
func (s *side) replayed(want *result.Result) {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), "run.jsonl")
	w, err := journal.Create(path, s.header())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range s.events {
		if err := w.Append(e); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		s.t.Fatal(err)
	}
	run := s.read(path)
	if got := result.OfRun(run, "test"); !reflect.DeepEqual(got, want) {
		s.t.Errorf("the record gives another result:\n got %+v\nwant %+v", got, want)
	}
}

func (s *side) read(path string) *lanes.Run {
	s.t.Helper()
	j, err := journal.Open(path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer j.Close()
	run := lanes.New(j.Header)
	for e, err := range j.Events() {
		if err == nil {
			err = run.Append(e)
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
	return run
}

// verdicts are those of all URIs, by name.
func verdicts(r *result.Result) map[string]verdict.Label {
	out := map[string]verdict.Label{}
	for _, u := range r.URIs {
		out[u.Name] = u.Verdict
	}
	return out
}

func rowOf(t *testing.T, r *result.Result, name string) result.URI {
	t.Helper()
	i := slices.IndexFunc(r.URIs, func(u result.URI) bool { return u.Name == name })
	if i < 0 {
		t.Fatalf("no %s in %v", name, verdicts(r))
	}
	return r.URIs[i]
}

const (
	counted = "runtime python agent\ntarget command\nplan restarts 0\nlatency 2ms"
	tight   = "runtime python tight\ntarget command\nplan restarts 0\nlatency 2ms\nmemory scatter 0% holes 0%"
)

func TestLanesShareTheURIs(t *testing.T) {
	s := &side{t: t, process: counted, lanes: 2, uris: [][2]string{{"/a", "leak 4KiB"}, {"/b", "garbage 20KiB"}, {"/c", "garbage 8KiB"}, {"/d", "leak 2KiB"}}}
	r := s.hunt()
	want := map[string]verdict.Label{"/a": verdict.Leak, "/b": verdict.Stable, "/c": verdict.Stable, "/d": verdict.Leak}
	if got := verdicts(r); !reflect.DeepEqual(got, want) || !r.Complete || s.err != nil {
		t.Errorf("got %v (complete %v, %v), want %v", got, r.Complete, s.err, want)
	}
	if rowOf(t, r, "/a").Lane != 1 || rowOf(t, r, "/d").Lane != 2 || len(r.Lanes) != 2 || r.Lanes[0].URIs != 2 {
		t.Errorf("lanes %+v", r.Lanes)
	}
	if sum := r.Lanes[0].Requests + r.Lanes[1].Requests; sum != r.RequestsTotal || r.Lanes[1].Requests == 0 {
		t.Errorf("%d requests in all, lanes %+v", r.RequestsTotal, r.Lanes)
	}
}

func TestWhatRSSAloneConvictsIsShownInASecondLane(t *testing.T) {
	s := &side{
		t: t, process: tight, lanes: 2, uris: [][2]string{{"/a", "leak 8KiB"}, {"/b", "garbage 1KiB"}, {"/c", "leak 8KiB"}},
		differs: map[string]map[int]string{"/c": {2: "garbage 1KiB"}},
	}
	r := s.hunt()
	if !r.Complete || s.err != nil {
		t.Fatalf("incomplete: %s (%v)", r.Incomplete, s.err)
	}
	a, c := rowOf(t, r, "/a"), rowOf(t, r, "/c")
	if a.Verdict != verdict.Leak || !strings.Contains(a.Why, "It grew in a second process, too, that of lane 2.") {
		t.Errorf("/a: %s, %s", a.Verdict, a.Why)
	}
	if c.Verdict != verdict.Inconclusive || !strings.Contains(c.Why, "per request in one process (lane 1), and not in a second one (lane 2)") {
		t.Errorf("/c: %s, %s", c.Verdict, c.Why)
	}
	if n := len(s.run.Lanes[1].Hunts); n != 3 {
		t.Errorf("lane 2 had %d hunts", n)
	}
}

func TestAnotherLaneTakesOverFromOneThatIsLost(t *testing.T) {
	s := &side{
		t: t, process: counted, lanes: 2, uris: [][2]string{{"/a", "leak 4KiB"}, {"/b", "garbage 20KiB"}, {"/c", "garbage 8KiB"}, {"/d", "leak 2KiB"}},
		faults: map[int]string{2: "fault start fails after 1"},
	}
	r := s.hunt()
	want := map[string]verdict.Label{"/a": verdict.Leak, "/b": verdict.Stable, "/c": verdict.Stable, "/d": verdict.Leak}
	if got := verdicts(r); !reflect.DeepEqual(got, want) || !r.Complete || s.err != nil {
		t.Errorf("got %v (complete %v, %v), want %v", got, r.Complete, s.err, want)
	}
	if !strings.Contains(r.Lanes[1].Lost, "not ready") || !slices.ContainsFunc(r.Warnings, func(w result.Warning) bool { return w.Code == "lane-lost" }) {
		t.Errorf("%+v, %+v", r.Lanes, r.Warnings)
	}
}

// A URI that ends its process is sent to another one when there is nothing else to do, and
// to no third.
func TestAURIThatKillsItsLaneComesLast(t *testing.T) {
	s := &side{
		t: t, process: counted, lanes: 3,
		uris: [][2]string{{"/a", "leak 4KiB"}, {"/b", "kills from 100, garbage 20KiB"}, {"/c", "garbage 8KiB"}, {"/d", "leak 2KiB"}, {"/e", "leak 3KiB"}},
	}
	r := s.hunt()
	got := verdicts(r)
	if got["/a"] != verdict.Leak || got["/c"] != verdict.Stable || got["/d"] != verdict.Leak || got["/e"] != verdict.Leak || got["/b"] == verdict.Stable {
		t.Errorf("%v", got)
	}
	if r.Complete || r.EndedBy != result.EndedByFault || !strings.Contains(r.Incomplete, "while it was to answer /b") || s.err == nil {
		t.Errorf("complete %v, by %s: %s (%v)", r.Complete, r.EndedBy, r.Incomplete, s.err)
	}
	lost := 0
	for _, l := range r.Lanes {
		if l.Lost != "" {
			lost++
		}
	}
	if lost != 2 {
		t.Errorf("%d lanes were lost: %+v", lost, r.Lanes)
	}
	for _, u := range []string{"/a", "/c", "/d", "/e"} {
		if row := rowOf(t, r, u); row.Requests == 0 {
			t.Errorf("%s was measured by no request: %+v", u, row)
		}
	}
}

// What others have killed is measured to the end in another lane, the URI that was being
// sent with it.
func TestAProcessThatOthersKillLosesNothing(t *testing.T) {
	s := &side{
		t: t, process: counted, lanes: 2, uris: [][2]string{{"/a", "leak 4KiB"}, {"/b", "garbage 20KiB"}, {"/c", "garbage 8KiB"}, {"/d", "leak 2KiB"}},
		differs: map[string]map[int]string{"/b": {2: "kills from 100, garbage 20KiB"}},
	}
	r := s.hunt()
	want := map[string]verdict.Label{"/a": verdict.Leak, "/b": verdict.Stable, "/c": verdict.Stable, "/d": verdict.Leak}
	if got := verdicts(r); !reflect.DeepEqual(got, want) || !r.Complete || s.err != nil {
		t.Errorf("got %v (complete %v, %s, %v), want %v", got, r.Complete, r.Incomplete, s.err, want)
	}
	if r.Lanes[1].Lost == "" || !slices.ContainsFunc(r.Warnings, func(w result.Warning) bool { return w.Code == "lane-lost" }) {
		t.Errorf("%+v, %+v", r.Lanes, r.Warnings)
	}
}

func TestNoLaneCanStart(t *testing.T) {
	s := &side{t: t, process: counted, lanes: 2, uris: [][2]string{{"/a", "leak 4KiB"}, {"/b", "garbage 20KiB"}}, faults: map[int]string{1: "fault start fails after 1", 2: "fault start fails after 1"}}
	r := s.hunt()
	if r.Complete || r.Incomplete != "the process was not ready within 1m0s" || r.EndedBy != result.EndedByFault {
		t.Errorf("complete %v, by %s: %s", r.Complete, r.EndedBy, r.Incomplete)
	}
}

// What was interrupted, or killed at any moment, goes on with what is left. By RSS, what a
// lane has sent by then, which differs, may leave a leak inconclusive.
func TestLanesGoOnAfterAnInterruption(t *testing.T) {
	for name, process := range map[string]string{"counted": counted, "tight": tight} {
		for _, at := range []int{1, 4, 60, 140} {
			for _, killed := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/killed=%v/%d", name, killed, at), func(t *testing.T) {
					n := 0
					s := &side{
						t: t, process: process, lanes: 2, uris: [][2]string{{"/a", "leak 8KiB"}, {"/b", "garbage 1KiB"}, {"/c", "garbage 2KiB"}, {"/d", "leak 8KiB"}},
					}
					s.cancel = func(record.Event) bool { n++; return n >= at }
					if r := s.hunt(); r.Complete || r.EndedBy != result.EndedByUser {
						t.Fatalf("it was over by then: %v", r.Complete)
					}
					if killed {
						s.events = s.events[:at]
					}
					run, err := lanes.Replay(s.header(), s.events)
					if err != nil {
						t.Fatal(err)
					}
					s.run, s.cancel = run, nil
					r := s.hunt()
					got := verdicts(r)
					for _, u := range s.uris {
						leak, is := strings.HasPrefix(u[1], "leak"), got[u[0]]
						unsure := leak && process == tight && is == verdict.Inconclusive
						if leak != (is == verdict.Leak) && !unsure {
							t.Errorf("%s %s is %s", u[0], u[1], is)
						}
					}
					if !r.Complete || s.err != nil {
						t.Errorf("complete %v: %s (%v)", r.Complete, r.Incomplete, s.err)
					}
				})
			}
		}
	}
}

func TestARecordOfLanesThatCannotBe(t *testing.T) {
	s := &side{t: t, process: counted, lanes: 2, uris: [][2]string{{"/a", "leak 4KiB"}, {"/b", "garbage 20KiB"}}}
	for name, e := range map[string]record.Event{
		"of no lane":       record.Opened{},
		"lane 3":           record.OfLane{Lane: 3, Event: record.Ended{}},
		"before it began":  record.OfLane{Lane: 1, Event: record.Opened{}},
		"a URI of nobody":  record.OfLane{Lane: 1, Event: record.Assigned{URIs: []int{2}}},
		"no URI":           record.OfLane{Lane: 1, Event: record.Assigned{}},
		"a lane in a lane": record.OfLane{Lane: 1, Event: record.OfLane{Lane: 1, Event: record.Ended{}}},
	} {
		if err := lanes.New(s.header()).Append(e); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	one := s.header()
	one.Plan.Lanes = 0
	if err := lanes.New(one).Append(record.OfLane{Lane: 1, Event: record.Ended{}}); err == nil {
		t.Error("an event of a lane, in a run with one: no error")
	}
}
