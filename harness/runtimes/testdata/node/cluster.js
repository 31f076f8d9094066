'use strict'
const cluster = require('cluster')
if (cluster.isPrimary) {
  cluster.fork()
  cluster.fork()
} else {
  require('./app.js')
}
