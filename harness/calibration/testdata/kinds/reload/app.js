// /rules loads rules.js anew with each request, and module.children keeps every copy, about 4 KiB each. / keeps nothing.
const http = require('http');
function rules() {
  delete require.cache[require.resolve('./rules.js')];
  return require('./rules.js');
}
http.createServer((req, res) => {
  if (req.url === '/rules') rules();
  res.end('ok');
}).listen(process.env.PORT, '127.0.0.1');
