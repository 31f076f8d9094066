SITES = 100
FRAMES = 25
# How far up what holds an object is looked for, how many holders of each level
# are followed, and the largest dict whose keys are looked at.
DEPTH = 12
WIDTH = 8
COPY = 10000


class _Agent(_Router):
    """The agent: also where what survives was made, and what holds it."""

    def trace_on(self, frames=FRAMES):
        import tracemalloc

        if self.tracing or tracemalloc.is_tracing():
            raise RuntimeError("tracemalloc is in use")
        self.collect()
        self.tracing = True
        self.waits = self.waiting()
        tracemalloc.start(frames)
        return True

    def waiting(self):
        """The lines at which all threads stand now, callers included. A server that
        waits for a request stands in its loop: who started that makes nothing."""
        lines = set()
        for frame in sys._current_frames().values():
            while frame is not None:
                lines.add((frame.f_code.co_filename, frame.f_lineno))
                frame = frame.f_back
        return lines

    def within(self, frames):
        """The frames of a request: without those that started the server's loop."""
        n = len(frames)
        while n > 1 and tuple(frames[n - 1]) in self.waits:
            n -= 1
        return frames[:n]

    def trace_off(self):
        """What was made since trace_on and is still alive, by its stack."""
        import _tracemalloc

        if not self.tracing:
            raise RuntimeError("tracing is not on")
        try:
            self.collect()
            groups = {}
            for trace in _tracemalloc._get_traces():
                group = groups.setdefault(trace[2], [0, 0])
                group[0] += 1
                group[1] += trace[1]
        finally:
            self.trace_end()
        sites = []
        for frames, (count, size) in sorted(groups.items(), key=lambda g: -g[1][1]):
            if len(sites) < SITES and self.here != self.os.path.realpath(frames[0][0]):
                stack = [{"file": f, "line": n} for f, n in self.within(frames)]
                sites.append({"file": frames[0][0], "line": frames[0][1], "objects": count, "bytes": size, "stack": stack})
        return sites

    def hold_off(self, places):
        """Of each place ("LINE:FILE"): how two of the objects are held that it
        made since "hold on". What both ways have in common is shared."""
        if not self.tracing:
            raise RuntimeError("tracing is not on")
        try:
            self.collect()
            made = self.made(places)
        finally:
            self.trace_end()
        own = {id(made)}
        own.update(id(found) for found in made.values())
        sites = []
        for place, found in made.items():
            ways = [self.way(found[i], own) for i in (len(found) // 2, len(found) // 2 - 1) if 0 <= i < len(found)]
            line, _, file = place.partition(":")
            site = {"file": file, "line": int(line), "objects": len(found), "held": []}
            if ways and ways[0]:
                alike = {id(o) for o in ways[0]}.intersection(id(o) for o in ways[-1])
                site["held"] = self.words(ways[0], alike)
            sites.append(site)
        return sites

    def made(self, places):
        """The objects of each place. Those that the collector does not know, such
        as strings, are met in what holds them."""
        import _tracemalloc

        trace, referents, tracked = _tracemalloc._get_object_traceback, self.gc.get_referents, self.gc.is_tracked
        made = dict((place, []) for place in places)
        seen = set()
        def look(o):
            frames = trace(o)
            if frames and id(o) not in seen:
                found = made.get("%d:%s" % (frames[0][1], frames[0][0]))
                if found is not None:
                    seen.add(id(o))
                    found.append(o)

        for holder in self.gc.get_objects():
            look(holder)
            for o in referents(holder):
                if not tracked(o):
                    look(o)
        return made

    def way(self, target, own):
        """A shortest way from a module's names or a class down to target, [] where
        there is none within DEPTH. Each level is one walk over the heap."""
        modules = self.modules()
        frame, up, level = type(sys._getframe()), {id(target): target}, [target]
        held = {}
        for _ in range(DEPTH):
            above = []
            for h in self.gc.get_referrers(*level):
                if id(h) in up or id(h) in own or type(h) is frame or h is level or h is above or h is up:
                    continue
                inside = {id(r) for r in self.gc.get_referents(h)}
                held[id(h)] = next((id(o) for o in level if id(o) in inside), None)
                if held[id(h)] is None:
                    continue
                up[id(h)] = h
                above.append(h)
                if id(h) in modules or issubclass(type(h), type):
                    way = [h]
                    while way[-1] is not target:
                        way.append(up[held[id(way[-1])]])
                    return [modules[id(h)]] + way if id(h) in modules else way
            level = above[:WIDTH]
            if not level:
                break
        return []

    def modules(self):
        """The modules by the ids of their names' dicts."""
        kind = type(sys)
        return {id(m.__dict__): m for m in list(sys.modules.values()) if type(m) is kind}

    def words(self, way, alike):
        """The way as steps: a dict of names and a cell are left out, their name
        is that of what they hold."""
        out, name = [], None
        for i, o in enumerate(way):
            kind = self.kind(o)
            if kind in ("module", "class"):
                name = type.__dict__["__qualname__"].__get__(o) if kind == "class" else o.__name__
            step = {"name": name or "", "kind": kind, "shared": id(o) in alike}
            below = way[i + 1] if i + 1 < len(way) else None
            name = self.name(o, below)
            hidden = type(o).__name__ == "cell" or i > 0 and type(o) is dict and self.names(way[i - 1]) is o
            if i > 0 and type(way[i - 1]) is type(_start) and way[i - 1].__closure__ is o:
                hidden, name = True, self.free(way[i - 1], below)
            if type(o).__name__ == "cell":
                name = step["name"]
            if not hidden:
                out.append(step)
        return out

    def kind(self, o):
        kind = type(o)
        if kind is type(sys):
            return "module"
        if issubclass(kind, type):
            return "class"
        if kind in (list, dict, set, frozenset, tuple):
            return "%s of %s" % (kind.__name__, format(len(o), ","))
        return kind.__name__

    def names(self, o):
        """The dict of o's names. Nothing of the application runs."""
        if issubclass(type(o), type):
            # What a class shows is a view of it.
            return next((r for r in self.gc.get_referents(o) if type(r) is dict), None)
        try:
            return object.__getattribute__(o, "__dict__")
        except Exception:
            return None

    def name(self, o, below):
        """By which name o holds below, None where that is not known."""
        for names in (o if type(o) is dict else None, self.names(o)):
            if type(names) is dict and len(names) <= COPY:
                for k, v in list(names.items()):
                    if v is below and type(k) is str:
                        return k
        return None

    def free(self, function, cell):
        for name, c in zip(function.__code__.co_freevars, function.__closure__):
            if c is cell:
                return name
        return None

    def trace_end(self):
        if self.tracing:
            self.tracing = None
            import tracemalloc

            tracemalloc.stop()
