package record

// OfLane is an event of one of several lanes. A lane is a pinned process, one at a time,
// that is sent URIs of its own beside those of the others. A run with one lane has no
// such events. In a run with several each event is one, but for the Ended of the run.
type OfLane struct {
	Lane  int // from 1
	Event Event
}

// Assigned says what a lane hunts from here on. A hunt is a record of its own: its URIs are
// named by their index in URIs, and nothing that came before in the lane belongs to it.
type Assigned struct {
	T    float64    `json:"t"`
	URIs []int      `json:"uris"` // by their index in Header.Items
	Why  Assignment `json:"why,omitempty"`
}

// Assignment says why URIs were assigned to a lane.
type Assignment string

// The reasons.
const (
	Share  Assignment = ""       // the lane's part of all URIs
	Second Assignment = "second" // another lane convicts it by RSS: a second process is to show it
	Left   Assignment = "left"   // another lane was lost before these had their verdicts
)

func (OfLane) event()   {}
func (Assigned) event() {}

// Bare is an event without the lane that it is of.
func Bare(e Event) Event {
	if of, ok := e.(OfLane); ok {
		return of.Event
	}
	return e
}
