'use strict'

const express = require('express')
const app = express()
const orders = express.Router()
const notes = express.Router({ mergeParams: true })
const admin = express()

const logged = (req, res, next) => next()

app.get('/', (req, res) => res.send('ok'))
app.post('/cart', logged, function fill (req, res) { // fills a cart
  res.send('filled')
})
app.all('/any', (req, res) => res.send('any'))
orders.route('/:id').get(logged, (req, res) => res.send('order')).delete((req, res) => res.send('gone'))
notes.get('/last', (req, res) => res.send('note'))
orders.use('/:order/notes', notes)
admin.get('/users', (req, res) => res.send('users'))
app.use(logged)
app.use('/api/v1.0/orders', orders)
app.use('/admin', admin)
app.get(/^\/odd.*$/, (req, res) => res.send('odd'))

const server = app.listen(process.env.PORT || 0, '127.0.0.1', () => console.log(server.address().port))
