"""It listens at once, and accepts eight seconds later, as a server does that loads the application after its socket.
/leak keeps 4,000 bytes a request; / keeps nothing."""
import os
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

kept = []


class App(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/leak":
            kept.append(bytearray(4000))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *args):
        pass


server = HTTPServer(("127.0.0.1", int(os.environ["PORT"])), App)
time.sleep(8)
server.serve_forever()
