package strategy

import (
	"math"

	"leakhunt/harness/judge"
	"leakhunt/harness/record"
	"leakhunt/harness/verdict"
)

// Left is how many seconds the run still takes, as far as is known: the requests that
// are planned at the speed of those that were sent, each block's collections and
// readings, and every wait that is planned for whoever grows. It is 0 until there is
// a speed.
func (Hunt) Left(st *judge.State) float64 {
	life := st.Life()
	if life == nil || st.Total == 0 {
		return 0
	}
	p := paceOf(st)
	n := segmentLeft(st, p)
	n += trials(st, p)
	if l := st.Header.Plan.Limits.Time; l > 0 {
		n = min(n, max(0, l-st.Now))
	}
	return n
}

// pace is how long things have taken in this run, in seconds.
type pace struct {
	each  map[int]float64 // a request to a URI, with what is read after it
	block float64         // what a settled block takes beside its requests
	trace float64         // naming the lines of one URI
}

func paceOf(st *judge.State) pace {
	p := pace{each: map[int]float64{}}
	var beside, traces, requests, took float64
	blocks, traced := 0, 0
	for _, s := range st.Segments {
		for _, t := range s.Traces {
			traces += t.Cost.Seconds
			traced++
		}
		from, to := math.Inf(1), math.Inf(-1)
		for _, u := range s.Series {
			var n, seconds float64
			for _, b := range u.Others {
				if b.Purpose == record.Lead {
					beside -= sending(b)
				}
				n, seconds = n+float64(b.N()), seconds+sending(b)
			}
			for _, b := range u.Blocks {
				n, seconds = n+float64(b.N()), seconds+sending(b)
				if b.Purpose == record.Sweep && !b.Cut && b.Life == s.First {
					from, to = min(from, b.Start.T), max(to, b.End.T)
					beside -= sending(b)
					blocks++
				}
			}
			if n > 0 {
				p.each[u.Index] = seconds / n
			}
			requests, took = requests+n, took+seconds
		}
		if to > from { // the rounds come one after the other
			beside += to - from
		}
	}
	for _, u := range st.Segments[0].Series {
		if _, ok := p.each[u.Index]; !ok && requests > 0 {
			p.each[u.Index] = took / requests
		}
	}
	if blocks > 0 {
		p.block = max(0, beside/float64(blocks))
	}
	if traced > 0 {
		p.trace = traces / float64(traced)
	}
	return p
}

// sending is how many seconds the requests of a block took.
func sending(b *record.Block) float64 {
	if n := b.N(); n > 0 {
		return max(0, float64(b.At[n-1])/record.Ticks-b.Start.T)
	}
	return 0
}

func (p pace) requests(u *judge.URI, n, blocks int) float64 {
	return p.each[u.Index]*float64(max(0, n)) + p.block*float64(max(0, blocks))
}

// segmentLeft is what the present segment still takes.
func segmentLeft(st *judge.State, p pace) (seconds float64) {
	each := Warmup(st.Header.Plan.Warmup, len(st.URIs), st.Counted())
	passes := len(Blocks(each, warmupPasses, false))
	over := swept(st)
	for _, u := range st.URIs {
		if u.Broken {
			continue
		}
		if passes > 0 {
			seconds += p.requests(u, each*(passes-min(passes, warmed(u, st.Life().Index)))/passes, 0)
		}
		if !over && !u.Done {
			seconds += sweepLeft(st, p, u)
		}
	}
	if st.Counted() {
		return seconds + followLeft(st, p) + laterLeft(st, p) + retestLeft(st, p) + namesLeft(st, p)
	}
	return seconds + confirmLeft(st, p) + namesLeft(st, p)
}

// sweepLeft is what the rounds of u still take.
func sweepLeft(st *judge.State, p pace, u *judge.URI) float64 {
	have := u.Requests()
	switch {
	case !u.Item.Requests.Auto:
		rounds := st.Header.Plan.Rounds
		return p.requests(u, u.Item.Requests.N-have, rounds-len(u.Blocks))
	case !st.Counted():
		n := judge.MaxSweep / 2
		for n <= have {
			n *= 2
		}
		return p.requests(u, n-have, 1)
	case len(u.Blocks) < judge.SweepRounds:
		k := judge.SweepRounds - len(u.Blocks)
		return p.requests(u, judge.SweepBlock*k, k)
	}
	n := judge.Horizon - u.Counted()
	return p.requests(u, n, 1+n/(judge.Horizon/judge.SweepRounds))
}

// growing are the URIs that a counter would convict by now.
func growing(st *judge.State) (out []*judge.URI) {
	for _, u := range st.URIs {
		if !u.Broken && len(u.Blocks) >= 4 && !st.Shares(u) && !fades(st, u) && (st.Grew(u) || st.Unended(u)) {
			out = append(out, u)
		}
	}
	return out
}

