// The Node fixture application in a cluster of $WORKERS (2).
'use strict';
const cluster = require('cluster');
if (cluster.isPrimary) {
  for (let i = 0; i < Number(process.env.WORKERS || 2); i++) cluster.fork();
  process.on('SIGTERM', () => process.exit(0));
} else {
  require('./app.js');
}
