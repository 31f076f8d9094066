'use strict'
// Loaded by NODE_OPTIONS: each request whose query says planted=1 keeps PLANTED_BYTES.
// A flat string takes 16 bytes beside its text, and 8 in the list. The first writes the file PLANTED_MARK.
const fs = require('fs')
const http = require('http')

const kept = []
const size = Number(process.env.PLANTED_BYTES) || 0
const emit = http.Server.prototype.emit

http.Server.prototype.emit = function (event, request) {
  if (event === 'request' && size > 24 && request.url.includes('planted=1')) {
    if (kept.length === 0 && process.env.PLANTED_MARK) fs.writeFileSync(process.env.PLANTED_MARK, '')
    kept.push(Buffer.alloc(size - 24, 97 + (kept.length % 26)).toString('latin1'))
  }
  return emit.apply(this, arguments)
}
