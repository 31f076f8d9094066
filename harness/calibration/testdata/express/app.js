'use strict'
// Truth: /orders/N memoizes its answer by URL for ever (1 KiB and its key), and
// /events adds a listener to a process-wide emitter for each request. /, /garbage
// (500 KB that die) and /recent (its last 50 answers) keep nothing that grows.
const express = require('express')
const memoize = require('lodash/memoize')
const { EventEmitter } = require('events')

const app = express()
const bus = new EventEmitter()
bus.setMaxListeners(0)
const recent = []
const text = (bytes, n) => Buffer.alloc(bytes, 97 + (n % 26)).toString('latin1')
const order = memoize((url) => text(1000, url.length) + url)

app.get('/', (req, res) => res.json({ ok: true }))
app.get('/orders/:n', (req, res) => res.send(order(req.originalUrl).slice(0, 20)))
app.get('/events', (req, res) => {
  const seen = { path: req.path, at: Date.now() }
  bus.on('order', () => seen)
  res.send('listening')
})
app.get('/garbage', (req, res) => {
  const rows = []
  for (let i = 0; i < 1000; i++) rows.push(text(500, i))
  res.send(String(rows.length))
})
app.get('/recent/:n', (req, res) => {
  recent.push(text(1024, Number(req.params.n)))
  if (recent.length > 50) recent.shift()
  res.send(String(recent.length))
})
app.listen(Number(process.env.PORT), '127.0.0.1')
