"""The WSGI fixture application. Its routes are documented in package targettest.

It runs under gunicorn, uwsgi and Passenger as passenger_wsgi:application, and
by itself on http.server (Python's standard library): passenger_wsgi.py PORT.
"""

import hashlib
import http
import itertools
import json
import os
import re
import signal
import sys
import urllib.parse

KEPT = []
COUNTER = itertools.count(1)


def number(environ, default):
    query = urllib.parse.parse_qs(environ.get("QUERY_STRING", ""))
    return int(query.get("bytes", [default])[0])


def read_body(environ):
    if environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
        return environ["wsgi.input"].read()
    return environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))


def echo(environ):
    body = read_body(environ)
    headers = {k[5:]: v for k, v in environ.items() if k.startswith("HTTP_")}
    headers.update({k: environ[k] for k in ("CONTENT_TYPE", "CONTENT_LENGTH") if environ.get(k)})
    query = environ.get("QUERY_STRING", "")
    answer = {
        "method": environ["REQUEST_METHOD"],
        "uri": environ["PATH_INFO"] + ("?" + query if query else ""),
        "headers": {k.lower().replace("_", "-"): v for k, v in headers.items()},
        "body_bytes": len(body),
        "body_sha256": hashlib.sha256(body).hexdigest(),
    }
    if len(body) <= 65536:
        answer["body"] = body.decode("utf-8", "replace")
    return json.dumps(answer).encode()


def route(environ, count):
    """Returns status, headers and body; a body that is no bytes has no length."""
    path = environ.get("PATH_INFO", "/")
    status = re.fullmatch(r"/status/(\d{3})", path)
    if status:
        return int(status[1]), {}, b"status " + status[1].encode()
    if path == "/pid":
        return 200, {}, str(os.getpid()).encode()
    if path == "/count":
        return 200, {}, str(count).encode()
    if path in ("/clean", "/"):
        return 200, {}, b"clean"
    if path == "/leak":
        KEPT.append(b"x" * number(environ, 1024))
        return 200, {}, b"kept %d" % len(KEPT)
    if path == "/echo":
        return 200, {"Content-Type": "application/json"}, echo(environ)
    if path == "/big":
        return 200, {}, b"x" * number(environ, 10 << 20)
    if path == "/empty":
        return 200, {}, b""
    if path == "/chunked":
        return 200, {}, iter([b"one\n", b"two\n", b"three\n"])
    if path == "/redirect":
        return 302, {"Location": "/clean"}, b""
    if path == "/crash":
        os.kill(os.getpid(), signal.SIGKILL)
    return 404, {}, b"no such route"


def application(environ, start_response):
    count = next(COUNTER)
    status, extra, body = route(environ, count)
    headers = {"X-App-Pid": str(os.getpid()), "X-App-Count": str(count)}
    bare = status in (204, 304)
    if not bare:
        headers["Content-Type"] = "text/plain"
        if isinstance(body, bytes):
            headers["Content-Length"] = str(len(body))
    headers.update(extra)
    try:
        reason = http.HTTPStatus(status).phrase
    except ValueError:
        reason = "Unknown"
    start_response("%d %s" % (status, reason), list(headers.items()))
    if bare or environ["REQUEST_METHOD"] == "HEAD":
        return []
    return [body] if isinstance(body, bytes) else body


if __name__ == "__main__":
    from wsgiref.simple_server import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log_message(self, *args):
            pass

    make_server("127.0.0.1", int(sys.argv[1]), application, handler_class=Quiet).serve_forever()
