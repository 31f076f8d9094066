// The Node fixture application. Its routes are documented in package targettest.
// It listens on $PORT (127.0.0.1), on the Unix socket $SOCKET, or, with neither,
// where Passenger puts it.
'use strict';
const crypto = require('crypto');
const http = require('http');

const kept = [];
let count = 0;

function bytes(url, fallback) {
  return Number(url.searchParams.get('bytes') || fallback);
}

function answer(res, status, body, headers) {
  if (status === 204 || status === 304) {
    res.writeHead(status);
    res.end();
    return;
  }
  res.writeHead(status, Object.assign({'Content-Type': 'text/plain', 'Content-Length': Buffer.byteLength(body)}, headers));
  res.end(body);
}

function echo(req, body) {
  const headers = {};
  for (const name of Object.keys(req.headers)) headers[name] = String(req.headers[name]);
  const said = {
    method: req.method, uri: req.url, headers,
    body_bytes: body.length, body_sha256: crypto.createHash('sha256').update(body).digest('hex'),
  };
  if (body.length <= 65536) said.body = body.toString('utf8');
  return JSON.stringify(said);
}

function route(req, res, body) {
  const url = new URL(req.url, 'http://app');
  const status = /^\/status\/(\d{3})$/.exec(url.pathname);
  if (status) return answer(res, Number(status[1]), 'status ' + status[1]);
  switch (url.pathname) {
    case '/pid': return answer(res, 200, String(process.pid));
    case '/count': return answer(res, 200, String(count));
    case '/': case '/clean': return answer(res, 200, 'clean');
    case '/leak':
      kept.push(Buffer.alloc(bytes(url, 1024), 'x'));
      return answer(res, 200, 'kept ' + kept.length);
    case '/echo': return answer(res, 200, echo(req, body), {'Content-Type': 'application/json'});
    case '/big': return answer(res, 200, 'x'.repeat(bytes(url, 10 << 20)));
    case '/empty': return answer(res, 200, '');
    case '/chunked':
      res.writeHead(200, {'Content-Type': 'text/plain'});
      for (const piece of ['one\n', 'two\n', 'three\n']) res.write(piece);
      return res.end();
    case '/redirect': return answer(res, 302, '', {Location: '/clean'});
    case '/crash': return process.kill(process.pid, 'SIGKILL');
    default: return answer(res, 404, 'no such route');
  }
}

const server = http.createServer((req, res) => {
  count++;
  res.setHeader('X-App-Pid', String(process.pid));
  res.setHeader('X-App-Count', String(count));
  const pieces = [];
  req.on('data', (piece) => pieces.push(piece));
  req.on('end', () => route(req, res, Buffer.concat(pieces)));
});
// A kept connection stays as long as the run does.
server.keepAliveTimeout = 0;
if (process.env.PORT) server.listen(Number(process.env.PORT), '127.0.0.1');
else if (process.env.SOCKET) server.listen(process.env.SOCKET);
else server.listen('passenger');
