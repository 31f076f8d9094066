"""Under gunicorn: /native takes 8 KiB from malloc a request and forgets it, as a C library may. No line of Python made it.
/ keeps nothing."""
import ctypes

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]


def application(environ, start_response):
    if environ["PATH_INFO"] == "/native":
        libc.memset(libc.malloc(8192), 1, 8192)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]
