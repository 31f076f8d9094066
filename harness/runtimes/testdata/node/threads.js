'use strict'
// Truth: /leak has a worker thread keep an array of 64 numbers (528 B of elements,
// 32 B array) for each request; /garbage, in the worker too, keeps nothing.
// A second worker waits for ever, without a turn of its event loop.
const { Worker, isMainThread, parentPort } = require('worker_threads')

if (isMainThread) {
  const worker = new Worker(__filename)
  const waiting = []
  worker.on('message', () => waiting.shift().end('done'))
  new Worker('Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)', { eval: true }) // eslint-disable-line no-new
  const server = require('http').createServer((req, res) => {
    if (req.url === '/') return res.end('ok')
    waiting.push(res)
    worker.postMessage(req.url)
  })
  server.listen(0, '127.0.0.1', () => console.log(server.address().port))
} else {
  const kept = []
  parentPort.on('message', (url) => {
    if (url === '/leak') kept.push(new Array(64).fill(kept.length))
    parentPort.postMessage(Array.from({ length: 500 }, (_, i) => ({ i })).length)
  })
}
