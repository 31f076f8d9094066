// /grow keeps 200 KB a request, / nothing. By RSS alone of a process as it comes, 100 requests do not prove it.
const http = require('http'), kept = [];
http.createServer((req, res) => {
  if (req.url === '/grow') kept.push(Buffer.alloc(200000, 'x'));
  res.end('ok');
}).listen(process.env.PORT, '127.0.0.1');
