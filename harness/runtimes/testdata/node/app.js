'use strict'
// Truth: /leak keeps an array of 64 numbers (528 B of elements, 32 B array) for
// each request, /text a string of 512 B, /listener a closure on a process-wide
// emitter, /map an object in a Map. /, /garbage (500 KB that die), /bloat (8 MB
// once) and /cache (its last 20 answers) keep nothing that grows.
// HEAP objects are alive from the start.
const http = require('http')
const { EventEmitter } = require('events')

exports.heap = Array.from({ length: Number(process.env.HEAP || 0) }, (_, i) => ({ i }))
const kept = []
const texts = []
const bus = new EventEmitter()
bus.setMaxListeners(0)
const sessions = new Map()
const cache = new Map()
let big

const routes = {
  '/': () => JSON.stringify({ ok: true, at: [1, 2, 3].map((x) => x * 2) }),
  '/leak': (n) => { kept.push(new Array(64).fill(n)); return 'leak' },
  '/text': (n) => { texts.push(Buffer.alloc(512, 97 + (n % 26)).toString('latin1')); return 'text' },
  '/listener': (n) => { const seen = new Array(60).fill(n); bus.on('x', () => seen); return 'listener' },
  '/map': (n) => { sessions.set('session ' + n, { rows: new Array(64).fill(n) }); return 'map' },
  '/garbage': (n) => { const rows = []; for (let i = 0; i < 2000; i++) rows.push({ i, s: 'row' + i + n }); return JSON.stringify(rows).slice(0, 100) },
  '/bloat': () => { big = big || Array.from({ length: 100000 }, (_, i) => ({ i })); return String(big.length) },
  '/tracing': () => {
    const s = new (require('inspector').Session)()
    s.connect()
    let state
    s.post('HeapProfiler.getSamplingProfile', (err) => { state = err ? 'off' : 'on' })
    s.disconnect()
    return state
  },
  '/evaluated': (n) => { require('vm').runInThisContext('(kept, n) => kept.push(new Array(64).fill(n))')(kept, n); return 'evaluated' },
  '/cache': (n) => { cache.set(n, 'x'.repeat(100) + n); if (cache.size > 20) cache.delete(cache.keys().next().value); return 'cache' }
}

let n = 0
const server = http.createServer((req, res) => {
  const route = routes[req.url.split('?')[0]]
  if (!route) { res.statusCode = 404; return res.end() }
  res.end(route(++n))
})
server.listen(Number(process.env.PORT || 0), '127.0.0.1', () => console.log(server.address().port))
