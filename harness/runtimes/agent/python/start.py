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
