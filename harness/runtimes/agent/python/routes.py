# Routes at most, and characters of a path.
ROUTES = 5000
LONG = 1000


class _Router(_Process):
    """What the framework answers to, as it lists that itself. Nothing is asked for
    and nothing is changed."""

    def routes(self):
        self.found, self.mounts = [], {}
        try:
            for kind, module, name in ((self.starlette, "starlette.applications", "Starlette"), (self.flask, "flask", "Flask"),
                                       (self.bottle, "bottle", "Bottle")):
                cls = getattr(sys.modules.get(module), name, None)
                if cls is not None:
                    kind(self.instances(cls))
            self.django()
            return self.found[:ROUTES]
        finally:
            self.found = self.mounts = None

    def instances(self, cls):
        """The objects of a class, those of frozen generations by their modules."""
        found = {}
        for o in self.gc.get_objects():
            if issubclass(type(o), cls):
                found[id(o)] = o
        for module in list(sys.modules.values()):
            for o in list(getattr(module, "__dict__", {}).values()):
                if issubclass(type(o), cls):
                    found[id(o)] = o
        return list(found.values())

    def route(self, framework, methods, path, handler, at):
        methods = [m for m in sorted(methods) if m != "OPTIONS" and (m != "HEAD" or "GET" not in methods)]
        for method in methods or [""]:
            if len(self.found) < ROUTES:
                file, line = at or ("", 0)
                self.found.append({"framework": framework, "method": method, "path": path[:LONG],
                                   "function": handler[:200], "file": file, "line": line})

    def inner(self, f):
        """A view inside its decorators."""
        for _ in range(50):
            if hasattr(f, "__wrapped__"):
                f = f.__wrapped__
            elif hasattr(f, "func") and not hasattr(f, "__code__"):
                f = f.func
            else:
                break
        return getattr(f, "__func__", f)

    def place(self, f, method="get"):
        """Where a function begins; of a class its own method, or where it begins."""
        if isinstance(f, type):
            own = self.inner(f.__dict__.get(method.lower()))
            if hasattr(own, "__code__"):
                return own.__code__.co_filename, own.__code__.co_firstlineno
            try:
                import inspect

                return inspect.getsourcefile(f) or "", inspect.findsource(f)[1] + 1
            except (OSError, TypeError):
                return None
        code = getattr(f, "__code__", None) or getattr(getattr(type(f), "__call__", None), "__code__", None)
        return code and (code.co_filename, code.co_firstlineno)

    def named(self, f):
        return "%s.%s" % (getattr(f, "__module__", ""), getattr(f, "__qualname__", type(f).__name__))

    def starlette(self, apps):
        routes, inside = [], set()
        for app in apps:
            mine = []
            self.walk(app.routes, "", mine, inside, 0)
            routes.append((app, mine))
        for app, mine in routes:
            if id(app) not in inside:
                for r in mine:
                    self.route(*r)

    def walk(self, routes, prefix, found, inside, depth):
        for r in routes:
            path = getattr(r, "path", None)
            endpoint = getattr(r, "endpoint", None)
            if path is not None and endpoint is not None and hasattr(r, "methods"):
                f = self.inner(endpoint)
                found.append(("fastapi", r.methods or self.verbs(f), prefix + path, self.named(f), self.place(f)))
                continue
            app = getattr(r, "app", None)
            for _ in range(20):  # what is mounted, inside its middleware
                if app is None:
                    break
                inside.add(id(app))
                if path is not None:
                    self.mounts[id(app)] = prefix + path
                app = getattr(app, "app", None)
            if getattr(r, "routes", None) and depth < 8:
                self.walk(r.routes, prefix + (path or ""), found, inside, depth + 1)

    def verbs(self, cls):
        return [m for m in ("GET", "POST", "PUT", "PATCH", "DELETE") if hasattr(cls, m.lower())]

    def flask(self, apps):
        dispatcher = getattr(sys.modules.get("werkzeug.middleware.dispatcher"), "DispatcherMiddleware", None)
        for o in self.instances(dispatcher) if dispatcher is not None else []:
            for path, app in o.mounts.items():
                self.mounts[id(app)] = path
        for app in apps:
            prefix = self.mounts.get(id(app), "")
            for rule in app.url_map.iter_rules():
                f = self.inner(app.view_functions.get(rule.endpoint))
                f = getattr(f, "view_class", f)
                for method in rule.methods - {"OPTIONS"} if rule.methods else [""]:
                    if method != "HEAD" or "GET" not in rule.methods:
                        at = self.place(f, method) if f is not None else None
                        self.route("flask", [method], prefix + rule.rule, rule.endpoint, at)

    def bottle(self, apps):
        routes = [r for app in apps for r in app.routes]
        for r in routes:
            if "mountpoint.target" in r.config:
                self.mounts[id(r.config["mountpoint.target"])] = r.config["mountpoint.prefix"].rstrip("/")
        for r in routes:
            if "mountpoint.target" not in r.config:
                f = self.inner(r.callback)
                self.route("bottle", [r.method] if r.method not in ("ANY", "PROXY") else [], self.mounts.get(id(r.app), "") + r.rule,
                           self.named(f), self.place(f))

    def django(self):
        urls, conf = sys.modules.get("django.urls"), sys.modules.get("django.conf")
        if urls is not None and conf is not None and conf.settings.configured:
            self.patterns(urls.get_resolver().url_patterns, "/", 0)

    def patterns(self, patterns, prefix, depth):
        for p in patterns:
            path = prefix + str(p.pattern)
            if hasattr(p, "url_patterns"):
                if depth < 20:
                    self.patterns(p.url_patterns, path, depth + 1)
                continue
            view, methods = self.view(p.callback)
            for method in methods or [""]:
                self.route("django", [method], path, p.lookup_str, self.place(view, getattr(p.callback, "actions", {}).get(method.lower(), method)))

    def view(self, f):
        """The function or class of a view, and the methods that it is known to take."""
        methods = []
        for _ in range(50):
            code = getattr(f, "__code__", None)
            if code is not None and "request_method_list" in code.co_freevars:  # require_http_methods
                methods = list(f.__closure__[code.co_freevars.index("request_method_list")].cell_contents)
            cls = getattr(f, "view_class", None) or getattr(f, "cls", None)
            if cls is not None:
                actions = getattr(f, "actions", None) or cls.http_method_names
                verbs = [m.upper() for m in actions if m in ("get", "post", "put", "patch", "delete") and (hasattr(cls, m) or hasattr(f, "actions"))]
                return cls, methods or verbs
            if not hasattr(f, "__wrapped__"):
                break
            f = f.__wrapped__
        return self.inner(f), [m for m in methods if m != "OPTIONS"]
