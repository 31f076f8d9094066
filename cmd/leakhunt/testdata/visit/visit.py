"""A shop whose visits leak: what is in the cart at logout stays for ever. So does what
/search is asked with one header and one parameter together."""
import os
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

state = {"in": False, "cart": False}
kept = []


class Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        url = urlsplit(self.path)
        if url.path == "/login":
            state.update({"in": True, "cart": False})
        elif url.path == "/cart":
            state["cart"] = state["in"]
        elif url.path == "/logout":
            if state["in"] and state["cart"]:
                kept.append(bytearray(1024))
            state.update({"in": False, "cart": False})
        elif url.path == "/search" and "X-Feature" in self.headers and "sort" in parse_qs(url.query):
            kept.append(bytearray(1024))
        body = (url.path * 50).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Shop).serve_forever()
