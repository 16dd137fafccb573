"""Other platforms, simulated: a `sitecustomize` that takes from gonogo what a Mac or Windows does not have.

Only gonogo's own code misses the modules and names: asyncio and Textual of this machine need them themselves.
"""

from __future__ import annotations

from pathlib import Path

_SHARED = '''
import builtins, sys, types
class Without:
    """Module without some names, and with others changed."""
    def __init__(self, module, without, changed):
        self.__dict__.update(_module=module, _without=without, _changed=changed)
    def __getattr__(self, name):
        if name in self._without:
            raise AttributeError(f"module {self._module.__name__!r} has no attribute {name!r}")
        return self._changed[name] if name in self._changed else getattr(self._module, name)
    def __setattr__(self, name, value):
        setattr(self._module, name, value)
_import, _proxies = builtins.__import__, {}
def importing(name, globals=None, locals=None, fromlist=(), level=0):
    module = _import(name, globals, locals, fromlist, level)
    if not str((globals or {}).get("__name__", "")).startswith("gonogo"):
        return module
    if name in MISSING:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    if name in WITHOUT or name in CHANGED:
        if name not in _proxies:
            _proxies[name] = Without(module, WITHOUT.get(name, ()), CHANGED.get(name, {}))
        return _proxies[name]
    return module
builtins.__import__ = importing
'''

MACOS = (
    """
import io, platform, resource
MISSING, WITHOUT = set(), {"ctypes": ("CDLL",), "os": ("sched_getaffinity", "memfd_create")}
def setrlimit(what, limits):
    if what == resource.RLIMIT_AS:
        raise ValueError("current limit exceeds maximum limit")
    return resource.setrlimit(what, limits)
CHANGED = {
    "sys": {"platform": "darwin"},
    "resource": {"setrlimit": setrlimit},
    "platform": {"system": lambda: "Darwin", "machine": lambda: "arm64"},
}
_open = io.open
def no_proc(file, *args, **kwargs):
    if not isinstance(file, int) and str(file).startswith("/proc/"):
        raise FileNotFoundError(2, "No such file or directory", str(file))
    return _open(file, *args, **kwargs)
io.open = no_proc
"""
    + _SHARED
)

WINDOWS = (
    """
MISSING = {"fcntl", "grp", "pwd", "pty", "resource", "termios", "tty"}
WITHOUT = {
    "signal": ("SIGHUP", "SIGKILL", "SIGQUIT", "SIGTSTP", "SIGWINCH", "SIGUSR1"),
    "os": ("O_DIRECTORY", "O_NOFOLLOW", "getuid", "geteuid", "fork", "killpg", "fchmod", "setsid", "getpgid"),
}
CHANGED = {"sys": {"platform": "win32"}, "platform": {"system": lambda: "Windows", "machine": lambda: "AMD64"}}
"""
    + _SHARED
)


def environment(platform: str, folder: Path) -> dict[str, str]:
    """Variables under which each Python process behaves as on `platform` (its `sitecustomize`), children included."""
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(platform, encoding="utf-8")

    return {"PYTHONPATH": str(folder)}
