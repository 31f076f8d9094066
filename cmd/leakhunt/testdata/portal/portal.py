"""A portal behind a login, as a WSGI application: portal:application.

Sessions live in the process, so a new process knows nobody. Environment:
PORTAL_PASSWORD is everybody's; PORTAL_LOG is a file that gets a line for each
login and each report; PORTAL_DIE is a file whose lack makes the process kill
itself, once, at the 130th request to /account.

  GET  /login            the form, with a CSRF token, and an anonymous session
  POST /login            302 with a new session, a device cookie and an API key
  GET  /                 who is logged in; keeps nothing
  GET  /account          keeps 8 KiB; its script holds the token for /orders
  GET  /api/me           JSON with an access token
  GET  /report?for=NAME  wants the API key, the access token and the device
  POST /orders           wants the token of /account

Who is not logged in is sent to /login.
"""

import http.cookies
import itertools
import json
import os
import secrets
import signal
import urllib.parse

SESSIONS = {}
KEPT = []
ACCOUNT = itertools.count(1)


def log(*words):
    if "PORTAL_LOG" in os.environ:
        with open(os.environ["PORTAL_LOG"], "a", encoding="utf-8") as f:
            print(os.getpid(), *words, file=f)


def form(environ):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return {k: v[0] for k, v in urllib.parse.parse_qs(body.decode()).items()}


def session(user=None):
    sid = secrets.token_hex(16)
    SESSIONS[sid] = {k: secrets.token_urlsafe(18) for k in ("csrf", "order", "key", "token", "device")} | {"user": user}
    return sid, SESSIONS[sid]


def page(title, body, head=""):
    return f"<html><head><title>{title}</title>{head}</head><body>{body}</body></html>"


def login(environ, known):
    if environ["REQUEST_METHOD"] == "GET":
        sid, fresh = session()
        head = f'<meta name="csrf-token" content="{fresh["csrf"]}">'
        return 200, [("Set-Cookie", f"sid={sid}; HttpOnly; Path=/")], page("Log in", "<form method=post>Who are you?</form>", head)
    said = form(environ)
    if known is None or said.get("authenticity_token") != known["csrf"]:
        return 422, [], page("Error", "The form has expired.")
    if said.get("password") != os.environ["PORTAL_PASSWORD"]:
        return 200, [], page("Log in", "Wrong password.")
    sid, fresh = session(said.get("username"))
    log("login", said.get("username"))
    cookies = [("Set-Cookie", f"sid={sid}; HttpOnly; Path=/"), ("Set-Cookie", f"device={fresh['device']}; Path=/")]
    return 302, cookies + [("Location", "/account"), ("X-Api-Key", fresh["key"])], ""


def inside(environ, known):
    path = environ["PATH_INFO"]
    if path == "/":
        return 200, [], page("Portal", f"Hello {known['user']}")
    if path == "/account":
        KEPT.append(b"x" * 8192)
        flag = os.environ.get("PORTAL_DIE")
        if flag and next(ACCOUNT) == 130 and not os.path.exists(flag):
            open(flag, "w", encoding="utf-8").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return 200, [], page("Account", f"<script>var order = '{known['order']}';</script>Yours")
    if path == "/api/me":
        return 200, [], json.dumps({"user": {"name": known["user"], "tokens": [{"access": known["token"]}]}})
    if path == "/report":
        ask = urllib.parse.parse_qs(environ.get("QUERY_STRING", ""))
        got = [environ.get("HTTP_X_API_KEY"), environ.get("HTTP_AUTHORIZATION"), environ.get("HTTP_X_DEVICE")]
        if got != [known["key"], "Bearer " + known["token"], known["device"]]:
            return 403, [], "wrong key, token or device"
        log("report", ask["for"][0])
        return 200, [], "report for " + ask["for"][0]
    if path == "/orders":
        return (200, [], "ordered") if form(environ).get("token") == known["order"] else (422, [], "wrong token")
    return 404, [], "no such page"


def application(environ, start_response):
    jar = http.cookies.SimpleCookie(environ.get("HTTP_COOKIE", ""))
    known = SESSIONS.get(jar["sid"].value) if "sid" in jar else None
    if environ["PATH_INFO"] == "/login":
        status, headers, body = login(environ, known)
    elif known is None or known["user"] is None:
        status, headers, body = 302, [("Location", "/login")], ""
    else:
        status, headers, body = inside(environ, known)
    kind = "application/json" if body.startswith("{") else "text/html" if body.startswith("<") else "text/plain"
    body = body.encode()
    start_response(f"{status} Status", headers + [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]
