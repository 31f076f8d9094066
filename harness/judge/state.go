// Package judge says what a record means: which URIs leak, by which evidence, and
// above which growth that is excluded. It is a fold over the events of a record:
// no clock, no I/O, no randomness, so that the same record always gives the same
// verdicts.
package judge

import (
	"leakhunt/harness/record"
	"leakhunt/harness/verdict"
)

// State is a record and what it has shown so far. Append is the only way to change
// it.
type State struct {
	*record.Log
	URIs []*URI // those that share the present process
	// Lately are the last blocks that ended with a collection and a reading, of all segments.
	Lately []*record.Block
	// Kept are the verdicts of segments that ended, by index in Header.Items.
	Kept map[int]Finding

	settings  Settings
	idle      []float64    // what the process keeps by itself: see noteIdle
	idleRSS   float64      // what RSS grows by while nothing is sent, in bytes/second
	idles     []float64    // the same in each wait
	rose      bool         // a counter rose through the last wait
	quiets    int          // waits in a row with nothing sent in between
	retest    *retest      // of all that grew, together
	shared    *shared      // what most URIs grow by alike
	solo      *URI         // the one that is being sent again by itself
	version   int          // differs after each event: what is computed of the state holds for one
	books     *books       // of the sweep, as it is now
	booksRSS  *booksRSS    // the same by RSS alone
	scatter   scatter      // of settled RSS, as it is now
	judged    int          // blocks that are judged and came to their end, of all segments
	looked    sharedLook   // see noteShared
	spent     memo[spent]  // see SpentAll
	folded    folded       // what blocks say together
	misfits   misfits      // counters that are no evidence, as it is now
	unfit     bool         // those of a process before were none
	ending    bool         // what is said now holds where the run ends here
	later     []*later     // what was added while nothing was sent
	swept     *record.Edge // the reading that says what the sweep left in the end
	sweptAt   float64      // when that was known to stay
	waitedFor record.Edge  // the last reading behind a wait
	scan      groups       // of URIs that were sent together
}

// URI is one URI in the present segment: its series, and what was thought of it
// when its blocks ended.
type URI struct {
	*record.Series
	Suspect  bool              // it may leak, and is to be confirmed
	Done     bool              // the sweep needs no more of it
	Slope    float64           // its growth when it became a suspect, in bytes per request
	Seen     int               // the judged requests it had got by then
	Tried    bool              // a confirmation was begun
	Expired  string            // why what RSS grew by is no leak: it was seen to go
	end      verdict.Judgement // of what followed, where that came to an end
	unproved string            // why what followed may be no end: it stood still in what others freed
	lasted   int               // requests after the conviction by RSS through which growth went on
	retest   retest            // of it alone

	late           *verdict.Late
	slack          float64 // bytes that may have been free when its last block ended
	headroom       float64 // bytes that it may grow by, innocent, in its confirmation
	touchedReads   int     // readings of the touched set by the end of its last judged block
	unused         float64 // bytes that may have been free or garbage when its confirmation began
	following      bool    // its confirmation is to exclude leaks down to floorFollowed
	trial          int     // the life in which its confirmation began
	before         float64 // the level before its expiry block, in bytes
	among          *among  // what was found of it among others
	found          found   // of its blocks
	byAll          memo[told]
	byCounters     memo[[]verdict.Evidence]
	byConfirmation memo[verdict.Judgement] // see confirmed
	byFollowing    memo[verdict.Judgement] // the same while it is followed
}

// Settings switch rules off, for the table that says what each is worth. The zero
// value has all of them on.
type Settings struct {
	Off map[string]bool // names of rules
	// Asked takes the names of the rules that were asked for: any other changes nothing
	// in this run. nil: nobody wants to know.
	Asked map[string]bool
}

// New is the state of a run in which nothing has happened yet.
func New(h record.Header) *State { return NewWith(h, Settings{}) }

