package demo

// Kind is what a route really does with memory, whatever it looks like.
type Kind string

// The kinds. Leak is the only guilty one.
const (
	Leak      Kind = "leak"      // keeps something of every request, forever
	Plain     Kind = "plain"     // keeps nothing, allocates next to nothing
	Warmup    Kind = "warm-up"   // keeps results until it has them all
	Cache     Kind = "cache"     // keeps the latest entries, up to a bound
	Bloat     Kind = "bloat"     // keeps one big thing from its first request on
	Batch     Kind = "batch"     // collects entries, then drops them all at once
	Garbage   Kind = "garbage"   // allocates much, keeps nothing
	Transient Kind = "transient" // needs a large buffer for a moment
	Pool      Kind = "pool"      // takes its buffers from a sync.Pool
)

// Route is one route of the demo and the truth about it.
type Route struct {
	// Path is the URI as a scenario writes it: {{n}} is a new number for each
	// request.
	Path string
	Kind Kind
	// BytesPerRequest is the live memory that each request adds forever:
	// heap and goroutine stacks, in bytes. 0 for every innocent.
	BytesPerRequest int
	// Keeps is the live memory, in bytes, that an innocent holds at most once
	// FullAfter requests have reached it. From then on it holds no more.
	Keeps     int
	FullAfter int
	Note      string

	// serve answers one request. It may keep bytes forever, and is called with
	// the app locked.
	serve func(a *app, bytes int, url string)
}

// Routes is the truth about the demo, and the only place where it is written
// down: the handler is built from it, and the payloads are sized by it.
//
// The leaks are a factor of two to three apart, so that their order stands out
// of the noise of RSS. The largest is small enough for a laptop, and for its
// neighbours: the headroom that the collector takes behind it grows with it and
// hides smaller leaks. 8,192 requests to every route hold about 250 MiB. The
// innocents' bounds are reached within 500 requests, far inside an honest run.
var Routes = []Route{
	{
		Path: "/", Kind: Plain, serve: (*app).plain,
		Note: "answers with a constant",
	},
	{
		Path: "/leak/16k", Kind: Leak, BytesPerRequest: 16 << 10, serve: (*app).leakGoroutine,
		Note: "starts a goroutine that waits for an answer which never comes",
	},
	{
		Path: "/leak/6k/{{n}}", Kind: Leak, BytesPerRequest: 6 << 10, serve: (*app).leakByURL,
		Note: "caches a page by its URL, without a bound",
	},
	{
		Path: "/leak/3k", Kind: Leak, BytesPerRequest: 3 << 10, serve: (*app).leakListener,
		Note: "adds a listener to a list that lives as long as the process",
	},
	{
		Path: "/leak/1k", Kind: Leak, BytesPerRequest: 1 << 10, serve: (*app).leakSession,
		Note: "opens a session that nobody closes",
	},
	{
		Path: "/warmup", Kind: Warmup, Keeps: memoKeys * memoBytes, FullAfter: 500, serve: (*app).warmup,
		Note: "memoises a computation over a few inputs: fast growth at first, then ever less, then none",
	},
	{
		Path: "/cache/{{n}}", Kind: Cache, Keeps: cacheEntries * cacheBytes, FullAfter: cacheEntries, serve: (*app).cached,
		Note: "caches by URL too, and drops the oldest entry beyond its bound",
	},
	{
		Path: "/bloat", Kind: Bloat, Keeps: bloatBytes, FullAfter: 1, serve: (*app).bloat,
		Note: "loads a large table on its first request and keeps it",
	},
	{
		Path: "/batch", Kind: Batch, Keeps: batchEntries * batchBytes, FullAfter: batchEntries, serve: (*app).batch,
		Note: "collects audit entries and writes them out together: a sawtooth of its own making",
	},
	{
		Path: "/garbage", Kind: Garbage, serve: (*app).garbage,
		Note: "builds many small objects for one answer: the collector's sawtooth",
	},
	{
		Path: "/transient", Kind: Transient, serve: (*app).transient,
		Note: "renders into a large buffer that is free again at once: RSS stays at its high-water mark",
	},
	{
		Path: "/pool", Kind: Pool, serve: (*app).pooled,
		Note: "borrows its buffer from a sync.Pool, which the collector empties",
	},
}
