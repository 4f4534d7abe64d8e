"""How the counter is served: gevent workers, because people waiting hold a connection each."""

import gc
import os
import resource
import shutil
import signal
import tempfile
import threading
import time

import gevent

_host = os.environ.get("VENTANILLA_HOST", "127.0.0.1")
_port = os.environ.get("VENTANILLA_PORT", "8000")

bind = [f"[{_host}]:{_port}" if ":" in _host else f"{_host}:{_port}"]
worker_class = "gevent"
workers = int(os.environ.get("VENTANILLA_WORKERS", "2"))
worker_connections = 5000
keepalive = 30
timeout = 60
graceful_timeout = 2  # streams reconnect by themselves; nobody is held longer than this
accesslog = None
loglevel = os.environ.get("VENTANILLA_LOG_LEVEL", "warning")
control_socket_disable = True


# Where processes put what only they have counted, before the first of them is made. This file is
# read again when the server is renewed, and the folder stays the same.
COUNTS = "ventanilla-counts-"
if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix=COUNTS)


def on_exit(server):
    """A folder that somebody else chose is theirs."""
    counts = os.environ["PROMETHEUS_MULTIPROC_DIR"]
    if os.path.basename(counts).startswith(COUNTS):
        shutil.rmtree(counts, ignore_errors=True)


def on_starting(server):
    """Everybody who waits is an open file; the usual soft limit of 1,024 is soon reached."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def post_worker_init(worker):
    """What was loaded stays: nobody looks through it for garbage again, nor at every page.

    A month of visits is thousands of small rows, and each few hundred of them began a search
    through the whole house: a third of the time of such a page.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def post_request(worker, req, environ, resp):
    """Let the others have their turn: a busy connection always has its next request ready."""
    gevent.sleep(0)


def when_ready(server):
    """Started by `flask core serve`: when that process is gone, nobody should go on serving."""
    parent = int(os.environ.get("VENTANILLA_PARENT", "0"))
    if parent:
        threading.Thread(target=_end_without, args=(parent,), daemon=True).start()


def _end_without(parent):
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


def worker_int(worker):
    _let_listeners_go(worker)


def worker_exit(server, worker):
    _let_listeners_go(worker)


def _let_listeners_go(worker):
    application = getattr(worker, "wsgi", None)
    hub = getattr(application, "extensions", {}).get("stream")
    if hub:
        hub.close()
