'use strict'
// Truth: /leak keeps 1 KiB for each request; HEAP objects are alive all along.
const alive = Array.from({ length: Number(process.env.HEAP) }, (_, i) => ({ i, next: null }))
const kept = []

function leak () { kept.push(new Array(128).fill(kept.length)) }

require('http').createServer((req, res) => {
  if (req.url === '/leak') leak()
  res.end(String(alive.length))
}).listen(Number(process.env.PORT), '127.0.0.1')