// NewWith is New with some rules off.
func NewWith(h record.Header, settings Settings) *State {
	st := &State{Log: record.NewLog(h), Kept: map[int]Finding{}, settings: settings, version: 1}
	st.enter(nil)
	return st
}

// Replay is the state after those events. An error is that of the first event that
// cannot have happened, with its number from 1; the state is that before it.
func Replay(h record.Header, events []record.Event) (*State, error) {
	st := New(h)
	for i, e := range events {
		if err := st.Append(e); err != nil {
			return st, &BadEvent{Number: i + 1, Err: err}
		}
	}
	return st, nil
}

// BadEvent is an event that cannot have happened.
type BadEvent struct {
	Number int // from 1
	Err    error
}

func (b *BadEvent) Error() string { return b.Err.Error() }

// Unwrap is why.
func (b *BadEvent) Unwrap() error { return b.Err }

// Append adds what happened next, and draws what follows from it.
func (st *State) Append(e record.Event) error {
	var before map[int]Finding
	unfit := st.unfit
	if o, ok := e.(record.Opened); ok && o.Why == record.Isolated {
		before, unfit = st.leaving(), st.uncountable()
	}
	open, last, anew := st.Open(), st.Reading, st.Anew
	if err := st.Log.Append(e); err != nil {
		return err
	}
	st.version++
	st.unanswerBy(e, open)
	defer func() { st.version++ }()
	if r, ok := e.(record.Read); ok {
		r.Edge = st.Reading // with the columns that the log has made
		e = r
	}
	st.sweepEnded(e, last)
	st.group(e)
	switch e := e.(type) {
	case record.Opened:
		if before != nil {
			st.unfit = unfit
			st.enter(before)
		} else if e.Why != record.Rejoined {
			st.abandonRetest()
		}
		if st.Anew > anew {
			st.sweepAnew(e.Why != record.Rejoined)
		}
	case record.Began:
		st.quiets = 0
		st.begun(st.of(e.URI), st.Open())
	case record.Finished:
		st.foldNext(st.of(open.URI), open)
		st.noteLately(open)
		if open.Purpose.Judged() {
			st.judged++
		}
		st.finished(st.of(open.URI), open)
	case record.Noted:
		st.welcome()
	case record.Traced, record.Ended:
		st.noteShared()
	case record.Read:
		st.noteIdle(last, e)
		if st.quiets++; e.Waited <= 0 {
			st.quiets = 0
		}
		st.paused(last, e)
		st.read(e)
	}
	return nil
}

// sweepAnew takes the sweep up again, in a run that a limit had ended: what followed it
// then comes after it once more. What was not settled is judged by the fresh process
// alone, where there is one: a cache is empty there again, and is filled once more.
func (st *State) sweepAnew(fresh bool) {
	st.retest, st.solo, st.later, st.swept = nil, nil, nil, nil
	st.unanswer()
	for _, u := range st.URIs {
		if fresh && st.Counted() && !u.Broken && !u.Done && u.Item.Requests.Auto {
			u.Anew()
		}
	}
}

// Waiting says that the sweep has not settled u yet, by a counter.
func (u *URI) Waiting() bool {
	return !u.Broken && !u.Done && u.Item.Requests.Auto && u.Counted() < Horizon
}

// sweepEnded keeps the last reading of the sweep, once something else comes.
func (st *State) sweepEnded(e record.Event, last record.Edge) {
	if st.swept != nil || !st.Counted() || len(st.URIs) == 0 {
		return
	}
	switch e := e.(type) {
	case record.Began:
		switch e.Purpose {
		case record.Later, record.Warmup, record.Scan, record.Lead:
			return
		}
		if e.Purpose.Judged() {
			return
		}
	case record.Traced:
	default:
		return
	}
	end := last // what is kept is a copy: most events keep none
	st.swept, st.sweptAt = &end, end.T
}

