// Every collection of V8 is a full one, so that RSS follows what is alive: from the
// moment on at which the process listens. A build that a command runs first, or a
// program that starts the server, is left as fast as it is: with full collections
// TypeScript's compiler takes several times as long. A server that does not listen
// through Node itself is given 20 s to start.
'use strict'
const { Server } = require('net')
const v8 = require('v8')
const listen = Server.prototype.listen
const tight = () => {
  if (Server.prototype.listen === first) Server.prototype.listen = listen
  v8.setFlagsFromString('--gc-global')
}
function first (...args) {
  tight()
  return listen.apply(this, args)
}
Server.prototype.listen = first
setTimeout(tight, 20000).unref()