// followLeft is how long who grows is followed on, by time, by memory, and by what is
// left of the limits.
func followLeft(st *judge.State, p pace) (seconds float64) {
	if waits(st) > 0 || len(st.Segment().Traces) > 0 || began(st, record.Retest, record.Prime) {
		return 0
	}
	spent := 0.0
	for _, u := range st.URIs {
		spent += followed(u)
	}
	for _, u := range growing(st) {
		if !u.Item.Requests.Auto || !st.Unended(u) || !affordable(st, u) {
			continue
		}
		n := max(0, budget(st, u)-followed(u))
		if followed(u) >= enough*budget(st, u) {
			n = 0
		}
		if rate := st.Grown(u) / float64(max(1, u.Requests())); rate > 0 {
			ahead := max(0, judge.Horizon-u.Requests())
			n = min(n, max(0, (judge.Plausible-st.Grown(u))/rate-float64(ahead))*p.each[u.Index])
		}
		if u.Done && !st.Grew(u) { // what may be a native library's, mostly ended by the next block
			n = min(n, p.requests(u, followBlock(st, u, u.Requests(), followed(u)), 1))
		}
		seconds += n
	}
	if l := st.Header.Plan.Limits.Time; l > 0 {
		seconds = min(seconds, max(0, followShare*l-spent))
	}
	return seconds
}

// laterLeft is how long those are sent once more, with a pause behind each, that may leave
// something to be done later. Before the sweep is over nobody knows who that is.
func laterLeft(st *judge.State, p pace) (seconds float64) {
	if !st.On("later") || waits(st) > 0 || len(st.Segment().Traces) > 0 || began(st, record.Retest, record.Prime, record.Delayed) {
		return 0
	}
	for _, u := range st.URIs {
		if len(u.Blocks) >= judge.SweepRounds && !had(st, u, record.Later) && st.Undone(u) {
			seconds += p.requests(u, st.LaterRequests(u), 1) + judge.Pause
		}
	}
	if began(st, record.Later) {
		if just(st, record.Later, nil) && !waited(st, st.Last) {
			seconds += judge.LaterWait
		}
		return seconds
	}
	if seconds > 0 {
		seconds += judge.LaterWait
		if len(growing(st)) > 0 {
			seconds += judge.LaterWait
		}
	}
	return seconds
}

// retestLeft is how long who grew is sent once more, and nothing is sent, to see what
// is let go.
func retestLeft(st *judge.State, p pace) float64 {
	stay, grew := st.Header.Plan.Stay, growing(st)
	if len(grew) == 0 || len(st.Segment().Traces) > 0 || !st.On("retest") {
		return 0
	}
	seconds := 0.0
	if waits(st) == 0 {
		seconds = stay
	}
	for _, u := range grew {
		if !had(st, u, record.Retest) && waits(st) == 0 {
			seconds += p.requests(u, judge.SweepBlock, 1)
		}
		if !had(st, u, record.Stir) {
			seconds += p.requests(u, judge.Stirs, 1)
		}
	}
	if st.RoseIdle() && waits(st) == 1 && !began(st, record.Stir, record.Prime) {
		seconds += stay
	}
	return seconds + soloLeft(st, stay)
}

// soloLeft is how long the one is still waited for that is sent again by itself: once
// after what comes before it counts, and once after it.
func soloLeft(st *judge.State, stay float64) float64 {
	if st.Solo() == nil {
		return doubtLeft(st, stay)
	}
	reads := st.Segment().Reads
	waited := len(reads) > 0 && reads[len(reads)-1].Waited > 0 && reads[len(reads)-1].Edge.T >= st.Last.End.T
	n := 1.0
	if st.Last.Purpose == record.Prime {
		n = 2
	}
	if waited {
		n--
	}
	return n * stay
}

// doubtLeft is how long those will be waited for that the retest of all left a doubt of.
func doubtLeft(st *judge.State, stay float64) (seconds float64) {
	if !began(st, record.Stir) {
		return 0
	}
	for _, u := range growing(st) {
		if len(blocks(u, record.Prime)) > 0 {
			continue
		}
		if j, _ := st.Judge(u); j.Label == verdict.Inconclusive || st.Short(u) || st.Adds(u) {
			seconds += 2 * stay
		}
	}
	return seconds
}

// fades says that what u's last block of the sweep added to a counter is less than a half of
// what the others did on average: mostly that is a cache that fills.
func fades(st *judge.State, u *judge.URI) bool {
	n := len(u.Blocks)
	if n < 4 || u.Requests() > judge.SweepBlock*judge.SweepRounds {
		return false
	}
	for i, c := range st.Life().Columns {
		if !c.Exact {
			continue
		}
		added := func(b *record.Block) float64 { return b.End.Counter(i) - b.Start.Counter(i) }
		last, before := added(u.Blocks[n-1]), 0.0
		for _, b := range u.Blocks[1 : n-1] {
			before += added(b) / float64(n-2)
		}
		if last >= before/2 && last > 0 {
			return false
		}
	}
	return true
}

