'use strict'

const fastify = require('fastify')()
const listed = []

fastify.addHook('onRoute', ({ method, url }) => listed.push([].concat(method).map((m) => `${m} ${url}`)))
fastify.get('/', async () => 'ok')
fastify.route({ method: ['GET', 'DELETE'], url: '/orders/:id', handler: async function order () { // handles an order
  return 'order'
} })
fastify.register(async (admin) => {
  admin.get('/users/*', async () => 'users')
  admin.get('/routes', async () => listed.flat().join('\n'))
  admin.setNotFoundHandler(async () => 'none')
}, { prefix: '/admin' })
fastify.listen({ port: Number(process.env.PORT || 0), host: '127.0.0.1' }).then(() => console.log(fastify.server.address().port))
