"""Truth: /leak keeps 1 KiB for each request; HEAP objects are alive all along."""

import os

ALIVE = [[i] for i in range(int(os.environ["HEAP"]) // 2)]  # a list and its number
KEPT = []


def application(environ, start_response):
    if environ["PATH_INFO"] == "/leak":
        KEPT.append(b"k" * 1000 + b"%d" % len(KEPT))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok"]
