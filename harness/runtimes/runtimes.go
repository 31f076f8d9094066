// Package runtimes asks a language runtime to collect its garbage, to hand
// free pages back, and to say how much is alive: through leakhunt's agent
// (Ruby, Node, Python), the inspector (Node), the control app (puma), pprof
// (Go), the attach socket (JVM), or a hook of the application.
package runtimes

// Column is one counter of a runtime.
type Column struct {
	Name string // "live objects", "live bytes"
	Unit string // "objects" or "bytes"
	// Exact counters count what is alive after a full collection: a few
	// blocks that agree settle that they grow.
	Exact bool
	// Native says that it counts what native libraries take from malloc, too.
	Native bool
	// Beside says what else a column may be: no counter of what is alive, but of the
	// memory beside that.
	Beside Beside
}

// Beside is what a column says of memory that is not counted as alive, in bytes.
type Beside string

// Held is what the runtime has from the system for itself: what the process has beyond
// that is native memory. Native is native memory itself. Free is what the runtime and malloc
// have from the system, and nothing is in.
const (
	Held   Beside = "held"
	Native Beside = "native"
	Free   Beside = "free"
)

// Site is a place in the source whose objects survived, per request.
type Site struct {
	File              string  `json:"file"`
	Line              int     `json:"line"`
	Function          string  `json:"function,omitempty"`
	Type              string  `json:"type,omitempty"`
	ObjectsPerRequest float64 `json:"objects_per_request"`
	BytesPerRequest   float64 `json:"bytes_per_request"`
	// Caller is the first frame of the user's own code above a library frame.
	Caller string   `json:"caller,omitempty"`
	Stack  []string `json:"stack,omitempty"` // innermost first
	Owner  string   `json:"owner,omitempty"` // "app", "library" or "runtime"
	// RetainedBy is what holds the objects, from a class, a variable or a global
	// down to one of them. Empty unless asked for, and where it is not known. A
	// result that is written has it always, one from before may have none.
	RetainedBy []string `json:"retained_by,omitzero"`
}
