"""leakhunt's agent for Python, loaded by PYTHONPATH=/path/of/its/folder.

It does nothing unless LEAKHUNT_AGENT names a folder of this user. It opens the
Unix socket $LEAKHUNT_AGENT/PID.sock (0600). A line in, a line of JSON out:
"settle" collects garbage, hands free pages back and says what is alive; "trace
on" and "trace off" say where what survives was made, "hold on" and "hold off"
what holds it, "routes" what the framework answers to. Nothing else is possible through it. Only modules in C are loaded
at start (a package that patches the others, such as gevent, does not see them);
the rest comes with the first line.
"""

import sys

PROTOCOL = 1
# A process that only forks to exec, or ends at once, opens no socket.
DELAY = 0.1


class _Lost(Exception):
    """Our descriptors are no longer ours."""


class _Process(object):
    """The agent's socket and thread in one process, and what is alive there.

    The thread is stopped around a fork: in the child a module that it was
    importing would stay locked for ever, and Python 3.12 and later warn of a
    fork of a process with threads. A process that becomes a daemon closes what
    it has not opened, and its own files then have our numbers: no descriptor
    is used or closed that is not what we opened."""

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
        self.full = None
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
            elif command == "routes":
                out["routes"] = self.routes()
            elif command.startswith("hold off\t"):
                out["sites"] = self.hold_off(command.split("\t")[1:])
            else:
                out["error"] = "unknown command"
        except BaseException as e:
            self.trace_end()
            out["error"] = "%s: %s" % (type(e).__name__, e)
        return json.dumps(out).encode() + b"\n"

    def collect(self):
        # An event loop of asyncio forgets the timers that were cancelled (each request
        # leaves one or more behind: time limits, keep-alive) only when there are more
        # than 100 timers, and half of them cancelled: with so few requests that grows
        # like a leak. Of 100 that are left one is too few to be seen.
        loops = sys.modules.get("asyncio.base_events")
        for name, enough in (("_MIN_SCHEDULED_TIMER_HANDLES", 1), ("_MIN_CANCELLED_TIMER_HANDLES_FRACTION", 0.01)):
            if getattr(loops, name, 0) > enough:
                setattr(loops, name, enough)
        # CPython's cache of attributes keeps a string for each name that was looked up
        # last, up to 4,096: it fills during the first thousands of requests.
        forget = getattr(sys, "_clear_internal_caches", None) or getattr(sys, "_clear_type_cache", None)
        if forget is not None:
            forget()
        if self.collects():
            for _ in range(3):
                self.gc.collect()
            self.full = self.collections()

    def collects(self):
        # Where the collector is off, what is in cycles stays for ever, unless the process
        # collects by itself now and then. What nobody would free is not freed here.
        return self.gc.isenabled() or self.full is None or self.collections() != self.full

    def collections(self):
        """How often all generations were collected; None where that is not known (Python 2)."""
        stats = getattr(self.gc, "get_stats", None)
        return stats()[-1]["collections"] if stats else None

    def settle(self):
        libc = self.libc()
        self.collect()
        if libc is not None:
            libc.malloc_trim(0)
        counters = []
        blocks = sys.getallocatedblocks()
        if blocks > 0:  # 0: PYTHONMALLOC=malloc
            counters.append(("live blocks", "objects", True, False, blocks))
        used = self.used(libc)
        if used is not None:
            counters.append(("live bytes", "bytes", True, True, used))
        return [dict(zip(("name", "unit", "exact", "native", "value"), c)) for c in counters]

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
