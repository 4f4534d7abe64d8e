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
from typing import Any

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
Spent = tuple[float, float]
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
            sealed, late, content = _of_sealing(app)
            figures = [
                *_p50("act, asked for to sealed and stamped", sealed, must=1000, aim=300),
                *_p50("act, a stamp that comes later", late, must=1000, aim=300),
            ]
            figures += _of_checking(Path(folder), content)
            db.session.remove()
            db.engine.dispose()
    return figures


def _of_sealing(app: Flask) -> tuple[list[Spent], list[Spent], bytes]:
    """With the development key and authority: openssl is started three times for each."""
    place = town.a_town(early_minutes=60 * 24 * 30, visits_per_phone=99)
    procedure = town.a_procedure()
    clerk = town.a_clerk(procedure)
    sealed, late = [], []
    for _ in range(ACTS + 1):
        act = _asked(place, procedure, clerk)
        sealed.append(_took(lambda act=act: services.go_on(act)))
        assert act.edition.is_stamped, act.problem
        content = services.read(act.edition)
        act = _asked(place, procedure, clerk)
        app.config["TIMESTAMP_AUTHORITIES"] = [NOBODY]
        services.go_on(act)
        assert not act.edition.is_stamped
        app.config["TIMESTAMP_AUTHORITIES"] = ()
        late.append(_took(lambda act=act: services.stamp_due(act)))
        assert act.edition.is_stamped, act.problem
    return sealed[1:], late[1:], content


def _asked(place: Town, procedure: Procedure, clerk: Account) -> SealedAct:
    """The act of a visit that is over."""
    visit = town.a_visit(town.a_wish(place, procedure))
    queue.arrive(visit)
    queue.call(clerk, visit)
    booking.move_on(visit, Status.SERVED)
    act = services.ask(visit)
    db.session.commit()
    return act


def _took(errand: Callable[[], object]) -> Spent:
    """Milliseconds until it is done, and of the processor for it."""
    begun, processor = time.perf_counter(), _processor()
    errand()
    return (time.perf_counter() - begun) * 1000, (_processor() - processor) * 1000


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
        *_p50("act, checked by the strict rule", strictly, note=f"{len(content)} bytes"),
        *_p50("act, checked by tools/verify.sh", alone_),
    ]


def _p50(name: str, spent: list[Spent], **more: Any) -> list[Figure]:
    """The time depends on who else is busy; what the processor worked hardly does."""
    took, worked = (statistics.median(column) for column in zip(*spent, strict=True))
    return [
        Figure(f"{name}, p50", took, "ms", samples=len(spent), **more),
        Figure(f"{name}, processor, p50", worked, "ms", samples=len(spent)),
    ]


if __name__ == "__main__":
    alone(measure, __doc__)
