"""Acts: how long one takes to be sealed and stamped, and to be checked with and without us."""

import argparse
import resource
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from figures import Figure, alone
from flask import Flask
from flask_migrate import upgrade

sys.path.insert(0, str(Path(__file__).parents[1]))

from app import create_app
from app.accounts.models import Account
from app.acts import sealing, services
from app.acts.models import SealedAct
from app.acts.sealing import keys
from app.booking import services as booking
from app.booking.models import Status
from app.core.db import db
from app.queue import services as queue
from app.towns.models import Procedure, Town
from tests import town

ROOT = Path(__file__).parents[1]
ACTS = 20
NOBODY = {"name": "nobody", "url": "http://127.0.0.1:9/", "roots": "timestamps/ca.pem"}


def measure(wanted: argparse.Namespace) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(
            TESTING=True,
            INSTANCE=folder,
            SECRET_KEY=secrets.token_hex(),
            SMS_PROVIDER="memory",
            DATABASE_URL=f"sqlite:///{folder}/register.db",
        )
        with app.app_context():
            upgrade()
            sealed, worked, late, content = _of_sealing(app)
            figures = [
                _p50("act, asked for to sealed and stamped, p50", sealed, must=1000, aim=300),
                _p50("act, processor for it, ours and of openssl, p50", worked),
                _p50("act, a stamp that comes later, p50", late, must=1000, aim=300),
            ]
            figures += _of_checking(Path(folder), content)
            db.session.remove()
            db.engine.dispose()
    return figures


def _of_sealing(app: Flask) -> tuple[list[float], list[float], list[float], bytes]:
    """With the development key and authority: openssl is started three times for each."""
    place = town.a_town(early_minutes=60 * 24 * 30, visits_per_phone=99)
    procedure = town.a_procedure()
    clerk = town.a_clerk(procedure)
    sealed, worked, late = [], [], []
    for _ in range(ACTS + 1):
        act, processor = _asked(place, procedure, clerk), _processor()
        sealed.append(_took(lambda act=act: services.go_on(act)))
        worked.append((_processor() - processor) * 1000)
        assert act.edition.is_stamped, act.problem
        content = services.read(act.edition)
        act = _asked(place, procedure, clerk)
        app.config["TIMESTAMP_AUTHORITIES"] = [NOBODY]
        services.go_on(act)
        assert not act.edition.is_stamped
        app.config["TIMESTAMP_AUTHORITIES"] = ()
        late.append(_took(lambda act=act: services.stamp_due(act)))
        assert act.edition.is_stamped, act.problem
    return sealed[1:], worked[1:], late[1:], content


def _asked(place: Town, procedure: Procedure, clerk: Account) -> SealedAct:
    """The act of a visit that is over."""
    visit = town.a_visit(town.a_wish(place, procedure))
    queue.arrive(visit)
    queue.call(clerk, visit)
    booking.move_on(visit, Status.SERVED)
    act = services.ask(visit)
    db.session.commit()
    return act


def _took(errand: Callable[[], object]) -> float:
    begun = time.perf_counter()
    errand()
    return (time.perf_counter() - begun) * 1000


def _processor() -> float:
    """Seconds of this process and of those that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _of_checking(folder: Path, content: bytes) -> list[Figure]:
    strictly, alone_ = [], []
    (folder / "act.pdf").write_bytes(content)
    (folder / "roots.pem").write_bytes(keys.roots_in_pem())
    program = ["sh", str(ROOT / "tools" / "verify.sh"), "--roots", "roots.pem", "act.pdf"]
    for _ in range(ACTS):
        strictly.append(_took(lambda: sealing.check(content, keys.roots())))
        alone_.append(
            _took(lambda: subprocess.run(program, cwd=folder, check=True, capture_output=True))
        )
    return [
        _p50("act, checked by the strict rule, p50", strictly, note=f"{len(content)} bytes"),
        _p50("act, checked by tools/verify.sh, p50", alone_),
    ]


def _p50(name: str, taken: list[float], **more: object) -> Figure:
    return Figure(name, statistics.median(taken), "ms", samples=len(taken), **more)


if __name__ == "__main__":
    alone(measure, __doc__)
