"""/token/N keeps 2,000 characters for 45 s, /session 3,000 for a minute: each request first lets go of what has expired,
as cachetools' TTLCache does. /leak keeps 4,000 characters for good. / keeps nothing."""
import itertools
import os
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, HTTPServer

numbers = itertools.count()
kept = []


class Expiring:
    def __init__(self, seconds):
        self.seconds, self.entries = seconds, deque()

    def add(self, value):
        self.entries.append((time.monotonic(), value))

    def expire(self):
        while self.entries and self.entries[0][0] < time.monotonic() - self.seconds:
            self.entries.popleft()


tokens, sessions = Expiring(45), Expiring(60)


class App(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        tokens.expire()
        sessions.expire()
        if self.path.startswith("/token/"):
            tokens.add(f"{next(numbers):02000}")
        elif self.path == "/session":
            sessions.add(f"{next(numbers):03000}")
        elif self.path == "/leak":
            kept.append(f"{next(numbers):04000}")
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *args):
        pass


HTTPServer(("127.0.0.1", int(os.environ["PORT"])), App).serve_forever()
