// /fill adds an entry of 4 KiB to a ring of 1,500, /drain takes ten out: nothing leaks. /leak keeps 1 KiB a request.
const http = require('http'), ring = [], kept = [];
http.createServer((req, res) => {
  if (req.url === '/fill') { ring.push(Buffer.alloc(4096, `${Math.random()}`).toString('latin1')); if (ring.length > 1500) ring.shift(); }
  if (req.url === '/drain') ring.splice(0, 10);
  if (req.url === '/leak') kept.push(Buffer.alloc(1024, `${kept.length}`).toString('latin1'));
  res.end('ok');
}).listen(process.env.PORT, '127.0.0.1');
