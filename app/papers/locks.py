"""Takes away from a process, and from what it starts, every file and every way to others.

Landlock and seccomp, which any process may ask of Linux for itself: Landlock in ABI 1 (Linux 5.13)
takes files away, in ABI 4 (6.7) TCP, in ABI 6 (6.12) signals and abstract sockets; seccomp takes
sockets of every kind away. Numbers and structures are those of the kernel's own pages: landlock(7),
seccomp(2), `Documentation/userspace-api/landlock.rst`, `linux/landlock.h`, `linux/seccomp.h`.
Like the reader, which alone uses it, it knows nothing of ours.
"""

import ctypes
import os
import platform
from collections.abc import Callable, Iterable
from pathlib import Path

Call = Callable[..., int]

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same on every machine
WHICH_VERSION = 1
BENEATH = 1

EXECUTE, WRITE, READ, LIST = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REMOVE_FOLDER, REMOVE_FILE, MAKE_FOLDER, MAKE_FILE = 1 << 4, 1 << 5, 1 << 7, 1 << 8
MOVE, TRUNCATE = 1 << 13, 1 << 14
EVERYTHING = {1: (1 << 13) - 1, 2: MOVE, 3: TRUNCATE, 5: 1 << 15}  # since which version
TCP = 0b11
SIGNALS_AND_SOCKETS = 0b11

LOOK = READ | LIST | EXECUTE
CHANGE = (
    *(READ, LIST, WRITE, TRUNCATE),
    *(MAKE_FILE, MAKE_FOLDER, REMOVE_FILE, REMOVE_FOLDER, MOVE),
)
OF_FILES = EXECUTE | WRITE | READ | TRUNCATE  # what can be said of what is no folder

SET_SECCOMP, FILTER = 22, 2
# Which machine, as the kernel names it, and the number of `socket` there.
MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
IO_URING = 425  # it opens sockets by another way
FOREIGN = 0x40000000  # calls of another kind on the same machine
LOAD, IS, IS_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOWED, REFUSED = 0x7FFF0000, 0x00050001


class _Ruleset(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("files", "network", "scoped")]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


class _Step(ctypes.Structure):
    _fields_ = [
        *(("code", ctypes.c_uint16), ("yes", ctypes.c_uint8)),
        *(("no", ctypes.c_uint8), ("value", ctypes.c_uint32)),
    ]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint16), ("steps", ctypes.POINTER(_Step))]


def system() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def version(call: Call) -> int:
    """Which Landlock this kernel has; 0: none, or it is switched off."""
    return max(0, call(CREATE_RULESET, None, ctypes.c_size_t(0), WHICH_VERSION))


def keep_to(
    folder: Path, looks_at: Iterable[Path], speaks_to: Iterable[Path], call: Call | None = None
) -> bool:
    """From here on: change that folder, look at these, write to those, and no other file.

    Returns whether the kernel does it. Whoever asks must have given up new privileges before.
    """
    call = call or system().syscall
    known = version(call)
    if not known:
        return False
    handled = sum(rights for since, rights in EVERYTHING.items() if since <= known)
    asked = _Ruleset(
        files=handled,
        network=TCP if known >= 4 else 0,
        scoped=SIGNALS_AND_SOCKETS if known >= 6 else 0,
    )
    rules = call(CREATE_RULESET, ctypes.byref(asked), ctypes.c_size_t(ctypes.sizeof(asked)), 0)
    if rules < 0:
        return False
    try:
        _allow(call, rules, folder, sum(CHANGE) & handled)
        for place in looks_at:
            _allow(call, rules, place, LOOK & handled)
        for place in speaks_to:
            _allow(call, rules, place, (READ | WRITE) & handled)
        return call(RESTRICT_SELF, rules, 0) == 0
    finally:
        os.close(rules)


def _allow(call: Call, rules: int, place: Path, rights: int) -> None:
    """What is not there needs no rule."""
    try:
        handle = os.open(place, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        allowed = rights if place.is_dir() else rights & OF_FILES
        rule = _Beneath(allowed=allowed, parent=handle)
        call(ADD_RULE, rules, BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(handle)


def survives(work: Callable[[], bool]) -> bool:
    """Whether it can be done: a service that does not foresee such a call is ended by asking."""
    child = os.fork()
    if child == 0:
        done = False
        try:
            done = work()
        finally:
            os._exit(0 if done else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def open_no_sockets() -> bool:
    """Neither to the network nor to a program of this machine. Whether the kernel does it."""
    if platform.machine() not in MACHINES:
        return False
    machine, socket = MACHINES[platform.machine()]
    steps = (
        _Step(LOAD, 0, 0, 4),
        _Step(IS, 0, 5, machine),
        _Step(LOAD, 0, 0, 0),
        _Step(IS_AT_LEAST, 3, 0, FOREIGN),
        _Step(IS, 2, 0, socket),
        _Step(IS, 1, 0, IO_URING),
        _Step(RETURN, 0, 0, ALLOWED),
        _Step(RETURN, 0, 0, REFUSED),
    )
    program = _Program(len(steps), (_Step * len(steps))(*steps))
    done = system().prctl(SET_SECCOMP, ctypes.c_ulong(FILTER), ctypes.byref(program), 0, 0)
    return bool(done == 0)
