package demo

import "runtime"

// leakGoroutine waits for an answer that never comes: the goroutine, its stack
// and what it holds stay.
func (a *app) leakGoroutine(bytes int, _ string) {
	work := touch(make([]byte, bytes-goroutineBytes))
	go func() {
		<-a.never
		runtime.KeepAlive(work)
	}()
}

// leakByURL caches without a bound: harmless until the URLs differ.
func (a *app) leakByURL(bytes int, url string) {
	if a.pages[url] == nil {
		a.pages[url] = touch(make([]byte, bytes))
	}
}

// leakListener subscribes and never unsubscribes.
func (a *app) leakListener(bytes int, _ string) {
	a.listeners = &listener{next: a.listeners, state: touch(make([]byte, bytes))}
}

// leakSession opens a session that never expires.
func (a *app) leakSession(bytes int, _ string) {
	a.sessions[mix(uint64(len(a.sessions)))] = touch(make([]byte, bytes))
}
