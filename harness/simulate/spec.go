package simulate

// spec is what a world is made of: what its text says. What is left open there
// is drawn from the seed when a process is started.
type spec struct {
	kind string // the name of the kind of world, only for people
	seed uint64

	runtime  string // "ruby", "python", "node", "go", "java" or "php"
	counter  string // how people are told of it: "agent"; "" for RSS alone
	tight    bool   // the process was started to keep little in reserve
	jemalloc bool   // with jemalloc, which gives back every page that is free
	gogc     int    // percent, set by the user; 0: not
	late     bool   // the counter goes on counting what was freed, for one reading

	target  string // the kind of target; of a "url" no fresh process can be had
	fresh   int64  // RSS before the first request; 0: drawn
	files   int64  // of that, mapped from files; 0: drawn
	objects int64  // that the application has alive then; 0: drawn
	holes   int    // percent of what is freed that cannot go back; −1: drawn
	scatter int    // percent of the largest scatter that was measured; −1: drawn

	metric   string // "rss" or "anon"
	limitRSS int64
	limit    int64 // µs
	restarts int
	isolate  bool
	strategy string // "" is "sweep"
	rounds   int
	requests int   // of each URI; 0: auto
	latency  int64 // µs, of a URI that says nothing
	last     int   // how many subscribers are told; 0: none
	most     int64 // descriptors that the process may have open; 0: drawn

	routes     []routeSpec
	shared     []part // what each request does, whatever its URI
	background []part // what happens by time
	faults     []fault
}

// routeSpec is one URI.
type routeSpec struct {
	name     string
	latency  int64 // µs; 0: the world's
	visitors bool  // each request is a new visitor's
	keyed    bool  // each request has a new URL
	keys     int64 // so many URLs in turn; 0: one
	requests int   // 0: the world's
	answers  int64 // bytes of a body
	line     int64 // bytes that it adds to a ring that all share; −1: the ring's
	fails    rate
	kills    rate
	parts    []part
}

// rate says which requests are meant: the zero value is none of them.
type rate struct {
	every int64 // each so many-th
	in    int64 // one in so many, at random
	from  int64 // all from that one on
}

// verb is what a part does.
type verb uint8

const (
	garbage   verb = iota // what a request makes and drops
	leak                  // what is never freed
	cache                 // entries, a bounded number of them
	ring                  // a line for each request, the last so many
	hold                  // what stays for a time
	batch                 // what is gathered, and flushed
	pool                  // what is made when all of it is in use
	warmup                // what the first requests load, dying away
	creep                 // the logarithm of the requests
	step                  // once
	wave                  // what comes and goes
	subscribe             // one more who is told
	publish               // what each of the last subscribers is told, and keeps
	remains               // what a request leaves until the next one, whatever its URI
	code                  // what a runtime compiles for a URI, and drops when that has not run for some collections
)

var verbs = [...]string{
	garbage: "garbage", leak: "leak", cache: "cache", ring: "ring", hold: "hold", batch: "batch", pool: "pool", warmup: "warmup",
	creep: "creep", step: "step", wave: "wave", subscribe: "subscribe", publish: "publish", remains: "remains", code: "code",
}

// part is one thing that a request, or the background, does to memory. Times are
// in µs, sizes in bytes. What a field means for which verb is in forms.
type part struct {
	verb    verb
	count   int64 // entries at most
	size    int64 // of one entry
	objects int64 // of one entry; they make it up
	when    rate  // which requests do it; zero: all
	keys    int64 // of so many, in turn
	of      int64 // of so many, at random
	at      int64 // the request that does it
	over    int64 // requests in which it dies away by a factor of e
	spread  int64 // percent by which sizes differ
	after   int64 // it is done by a task so much later
	stays   int64 // for how long
	sweep   int64 // what has expired is looked for so often; 0: a timer each
	by      int64 // so often too, in requests to any URI, in place of sweep; 0: not
	each    int64 // how often
	unused  int64 // collections after which it goes where it was not used
	holds   thing // that each entry holds beside memory; 0: none

	keyed, visitor, failing, native, mapped, doubling, goroutine, cyclic, use, third, all bool
}

// trouble is what goes wrong with a process or with its measurement.
type trouble uint8

const (
	dies trouble = iota
	replaced
	hangs   // the counter gives no answer
	stuck   // the counter reads the same from then on
	falls   // the counter reads less each time
	lies    // the counter reads anything
	clock   // the clock steps
	unready // a process does not come up
)

var troubles = [...]string{
	dies: "dies", replaced: "replaced", hangs: "counter hangs", stuck: "counter stuck", falls: "counter falls", lies: "counter lies",
	clock:   "clock steps",
	unready: "start fails",
}

// fault is one trouble, and when it comes: with the at-th request (of a counter:
// reading; of a start: process), with one request in in, or as soon as RSS is over that many bytes.
type fault struct {
	trouble trouble
	at, in  int64
	over    int64
	by      int64 // µs by which the clock steps; percent by which a counter is wrong
	once    bool  // the first process alone
}
