"""Sandbox: a seccomp filter that forbids sockets and other programs to the render process (Linux).

The system calls that open a socket or start a program fail with EPERM (`seccomp(2)`), whatever a hostile drawing makes
a decoder do. On another kernel or processor only the limits of `process_limits` apply.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import sys

# AUDIT_ARCH of the processor; numbers of socket, connect, socketpair, execve, execveat, ptrace, io_uring_setup
_CALLS: dict[str, tuple[int, tuple[int, ...]]] = {
    "x86_64": (0xC000003E, (41, 42, 53, 59, 322, 101, 425)),
    "aarch64": (0xC00000B7, (198, 203, 199, 221, 281, 117, 425)),
}
_NO_NEW_PRIVILEGES, _SET_SECCOMP, _MODE_FILTER = 38, 22, 2
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_JMP|JGE|K, BPF_RET|K
_NUMBER, _ARCHITECTURE = 0, 4  # offsets in `struct seccomp_data`
_OTHER_ABI = 0x40000000  # x32 calls carry this bit and would slip past the numbers
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def forbid_sockets_and_programs() -> bool:
    """Installs the filter, which cannot be removed; returns whether the kernel accepted it."""
    calls = _CALLS.get(platform.machine()) if sys.platform == "linux" and sys.maxsize > 2**32 else None
    if calls is None:
        return False
    program = _filter(*calls)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(_SET_SECCOMP, _MODE_FILTER, ctypes.byref(_Program(len(program) // 8, program)), 0, 0) == 0)


def _filter(architecture: int, refused: tuple[int, ...]) -> bytes:
    """Returns the BPF instructions: code, how many to skip when true, when false, operand. The last one refuses."""
    tests = [(_AT_LEAST, _OTHER_ABI), *((_EQUAL, number) for number in refused)]
    left = len(tests)
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 0, left + 2, architecture),
        (_LOAD, 0, 0, _NUMBER),
        *((code, left - at, 0, operand) for at, (code, operand) in enumerate(tests)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
