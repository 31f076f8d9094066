// A request without a cookie is a new visitor's: a session of 2 KiB is kept for it for ever, whatever the page. With one, nothing is kept.
const http = require('http'), sessions = new Map();
http.createServer((req, res) => {
  if (!/sid=\d+/.test(req.headers.cookie || '')) {
    const id = sessions.size + 1;
    sessions.set(id, Buffer.alloc(2048, `${id}`).toString('latin1'));
    res.setHeader('Set-Cookie', `sid=${id}; Path=/`);
  }
  res.end('ok');
}).listen(process.env.PORT, '127.0.0.1');
