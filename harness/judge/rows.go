package judge

import "leakhunt/harness/verdict"

// asking is how a URI's series of the metric is judged: see package verdict.
type asking int

const (
	recorded asking = iota
	fixed
	confirming
)

// rowQuestion is what is asked of a URI's series of the metric. That of a confirmation depends
// on the life that it began in, on whether others share the process, and on what raised the
// suspicion.
type rowQuestion struct {
	asking asking
	params verdict.Params
	trial  int
	single bool
	slope  float64
	seen   int
}

// rowAnswer is what the series says. How far it rose, and the room that its largest step makes,
// are those of a confirmation: see grown.
type rowAnswer struct {
	rowQuestion
	verdict.Judgement
	grown, room float64
	requests    int
}

// row is what u's series says to a question: thousands of readings are looked at once.
func (u *URI) row(q rowQuestion, find func() rowAnswer) rowAnswer {
	for _, a := range u.found.rows {
		if a.rowQuestion == q {
			return a
		}
	}
	a := find()
	a.rowQuestion = q
	u.found.rows = append(u.found.rows, a)
	return a
}

// recorded is verdict.Recorded of all of u's judged requests.
func (st *State) recorded(u *URI) verdict.Judgement { return st.all(u, recorded, verdict.Recorded) }

// final is verdict.Fixed of them: no more are sent.
func (st *State) final(u *URI) verdict.Judgement { return st.all(u, fixed, verdict.Fixed) }

func (st *State) all(u *URI, a asking, by func([]float64, verdict.Params) verdict.Judgement) verdict.Judgement {
	p := st.params(u)
	return u.row(rowQuestion{asking: a, params: p}, func() rowAnswer {
		return rowAnswer{Judgement: by(u.Joined(nil, st.page()), p)}
	}).Judgement
}

// confirmation is verdict.Confirm of the blocks that tell of u.
func (st *State) confirmation(u *URI, suspected float64) rowAnswer {
	q := rowQuestion{confirming, st.params(u), u.trial, len(st.URIs) == 1, suspected, u.Seen}
	return u.row(q, func() (a rowAnswer) {
		mem := u.Joined(st.Telling(u), st.page())
		a.Judgement, a.requests = verdict.Confirm(mem, suspected, u.Seen, q.params), len(mem)
		a.grown, a.room = st.grown(mem)
		return a
	})
}