// enter begins a segment after those findings.
func (st *State) enter(before map[int]Finding) {
	st.folded.valid = false
	st.URIs, st.retest, st.solo, st.swept, st.later = nil, nil, nil, nil, nil
	st.idle, st.rose, st.quiets = nil, false, 0
	st.idleRSS, st.idles = 0, nil
	for _, s := range st.Segment().Series {
		u := &URI{Series: s, trial: -1}
		if f, ok := before[s.Index]; ok && !st.Header.Plan.Isolate {
			u.among = &among{Finding: f, answers: st.answersBefore(s.Index)}
			if i := larger(f, before); i >= 0 {
				u.among.larger, u.among.at = st.Header.Items[i].Name, i
			}
		}
		delete(before, s.Index)
		st.URIs = append(st.URIs, u)
	}
	for i, f := range before {
		st.Kept[i] = f
	}
	for _, u := range st.URIs {
		delete(st.Kept, u.Index)
	}
}

// welcome takes in what series the segment has got since it began.
func (st *State) welcome() {
	for _, s := range st.Segment().Series {
		if st.of(s.Index) == nil {
			st.URIs = append(st.URIs, &URI{Series: s, trial: -1})
		}
	}
}

// answersBefore are those of the URI in the segment before the present one.
func (st *State) answersBefore(uri int) record.Answers {
	for k := len(st.Segments) - 2; k >= 0; k-- {
		for _, s := range st.Segments[k].Series {
			if s.Index == uri {
				return s.Answers
			}
		}
	}
	return record.Answers{}
}

func (st *State) of(uri int) *URI {
	if uri >= 0 && uri < len(st.URIs) && st.URIs[uri].Index == uri { // where all share the process
		return st.URIs[uri]
	}
	for _, u := range st.URIs {
		if u.Index == uri {
			return u
		}
	}
	return nil
}

// begun draws what the begin of a block means.
func (st *State) begun(u *URI, b *record.Block) {
	switch b.Purpose {
	case record.Warmup, record.Sweep, record.Lead, record.Scan:
	default:
		st.noteShared()
	}
	switch b.Purpose {
	case record.Alone:
		if u.Tried && u.trial == b.Life {
			return
		}
		u.Tried, u.trial, u.Expired, u.unproved, u.end = true, b.Life, "", "", verdict.Judgement{}
		u.headroom, u.unused = st.headroom(float64(b.Start.Metric)), st.slackNow()
	case record.Retest, record.Prime:
		st.beginRetest(u, b)
	case record.Expiry:
		if st.Counted() {
			return
		}
		n, alone := u.Picked(st.Telling(u)), u.Picked(st.alone(u))
		u.before = u.level(min(n/4, alone/2))
	}
}

// finished draws what the end of a block means.
func (st *State) finished(u *URI, b *record.Block) {
	if b.Purpose.Judged() {
		u.touchedReads = len(u.Touched)
	}
	switch b.Purpose {
	case record.Sweep:
		u.slack = st.slackNow()
		st.look(u)
	case record.Alone:
		u.slack, u.headroom = st.slackNow(), st.allowed(u, st.trough(u.Joined(st.alone(u), st.page())))
		if u.Suspect && st.Tight() && st.On("freed-by-others") { // it grew, and may fill now what others freed
			u.slack = max(u.slack, st.freed(u))
		}
	case record.Retest, record.Stir:
		st.endRetest(u, b)
	case record.Later:
		st.endLater(u, b)
	case record.Expiry:
		if !st.Counted() {
			st.endProof(u, b)
		}
	}
}

func (st *State) page() float64 { return float64(max(1, st.Header.Environment.PageBytes)) }

// Counted says that the process has a counter.
func (st *State) Counted() bool { l := st.Life(); return l != nil && l.Counter != "" }

func (st *State) columns() []record.Column {
	if l := st.Life(); l != nil {
		return l.Columns
	}
	return nil
}
