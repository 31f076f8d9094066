"""Loaded by PYTHONPATH: each request whose query says planted=1 keeps PLANTED_BYTES.

For what is built on http.server (wsgiref, Werkzeug, Mercurial), Tornado, gunicorn, gevent, Twisted, and the Medusa in Supervisor.
An object of bytes takes 33 bytes beside its text, and 8 in the list. The first writes the file PLANTED_MARK.
"""

import os
import sys

SIZE = int(os.environ.get("PLANTED_BYTES") or 0)
KEPT = []


def seen(query):
    if SIZE > 41 and "planted=1" in query:
        if not KEPT and "PLANTED_MARK" in os.environ:
            open(os.environ["PLANTED_MARK"], "w").close()
        KEPT.append(b"x" * (SIZE - 41))


def http_client(module):
    parse = module.parse_headers

    def parse_headers(*args, **named):
        handler = sys._getframe(1).f_locals.get("self")  # http.server's, which may be __main__
        seen(getattr(handler, "path", None) or "")
        return parse(*args, **named)

    module.parse_headers = parse_headers


def tornado(module):
    find = module.Application.find_handler

    def find_handler(self, request, **named):
        seen(request.query)
        return find(self, request, **named)

    module.Application.find_handler = find_handler


def gunicorn(module):
    create = module.create

    def create_(req, *args, **named):
        seen(req.query or "")
        return create(req, *args, **named)

    module.create = create_


def gevent(module):
    handle = module.WSGIHandler.handle_one_response

    def handle_one_response(self):
        seen(self.path or "")
        return handle(self)

    module.WSGIHandler.handle_one_response = handle_one_response


def twisted(module):
    received = module.Request.requestReceived

    def requestReceived(self, command, path, version):
        seen(path.decode("latin-1"))
        return received(self, command, path, version)

    module.Request.requestReceived = requestReceived


def medusa(module):
    init = module.http_request.__init__

    def __init__(self, *args, **named):
        init(self, *args, **named)
        seen(self.uri or "")

    module.http_request.__init__ = __init__


class Finder:
    """Plants in a module when it is imported."""

    plants = {
        "http.client": http_client,
        "tornado.web": tornado,
        "gunicorn.http.wsgi": gunicorn,
        "gevent.pywsgi": gevent,
        "twisted.web.http": twisted,
        "supervisor.medusa.http_server": medusa,
    }

    @classmethod
    def find_spec(cls, name, path, target=None):
        plant = cls.plants.pop(name, None)
        if plant is None:
            return None
        import importlib.util

        spec = importlib.util.find_spec(name)
        run = spec.loader.exec_module

        def exec_module(module):
            run(module)
            plant(module)

        spec.loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, Finder)
