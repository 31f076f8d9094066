// Package targettest is the conformance suite that every target passes, and the
// fixture applications that it is run on.
//
// The fixtures (apps/) are one application, written for Rack (config.ru), WSGI
// (passenger_wsgi.py), Node (app.js; cluster.js for several workers), PHP
// (index.php) and Go (Handler). Each answer of theirs carries X-App-Pid, the process that served
// it, and X-App-Count, the requests that this process has served. Go's
// carry X-App-Last, too, the request before. Routes:
//
//	/pid             the serving process's pid
//	/count           the requests that this process has served, this one included
//	/clean, /        a few bytes; nothing stays behind
//	/leak?bytes=N    keeps N bytes (1024) forever
//	/echo            JSON: method, uri, headers (lower-case names), body_bytes,
//	                 body_sha256, and body where it has at most 64 KiB
//	/status/N        status N
//	/big?bytes=N     N bytes (10 MiB) of "x"
//	/empty           200 without a body
//	/chunked         "one\n", "two\n", "three\n" in three pieces, of unannounced length
//	/redirect        302 to /clean
//	/crash           the process kills itself (SIGKILL) without an answer
package targettest
