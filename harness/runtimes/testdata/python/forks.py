"""Forks while its agent answers for the first time. Prints how many children
could not import what the agent imports."""

import _socket
import os
import signal
import time

path = os.path.join(os.environ["LEAKHUNT_AGENT"], "%d.sock" % os.getpid())
agent = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
until = time.monotonic() + 10
while time.monotonic() < until:
    try:
        agent.connect(path)
        break
    except OSError:
        time.sleep(0.001)
agent.send(b"settle\n")
children = []
for _ in range(30):
    pid = os.fork()
    if pid == 0:
        signal.alarm(10)
        import ctypes
        import json

        os._exit(0)
    children.append(pid)
hung = sum(os.waitpid(pid, 0)[1] != 0 for pid in children)
agent.settimeout(10)
print("%d hung, answered %s" % (hung, b"counters" in agent.recv(65536)))
