"""Truth: /orders/N counts with a label value of its own, for which
prometheus_client keeps a series for ever; /price/N caches an answer for each
argument in a cachetools.Cache without a bound; /listen connects a receiver to
a blinker signal for good (weak=False). / and /garbage (500 KB that die) keep
nothing."""

import math

from blinker import Signal
from cachetools import Cache, cached
from flask import Flask
from prometheus_client import Counter

app = Flask(__name__)
SEEN = Counter("orders_seen", "Orders.", ["order"])
CHANGED = Signal()


@cached(cache=Cache(maxsize=math.inf))
def price(name):
    return name + "p" * 1000


@app.route("/")
def root():
    return "ok"


@app.route("/orders/<n>")
def order(n):
    SEEN.labels(n).inc()
    return "order"


@app.route("/price/<n>")
def priced(n):
    return price(n)[:20]


@app.route("/listen")
def listen():
    basket = bytes(1000)
    CHANGED.connect(lambda sender: basket, weak=False)
    return "listening"


@app.route("/garbage")
def garbage():
    return str(len(["row %d" % i * 60 for i in range(1000)]))
