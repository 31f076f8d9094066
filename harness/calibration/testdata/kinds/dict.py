"""/entry adds a text of 3,151 characters to a dict with each request: 3,200 bytes, the number that is its key, and
what the dict itself grows by, which doubles. / keeps nothing."""
import os
from http.server import BaseHTTPRequestHandler, HTTPServer

kept = {}


class App(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/entry":
            kept[len(kept) + 1000] = f"{len(kept):03151}"
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *args):
        pass


HTTPServer(("127.0.0.1", int(os.environ["PORT"])), App).serve_forever()
