package judge

import (
	"leakhunt/harness/record"
	"leakhunt/harness/verdict"
)

// found is what follows from the blocks of a URI, and from what the process keeps by itself.
// It is found once: each rule asks for it of all URIs after each event, and an event changes
// the blocks of one. Its blocks are not to be changed.
type found struct {
	split   bool            // delayed and own are known
	delayed []*record.Block // see URI.delayed
	own     []*record.Block // see URI.own

	picked  bool            // counted and whole are known
	counted []*record.Block // see State.counted
	whole   []*record.Block // all that were counted at both edges in the present process
	sums    []sums          // by column of the counters

	scattered bool // off is known, of that memory
	scatters  memory
	off       []float64 // see State.offMostly

	spent   spent    // see State.Spent
	columns []answer // by column of the counters
	memory  []answer // of memory
	rows    []rowAnswer
}

// answer is what blocks say to a question.
type answer struct {
	version int // of the state that asked last; 0: there is no answer yet
	question
	verdict.Judgement
}

// question is what is asked of the blocks of a URI.
type question struct {
	memory memory // the zero value of a counter
	params verdict.CounterParams
}

// answer is what u's blocks say of memory.
func (u *URI) answer(q question, find func() verdict.Judgement) verdict.Judgement {
	for i := range u.found.memory {
		if a := &u.found.memory[i]; a.question == q {
			return a.Judgement
		}
	}
	j := find()
	u.found.memory = append(u.found.memory, answer{question: q, Judgement: j})
	return j
}

// forget drops what was found. Room that it took is used again.
func (f *found) forget() {
	clear(f.columns)
	*f = found{columns: f.columns, memory: f.memory[:0], rows: f.rows[:0]}
}

// unanswer drops what was found of the blocks of all URIs.
func (st *State) unanswer() {
	st.folded.valid = false
	for _, u := range st.URIs {
		u.found.forget()
	}
}

// unanswerBy drops what was found of the blocks that an event has changed. open is the block
// that was open before it. One that begins says nothing yet.
func (st *State) unanswerBy(e record.Event, open *record.Block) {
	if _, ok := e.(record.Opened); ok {
		st.unanswer()
	}
	if open == nil {
		return
	}
	if u := st.of(open.URI); u != nil {
		u.found.forget()
	}
}
