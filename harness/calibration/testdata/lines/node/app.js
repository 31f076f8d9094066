'use strict'
// Truth: /visit begins a session, which express-session's MemoryStore keeps for
// ever ("it will leak memory under most conditions"); /orders/N counts with a
// label value of its own, for which prom-client keeps a series for ever. / and
// /garbage (500 KB that die) keep nothing.
const express = require('express')
const session = require('express-session')
const client = require('prom-client')

const app = express()
const seen = new client.Counter({ name: 'orders_seen_total', help: 'Orders.', labelNames: ['order'] })
const visit = session({ secret: 'x', resave: false, saveUninitialized: true })

app.get('/', (req, res) => res.send('ok'))
app.get('/visit', visit, (req, res) => {
  req.session.basket = 'b'.repeat(100)
  res.send('visit')
})
app.get('/orders/:n', (req, res) => {
  seen.inc({ order: req.params.n + 'x'.repeat(400) })
  res.send('order')
})
app.get('/garbage', (req, res) => {
  const rows = []
  for (let i = 0; i < 1000; i++) rows.push(Buffer.alloc(500, 97 + (i % 26)).toString('latin1'))
  res.send(String(rows.length))
})
app.listen(Number(process.env.PORT), '127.0.0.1')