// namesLeft is how long the lines of who is convicted take.
func namesLeft(st *judge.State, p pace) (seconds float64) {
	if st.Header.Plan.Sites == "off" || !st.Life().Traces {
		return 0
	}
	for _, u := range growing(st) {
		if traced(st, u) {
			continue
		}
		if p.trace > 0 {
			seconds += p.trace
			continue
		}
		seconds += p.requests(u, judge.NameRequests+callerRequests, 4)
	}
	return seconds
}

// confirmLeft is how long the suspects of RSS run by themselves, with the waits for what
// expires.
func confirmLeft(st *judge.State, p pace) (seconds float64) {
	suspects := 0
	for _, u := range st.URIs {
		if !u.Suspect || u.Broken {
			continue
		}
		now := current(st)
		if u.Tried && u != now {
			continue
		}
		suspects++
		have := len(u.Joined(st.TellingNow(u), 1))
		seconds += p.requests(u, leastAlone(st, u)*aloneShare-have, 2)
		if j, _ := st.Judge(u); j.Label == verdict.Leak || !u.Tried {
			seconds += st.Header.Plan.Stay // for what it has left
		}
	}
	if suspects > 0 && listens(st) {
		seconds += st.Header.Plan.Stay
	}
	return seconds
}

// trials is how long those take that are to be tried by themselves on a fresh process.
func trials(st *judge.State, p pace) (seconds float64) {
	life := st.Life()
	if st.Header.Plan.Isolate {
		return ownProcesses(st, p)
	}
	if !st.On("isolate") || len(st.Segments[0].Series) == 1 || !life.Restart || life.Process.Kind != "command" {
		return 0
	}
	took := trialsTook(st)
	each := func(uri, n int) float64 {
		if took > 0 {
			return took
		}
		return life.Took + p.each[uri]*float64(n) + p.block*(judge.SweepRounds+1)
	}
	const counted = warmupCounted + judge.SweepBlock*judge.SweepRounds
	if st.Segment().Only != nil {
		findings := st.Findings()
		for i, f := range findings {
			switch {
			case i < 0 || isolated(st, i):
			case undecided(st, f):
				seconds += each(i, isolateLeast)
			case judge.BesideLarger(f, findings):
				seconds += each(i, counted)
			}
		}
		return seconds
	}
	if !st.Counted() {
		suspects := -1 // the one that grows most is taken at its word
		for _, u := range st.URIs {
			if u.Suspect {
				suspects++
			}
			if u.Requests() > 0 && undecided(st, finding(st, u)) || u.Suspect && suspects > 0 {
				seconds += each(u.Index, isolateLeast*3/2)
			}
		}
		return seconds
	}
	grew := growing(st)
	for _, u := range grew {
		for _, o := range grew {
			if o != u && rate(st, o) > beside*rate(st, u) {
				seconds += each(u.Index, counted)
				break
			}
		}
	}
	return seconds
}

// ownProcesses is how long those take, with isolate: true, whose process is not there yet.
func ownProcesses(st *judge.State, p pace) (seconds float64) {
	took := trialsTook(st)
	for i, it := range st.Header.Items {
		switch {
		case isolated(st, i):
		case took > 0:
			seconds += took
		default:
			n := Warmup(st.Header.Plan.Warmup, 1, st.Counted()) + leastOf(it, st.Counted())
			seconds += st.Life().Took + p.each[i]*float64(n) + p.block*judge.SweepRounds
		}
	}
	return seconds
}

// aloneShare is how much longer than the least of it suspects run by themselves: about
// half of them go on, and what they leave is waited for.
const aloneShare = 2

// trialsTook is how long the trials that have ended took, on average; 0 without one.
func trialsTook(st *judge.State) float64 {
	n := len(st.Segments) - 2
	if n < 1 {
		return 0
	}
	from, to := st.Lives[st.Segments[1].First], st.Lives[st.Segments[n+1].First]
	return (to.T - to.Took - from.T + from.Took) / float64(n)
}

// beside is the share of a URI's growth from which another one's makes a trial of it
// worth while.
const beside = 0.67

func rate(st *judge.State, u *judge.URI) float64 {
	return st.Grown(u) / float64(max(1, u.Requests()))
}

// finding is what there is to say of u by now, as undecided asks for it.
func finding(st *judge.State, u *judge.URI) judge.Finding {
	j, _ := st.Judge(u)
	return judge.Finding{URI: u.Index, Judgement: j, Segments: []*record.Series{u.Series}}
}
