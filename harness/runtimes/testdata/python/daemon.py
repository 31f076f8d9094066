"""Becomes a daemon as many do: forks, closes every descriptor that it did not
open, opens its own, and forks a worker. Prints what became of them."""

import os
import socket
import time

out = os.dup2(1, 500)
if os.fork():
    os._exit(0)
os.closerange(3, 500)
log = os.open(os.devnull, os.O_RDWR)
listener = socket.socket()
ours, theirs = socket.socketpair()
files = log, listener.fileno(), ours.fileno(), theirs.fileno()
before = [os.fstat(fd).st_ino for fd in files]
agent = os.path.join(os.environ["LEAKHUNT_AGENT"], "%d.sock" % os.getpid())
until = time.monotonic() + 10
while not os.path.exists(agent) and time.monotonic() < until:
    theirs.send(b"word")  # whoever reads our descriptors takes it
    if ours.recv(4) != b"word":
        break
    time.sleep(0.01)
pid = os.fork()
after = [os.fstat(fd).st_ino for fd in files]
ours.setblocking(False)
try:
    stray = ours.recv(1)
except BlockingIOError:
    stray = b""
text = "%s: %s, agent %s\n" % (
    "worker" if pid == 0 else "parent",
    "untouched" if before == after and not stray else "TOUCHED",
    os.path.exists(agent),
)
if pid:
    os.waitpid(pid, 0)
os.write(out, text.encode())
os._exit(0)
