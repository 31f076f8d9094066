package judge

import (
	"leakhunt/harness/record"
	"leakhunt/harness/verdict"
)

// question is what is asked of the blocks of a URI. The answer depends on nothing else but
// the blocks, and what the process keeps by itself.
type question struct {
	column int // of a counter; -1: of settled RSS
	bytes  int // see bytesColumn; of settled RSS alone
	params verdict.CounterParams
}

// answer is what is found of u's blocks. It is found once: each rule asks for it of all URIs
// after each event, and an event changes the blocks of one.
func (u *URI) answer(q question, find func() verdict.Judgement) verdict.Judgement {
	j, ok := u.answers[q]
	if !ok {
		j = find()
		if u.answers == nil {
			u.answers = map[question]verdict.Judgement{}
		}
		u.answers[q] = j
	}
	return j
}

// unanswer drops the answers of all URIs.
func (st *State) unanswer() {
	for _, u := range st.URIs {
		clear(u.answers)
	}
}

// unanswerBy drops the answers of which an event has changed the blocks. open is the block
// that was open before it.
func (st *State) unanswerBy(e record.Event, open *record.Block) {
	switch e := e.(type) {
	case record.Opened:
		st.unanswer()
	case record.Began:
		clear(st.of(e.URI).answers)
	}
	if open == nil {
		return
	}
	if u := st.of(open.URI); u != nil {
		clear(u.answers)
	}
}
