package demo

import "runtime"

// leakGoroutine waits for an answer that never comes: the goroutine, its stack
// and what it holds stay.
func (a *app) leakGoroutine(bytes int, _ string) {
	work := payload(bytes - goroutineBytes)
	go func() {
		<-a.never
		runtime.KeepAlive(work)
	}()
}

// leakByURL caches without a bound: harmless until the URLs differ.
func (a *app) leakByURL(bytes int, url string) {
	if a.pages[url] == nil {
		a.pages[url] = payload(bytes)
	}
}

// leakListener subscribes and never unsubscribes.
func (a *app) leakListener(bytes int, _ string) {
	a.listeners = &listener{next: a.listeners, state: payload(bytes)}
}

// leakSession opens a session that never expires.
func (a *app) leakSession(bytes int, _ string) {
	a.sessions[mix(uint64(len(a.sessions)))] = payload(bytes)
}
