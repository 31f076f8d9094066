"""Each page leaves one thing behind a request: /file an open file, /socket a socket, /thread a thread, /mapping a
mapping of 64 KiB that is never written to, /process a child. / leaves nothing."""
import mmap
import os
import socket
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

kept = []
never = threading.Event()


def thread():
    t = threading.Thread(target=never.wait, daemon=True)
    t.start()
    return t


leaves = {
    "/file": lambda: open(os.devnull),
    "/socket": socket.socket,
    "/thread": thread,
    # Two in a row would be one mapping: they differ in what may be done with them.
    "/mapping": lambda: mmap.mmap(-1, 65536, prot=mmap.PROT_READ | (mmap.PROT_WRITE if len(kept) % 2 else 0)),
    "/process": lambda: subprocess.Popen(["sleep", "600"]),
}


class App(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path in leaves:
            kept.append(leaves[self.path]())
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *args):
        pass


HTTPServer(("127.0.0.1", int(os.environ["PORT"])), App).serve_forever()
