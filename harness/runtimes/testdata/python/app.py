"""Truth: /leak keeps one bytes object of 64 B for each request, /text one of
1 KiB. /, /garbage (500 KB that die), /cycle (garbage in cycles), /bloat (8 MB
once) and /cache (its last 20 answers) keep nothing that grows. /store and
/closure keep one in other places. HEAP lists are alive from the start. With NOGC
what is in cycles stays until /collect."""

import collections
import gc
import json
import os
import tracemalloc

HEAP = [[i] for i in range(int(os.environ.get("HEAP", 0)))]
KEPT, TEXTS, BIG = [], [], []
if os.environ.get("NOGC"):
    gc.disable()
CACHE = collections.OrderedDict()
COUNT = [0]


class Node:
    pass


class Store:
    def __init__(self):
        self.items = {}


Store.shared = Store()


def remembering():
    seen = []

    def remember(what):
        seen.append(what)
        return b"kept"

    return remember


remember = remembering()


def store(n, what):
    Store.shared.items["key %d" % n] = what
    return b"kept"


def cycle(n):
    for _ in range(500):
        a, b = Node(), Node()
        a.other, b.other = b, a
    return b"cycle"


def cache(n):
    CACHE[n] = b"c" * 100
    if len(CACHE) > 20:
        CACHE.popitem(last=False)
    return b"cache"


def bloat(n):
    if not BIG:
        BIG.append([b"%d" % i * 20 for i in range(60000)])
    return b"bloat"


def keep(where, what):
    where.append(what)
    return b"kept"


ROUTES = {
    "/": lambda n: json.dumps({"ok": True, "n": n}).encode(),
    "/leak": lambda n: keep(KEPT, b"%031d" % n),
    "/text": lambda n: keep(TEXTS, b"%01024d" % n),
    "/store": lambda n: store(n, [n, n]),
    "/closure": lambda n: remember("c" * 50 + str(n)),
    "/tracing": lambda n: b"on" if tracemalloc.is_tracing() else b"off",
    "/evaluated": lambda n: keep(TEXTS, eval("b'%01024d' % n", {"n": n})),
    "/garbage": lambda n: "".join(["row %d %d" % (i, n) * 30 for i in range(1000)])[:100].encode(),
    "/cycle": cycle,
    "/collect": lambda n: b"%d" % gc.collect(),
    "/bloat": bloat,
    "/cache": cache,
}


def application(environ, start_response):
    COUNT[0] += 1
    route = ROUTES.get(environ["PATH_INFO"])
    start_response("200 OK" if route else "404 Not Found", [("Content-Type", "text/plain")])
    return [route(COUNT[0])] if route else []
