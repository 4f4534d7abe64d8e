"""A house of several servers: one PostgreSQL, one Redis, a Twilio, and web servers with workers."""

import os
import secrets
import shutil
import signal
import ssl
import subprocess
import time
from collections import Counter as Tally
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPSConnection
from pathlib import Path

from tests import postgres
from tests.clocks import Clock
from tests.counter import (
    AS_MANY_AS_THEY_LIKE,
    Counter,
    a_free_port,
    close_counter,
    open_counter,
)
from tests.messaging.twilio_stand_in import StandIn
from tests.redis import RunningRedis, a_redis
from tests.storm import Person, Stormed

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"


class Fleet:
    """Each server is what `core serve` opens: a web server and a worker of its own."""

    def __init__(
        self,
        folder: Path,
        twilio: StandIn,
        many: int,
        *,
        register: str = "",
        redis: str = "",
        relay: str = "",
        have_clocks: bool = False,
    ) -> None:
        self.folder, self.twilio = folder, twilio
        self.clocks = [Clock(folder / f"clock{number}") for number in range(many * have_clocks)]
        self.settings = {
            **AS_MANY_AS_THEY_LIKE,
            "DEMO": "no",
            "SECRET_KEY": secrets.token_urlsafe(32),
            "INSTANCE": str(folder),
            "WORKERS": "1",
            "TRUSTED_PROXIES": "1",
            "SMS_PROVIDER": "twilio",
            "SMS_SENDER": "VilaClara",
            "TWILIO_ACCOUNT_SID": twilio.account.sid,
            "TWILIO_AUTH_TOKEN": twilio.account.token,
            "TWILIO_API_BASE": twilio.base,
            "TWILIO_TIMEOUT_SECONDS": "4",
            **({"DATABASE_URL": register} if register else {}),
            **({"REDIS_URL": redis} if redis else {}),
            **({"TURN_SERVERS": relay} if relay else {}),
        }
        self.ports = [a_free_port() for _ in range(many)]
        self.processes: list[subprocess.Popen[bytes] | None] = [None] * many
        self.counters: list[Counter] = []
        for number in range(many):
            self.counters.append(self.open(number))

    def open(self, number: int) -> Counter:
        log = self.folder / f"server{number}"
        log.mkdir(exist_ok=True)
        port = str(self.ports[number])
        around = self.clocks[number].around if self.clocks else {}
        settings = {**self.settings, "PORT": port}
        counter, self.processes[number] = open_counter(log, around, **settings)
        return counter

    def restart(self, number: int) -> None:
        process = self.processes[number]
        assert process
        assert close_counter(process) == 0
        self.open(number)

    def end(self) -> None:
        for process in self.processes:
            if process and process.poll() is None:
                process.send_signal(signal.SIGINT)
        for process in self.processes:
            if process:
                process.wait(timeout=30)

    def second_door(self) -> Stormed:
        """The register, for whoever prepares something and for whoever looks afterwards."""
        return Stormed(self.counters[0], **{"SECRET_KEY": self.settings["SECRET_KEY"]})

    def messages(self) -> Tally[str]:
        """How often each text went to each telephone."""
        return Tally(f"{form['To']} {form['Body']}" for form in self.twilio.received)


@contextmanager
def a_fleet(folder: Path, many: int = 2) -> Iterator[tuple[Fleet, RunningRedis]]:
    with ExitStack() as stack:
        register = stack.enter_context(postgres.a_server())
        redis = stack.enter_context(a_redis(folder))
        twilio = stack.enter_context(StandIn())
        fleet = Fleet(folder, twilio, many, register=register, redis=redis.address)
        stack.callback(fleet.end)
        yield fleet, redis
        assert not twilio.faults


class Proxy:
    """nginx with the configuration of `deploy/nginx`, on ports and in a folder of its own."""

    def __init__(self, folder: Path, ports: list[int]) -> None:
        self.folder, self.port = folder / "nginx", a_free_port()
        self.folder.mkdir()
        self.servers = self.folder / "ventanilla-servers.conf"
        self.servers.write_text("".join(f"server 127.0.0.1:{port};\n" for port in ports))
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"),
                *("-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=counter.example"),
                *("-keyout", self.folder / "privkey.pem", "-out", self.folder / "fullchain.pem"),
            ],
            check=True,
            capture_output=True,
        )
        self.file = self.folder / "nginx.conf"
        self.file.write_text(written(self.folder, self.port))
        self.command = ["nginx", "-e", str(self.folder / "errors"), "-p", str(self.folder)]
        self.command += ["-c", str(self.file)]
        self.process = subprocess.Popen([*self.command, "-g", "daemon off;"])
        self.reload = f"kill -HUP {self.process.pid} && sleep 1"

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=20)


def written(folder: Path, port: int) -> str:
    """The shipped configuration, with places and ports of ours. As root it stays root."""
    text = (DEPLOY / "nginx/ventanilla.conf").read_text()
    for there, here in {
        "/etc/letsencrypt/live/counter.example": str(folder),
        "/etc/nginx/": f"{folder}/",
        "/var/log/nginx": str(folder),
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "listen 80;": f"listen 127.0.0.1:{a_free_port()};",
        "    listen [::]:443 ssl http2;\n": "",
        "    listen [::]:80;\n": "",
    }.items():
        assert there in text, there
        text = text.replace(there, here)
    user = "user root;" if os.geteuid() == 0 else ""
    kept = "".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"{user} pid {folder}/pid; events {{}} http {{ access_log off; {kept} {text} }}"


@contextmanager
def a_proxy(folder: Path, ports: list[int]) -> Iterator[Proxy]:
    assert shutil.which("nginx")
    proxy = Proxy(folder, ports)
    try:
        _wait_for(proxy.port)
        yield proxy
    finally:
        proxy.end()


def _wait_for(port: int) -> None:
    for _ in range(100):
        line = _tls(port)
        try:
            line.request("GET", "/health/live", headers={"Host": "localhost"})
            line.getresponse().read()
        except OSError:
            time.sleep(0.1)
        else:
            return
        finally:
            line.close()
    raise AssertionError("nginx did not start")


def _tls(port: int) -> HTTPSConnection:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return HTTPSConnection("127.0.0.1", port, timeout=30, context=context)


class Neighbour(Person):
    """Somebody who comes by the front door, with a new connection for each page."""

    def __init__(self, counter: Counter, place: str, number: int, door: int) -> None:
        super().__init__(counter, place, number)
        self.headers = {"Host": f"{place}.localhost"}
        self.door = door

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> int:
        self.line = _tls(self.door)
        try:
            return super().ask(method, path, form)
        finally:
            self.line.close()


def until(is_so: Callable[[], bool], seconds: float = 60) -> bool:
    """Waits for what comes by itself."""
    end = time.monotonic() + seconds
    while not is_so() and time.monotonic() < end:
        time.sleep(0.1)
    return is_so()
