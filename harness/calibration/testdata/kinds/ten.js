// Ten pages, each answered after 5 ms. /3 keeps 4 KiB a request, /7 makes garbage of 200 KB, the others keep nothing.
const http = require('http'), kept = [];
let seen = 0;
http.createServer((req, res) => {
  if (req.url === '/3') kept.push(Buffer.alloc(4096, `${kept.length}`).toString('latin1'));
  if (req.url === '/7') seen += Array.from({length: 2000}, (_, i) => `line ${i} of ${seen}`.repeat(5)).length;
  setTimeout(() => res.end('ok'), 5);
}).listen(process.env.PORT, '127.0.0.1');
