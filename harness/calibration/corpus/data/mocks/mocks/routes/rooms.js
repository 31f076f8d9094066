const path = require("path");

const rooms = [{ id: 1, name: "one", seats: 4 }, { id: 2, name: "two", seats: 12 }];
const route = (id, url, variant, type, options) => ({ id, url, method: "GET", variants: [{ id: variant, type, options }] });

module.exports = [
  route("rooms", "/api/rooms", "all", "json", { status: 200, body: rooms }),
  route("room", "/api/rooms/:id", "one", "middleware", {
    middleware: (req, res) => res.json(rooms.find((room) => room.id === Number(req.params.id)) ?? null),
  }),
  route("text", "/api/text", "plain", "text", { status: 200, body: "plain text\n".repeat(20) }),
  route("files", "/files", "folder", "static", { path: path.join(__dirname, "..", "files") }),
  route("now", "/api/now", "json", "middleware", { middleware: (req, res) => res.send({ now: new Date().toISOString() }) }),
  route("echo", "/api/echo", "query", "middleware", { middleware: (req, res) => res.send({ query: req.query, headers: req.headers }) }),
  route("nothing", "/api/nothing", "empty", "status", { status: 200 }),
  route("page", "/page", "html", "text", { status: 200, headers: { "Content-Type": "text/html" }, body: "<h1>A page</h1>" }),
];
