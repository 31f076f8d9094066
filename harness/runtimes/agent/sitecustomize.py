"""leakhunt's agent for Python, loaded by PYTHONPATH=/path/of/its/folder.

It does nothing unless LEAKHUNT_AGENT names a folder of this user. It opens the
Unix socket $LEAKHUNT_AGENT/PID.sock (0600). A line in, a line of JSON out:
"settle" collects garbage, hands free pages back and says what is alive; "trace
on" and "trace off" say where what survives was made, "hold on" and "hold off"
what holds it. Nothing else is possible through it. Only modules in C are loaded at start (a package that patches the
others, such as gevent, does not see them); the rest comes with the first line.
"""

import sys

PROTOCOL = 1
SITES = 100
FRAMES = 25
# A process that only forks to exec, or ends at once, opens no socket.
DELAY = 0.1
# How far up what holds an object is looked for, how many holders of each level
# are followed, and the largest dict whose keys are looked at.
DEPTH = 12
WIDTH = 8
COPY = 10000


class _Lost(Exception):
    """Our descriptors are no longer ours."""


class _Agent(object):
    """The agent of one process. Its thread is stopped around a fork: in the
    child a module that it was importing would stay locked for ever, and Python
    3.12 and later warn of a fork of a process with threads. A process that
    becomes a daemon closes what it has not opened, and its own files then have
    our numbers: no descriptor is used or closed that is not what we opened."""

    def __init__(self, folder):
        import _socket
        import _thread
        import gc
        import os
        import select
        import time

        self.os, self.gc, self.time, self.socket = os, gc, time.sleep, _socket
        self.thread, self.poll = _thread, select.poll
        self.folder, self.here = folder, os.path.realpath(__file__)
        self.new()

    def new(self):
        """Begins in a new process; what the parent opened is the parent's."""
        self.tracing = None
        self.pid = self.os.getpid()
        self.open()
        self.go()

    def open(self):
        self.listener = self.path = None
        self.conns = {}
        self.ours = {}
        self.wake = self.os.pipe()
        for fd in self.wake:
            self.note(fd)

    def note(self, fd):
        st = self.os.fstat(fd)
        self.ours[fd] = (st.st_dev, st.st_ino)

    def is_ours(self, fd):
        try:
            st = self.os.fstat(fd)
        except OSError:
            return False
        return self.ours.get(fd) == (st.st_dev, st.st_ino)

    def drop(self):
        """Closes what is still ours."""
        for s in list(self.conns.values()) + [self.listener]:
            if s is not None:
                s.close() if self.is_ours(s.fileno()) else s.detach()
        for fd in self.wake:
            if self.is_ours(fd):
                self.os.close(fd)

    def go(self):
        self.stopping, self.native = False, None
        try:
            self.thread.start_new_thread(self.run, ())
        except Exception:
            self.native = 0

    def pause(self):
        """Ends the thread before a fork, within 100 ms."""
        for _ in range(200):
            if self.native is None:  # it is about to begin
                self.time(0.0005)
                continue
            if not self.stopping:
                if self.thread.get_native_id() == self.native:
                    return
                self.stopping = True
                if self.is_ours(self.wake[1]):
                    self.os.write(self.wake[1], b"x")
            if not self.os.path.exists("/proc/self/task/%d" % self.native):
                return
            self.time(0.0005)

    def resume(self):
        if self.stopping:
            self.go()

    def child(self):
        self.drop()
        self.trace_end()
        self.new()

    def stop(self):
        if self.path is not None and self.pid == self.os.getpid():
            self.os.unlink(self.path)

    def run(self):
        try:
            self.native = self.thread.get_native_id()
            while not self.stopping:
                try:
                    if self.listener is None:
                        if self.wait(None, int(DELAY * 1000)):
                            continue
                        if not self.private():
                            return
                        self.listen()
                    self.serve()
                except _Lost:
                    self.trace_end()
                    self.drop()
                    self.time(DELAY)
                    self.open()
        except Exception:  # the application comes first
            pass

    def wait(self, poll, timeout):
        """Waits for the listener, a connection or the end; the ready fds, of
        which each is ours."""
        if poll is None:
            poll = self.poll()
            poll.register(self.wake[0], 1)
        ready = [fd for fd, _ in poll.poll(timeout)]
        if not all(self.is_ours(fd) for fd in ready):
            raise _Lost
        if self.wake[0] in ready:
            self.os.read(self.wake[0], 64)
        return ready

    def private(self):
        """Makes the folder where it is missing. A folder that others can write
        to is not used: they could put another socket in our place."""
        try:
            self.os.mkdir(self.folder, 0o700)
        except OSError:
            pass
        st = self.os.lstat(self.folder)
        return st.st_mode & 0o170022 == 0o040000 and st.st_uid in (0, self.os.geteuid())

    def sweep(self):
        """Removes what processes have left that ended without a word (os._exit,
        SIGKILL): a server that forks for each job would fill the folder."""
        for name in self.os.listdir(self.folder):
            pid, _, kind = name.partition(".")
            if kind != "sock" or not pid.isdigit():
                continue
            try:
                self.os.kill(int(pid), 0)
            except ProcessLookupError:
                self.deserted("%s/%s" % (self.folder, name))
            except (OSError, OverflowError):
                pass

    def deserted(self, path):
        """Asks before it removes: a process of another container has a pid that
        is not known here."""
        probe = self.socket.socket(self.socket.AF_UNIX, self.socket.SOCK_STREAM)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            self.os.unlink(path)
        except OSError:
            pass
        finally:
            probe.close()

    def listen(self):
        try:
            self.sweep()
        except OSError:
            pass
        path = "%s/%d.sock" % (self.folder, self.pid)
        try:
            self.os.unlink(path)
        except OSError:
            pass
        s = self.socket.socket(self.socket.AF_UNIX, self.socket.SOCK_STREAM)
        s.bind(path)
        self.os.chmod(path, 0o600)  # before anybody can connect
        s.listen(4)
        self.note(s.fileno())
        self.path, self.listener = path, s

    def serve(self):
        poll = self.poll()
        poll.register(self.wake[0], 1)
        poll.register(self.listener.fileno(), 1)
        for fd in self.conns:
            poll.register(fd, 1)
        while not self.stopping:
            for fd in self.wait(poll, None):
                if fd == self.listener.fileno():
                    conn = self.socket.socket(fileno=self.listener._accept()[0])
                    self.note(conn.fileno())
                    self.conns[conn.fileno()] = conn
                    poll.register(conn.fileno(), 1)
                elif fd in self.conns and not self.talk(self.conns[fd]):
                    poll.unregister(fd)
                    self.conns.pop(fd).close()
                    self.trace_end()

    def talk(self, conn):
        """Answers one line; false when the other side has gone."""
        try:
            line = b""
            while not line.endswith(b"\n"):
                part = conn.recv(65536)
                if not part or len(line) > 65536:
                    return False
                line += part
            out = self.answer(line.decode("utf-8", "replace").strip())
            conn.settimeout(60)
            conn.sendall(out)
            conn.settimeout(None)
            return True
        except OSError:
            return False

    def answer(self, command):
        import json

        out = {"leakhunt": PROTOCOL, "runtime": "python", "version": sys.version.split()[0], "pid": self.pid}
        try:
            if command == "settle":
                out["counters"] = self.settle()
            elif command == "trace on":
                out["tracing"] = self.trace_on()
            elif command == "trace off":
                out["sites"] = self.trace_off()
            elif command == "hold on":
                out["tracing"] = self.trace_on(1)
            elif command.startswith("hold off\t"):
                out["sites"] = self.hold_off(command.split("\t")[1:])
            else:
                out["error"] = "unknown command"
        except BaseException as e:
            self.trace_end()
            out["error"] = "%s: %s" % (type(e).__name__, e)
        return json.dumps(out).encode() + b"\n"

    def collect(self):
        for _ in range(3):
            self.gc.collect()

    def settle(self):
        libc = self.libc()
        self.collect()
        if libc is not None:
            libc.malloc_trim(0)
        counters = []
        blocks = sys.getallocatedblocks()
        if blocks > 0:  # 0: PYTHONMALLOC=malloc
            counters.append(("live blocks", "objects", True, blocks))
        used = self.used(libc)
        if used is not None:
            counters.append(("live bytes", "bytes", True, used))
        return [dict(zip(("name", "unit", "exact", "value"), c)) for c in counters]

    def libc(self):
        """glibc with its mallinfo2 (2.33), or None."""
        if not hasattr(self, "_libc"):
            self._libc = None
            try:
                import ctypes

                class Info(ctypes.Structure):
                    _fields_ = [(n, ctypes.c_size_t) for n in (
                        "arena", "ordblks", "smblks", "hblks", "hblkhd",
                        "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")]

                libc = ctypes.CDLL(None)
                libc.mallinfo2.restype = Info
                libc.open_memstream.restype = ctypes.c_void_p
                libc.free.argtypes = libc.fclose.argtypes = [ctypes.c_void_p]
                stats = ctypes.pythonapi._PyObject_DebugMallocStats
                stats.argtypes = [ctypes.c_void_p]
                # There where jemalloc is preloaded; its numbers are the ones then.
                self.mallctl = getattr(libc, "mallctl", None)
                if self.mallctl is not None:
                    self.mallctl.argtypes = [
                        ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
                self.ctypes, self.stats, self._libc = ctypes, stats, libc
            except Exception:
                pass
        return self._libc

    def malloced(self, libc):
        """Bytes that malloc has handed out, by jemalloc(3) or mallinfo2(3)."""
        if self.mallctl is not None:
            ref, sizeof = self.ctypes.byref, self.ctypes.sizeof
            epoch, value = self.ctypes.c_uint64(1), self.ctypes.c_size_t()
            size = self.ctypes.c_size_t(sizeof(value))
            # Statistics stand still until the epoch moves on.
            if (self.mallctl(b"epoch", None, None, ref(epoch), sizeof(epoch)) == 0
                    and self.mallctl(b"stats.allocated", ref(value), ref(size), None, 0) == 0):
                return value.value
        info = libc.mallinfo2()
        return info.uordblks + info.hblkhd

    def used(self, libc):
        """Bytes in use: what malloc has handed out, and the blocks in use of
        the object allocator, whose arenas are mapped past malloc."""
        if libc is None:
            return None
        total = self.malloced(libc)
        text, size = self.ctypes.c_void_p(), self.ctypes.c_size_t()
        out = libc.open_memstream(self.ctypes.byref(text), self.ctypes.byref(size))
        try:
            self.stats(out)
        finally:
            libc.fclose(out)
            table = self.ctypes.string_at(text, size.value)
            libc.free(text)
        # class   size   num pools   blocks in use  avail blocks
        for row in table.split(b"\n"):
            f = row.split()
            if len(f) == 5 and all(x.isdigit() for x in f):
                total += int(f[1]) * int(f[3])
        return total

    def trace_on(self, frames=FRAMES):
        import tracemalloc

        if self.tracing or tracemalloc.is_tracing():
            raise RuntimeError("tracemalloc is in use")
        self.collect()
        self.tracing = True
        tracemalloc.start(frames)
        return True

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
                stack = [{"file": f, "line": n} for f, n in frames]
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


def _start():
    import os

    folder = os.environ.get("LEAKHUNT_AGENT", "")
    if not folder.startswith("/") or len(os.fsencode(folder)) > 90 or sys.version_info < (3, 8):
        return
    import atexit

    agent = _Agent(folder)

    def quiet(do):
        def call():
            try:
                do()
            except Exception:
                pass

        return call

    atexit.register(quiet(agent.stop))
    os.register_at_fork(
        before=quiet(agent.pause), after_in_parent=quiet(agent.resume), after_in_child=quiet(agent.child))


def _chain():
    """Runs the sitecustomize that this one hides."""
    import os

    here = os.path.dirname(os.path.realpath(__file__))
    paths = [p for p in sys.path if os.path.realpath(p or ".") != here]
    if sys.version_info < (3, 5):
        import imp

        found = imp.find_module("sitecustomize", paths)
        imp.load_module("sitecustomize", *found)
        return
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    spec = PathFinder.find_spec("sitecustomize", paths)
    if spec is not None and spec.loader is not None:
        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


try:
    _start()
except Exception:
    pass
_chain()
