"""A server whose loop runs below its own file, as Tornado's and aiohttp's do."""

import http.server
import os

KEPT = []


class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/headers":
            KEPT.append(self.headers)  # made by the library before this is called
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Page).serve_forever()
