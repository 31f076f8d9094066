"""The shop once more: python3 shop.py [/page=BYTES that it keeps with every request]..."""
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

LEAKS = {page: int(n) for page, n in (arg.split("=") for arg in sys.argv[1:])}
KEPT = []


class Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one write an answer: two would wait for an acknowledgement

    def do_GET(self):
        page = self.path.split("?")[0]
        garbage = bytearray(16 << 10)
        if LEAKS.get(page):
            KEPT.append(bytearray(LEAKS[page]))
        body = f"{page} keeps {len(KEPT)} pages, and made {len(garbage)} bytes of garbage\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Shop).serve_forever()
