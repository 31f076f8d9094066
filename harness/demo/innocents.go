package demo

func (a *app) plain(int, string) {}

// warmup computes for inputs that come in no order and repeat: a new one is
// ever rarer, so growth dies away instead of stopping at once.
func (a *app) warmup(int, string) {
	key := mix(a.asked) % memoKeys
	a.asked++
	if a.memo[key] == nil {
		a.memo[key] = touch(make([]byte, memoBytes))
	}
}

// cached is a cache with least-recently-used eviction: for as long as it
// fills it grows just as a leak does.
func (a *app) cached(_ int, url string) {
	if e := a.byURL[url]; e != nil {
		a.recent.MoveToFront(e)
		return
	}
	a.byURL[url] = a.recent.PushFront(&entry{url: url, page: touch(make([]byte, cacheBytes))})
	if a.recent.Len() > cacheEntries {
		oldest := a.recent.Remove(a.recent.Back()).(*entry)
		delete(a.byURL, oldest.url)
	}
}

// bloat is one step and then flat, however long it goes on.
func (a *app) bloat(int, string) {
	if a.table == nil {
		a.table = touch(make([]byte, bloatBytes))
	}
}

// batch holds up to batchEntries, then none.
func (a *app) batch(int, string) {
	a.audit = append(a.audit, touch(make([]byte, batchBytes)))
	if len(a.audit) == batchEntries {
		clear(a.audit)
		a.audit = a.audit[:0]
	}
}

// garbage builds a linked answer of many objects whose sizes vary, as real
// rendering does, and releases all of it.
func (a *app) garbage(int, string) {
	var answer *listener
	for range garbageObjects {
		a.made++
		answer = &listener{next: answer, state: touch(make([]byte, 256<<(mix(a.made)%5)))}
	}
	a.last = answer
	a.last = nil
}

// transient needs between a half and the whole of transientBytes.
func (a *app) transient(int, string) {
	a.rendered++
	size := transientBytes/2 + int(mix(a.rendered)%(transientBytes/2))
	a.render = touch(make([]byte, size))
	a.render = nil
}

// pooled works in a borrowed buffer.
func (a *app) pooled(int, string) {
	b := a.buffers.Get().(*[]byte)
	touch(*b)
	a.buffers.Put(b)
}

// mix spreads n over all 64 bits: the finaliser of splitmix64 (Steele, Lea,
// Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014).
func mix(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}
