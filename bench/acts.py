"""Acts: how long one takes to be sealed and stamped, and to be checked with and without us."""

import argparse
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from figures import Figure, alone
from flask_migrate import upgrade

sys.path.insert(0, str(Path(__file__).parents[1]))

from app import create_app
from app.acts import sealing, services
from app.acts.sealing import keys
from app.booking import services as booking
from app.booking.models import Status
from app.core.db import db
from app.queue import services as queue
from tests import town

ROOT = Path(__file__).parents[1]
ACTS = 20


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
            taken, content = _of_sealing()
            figures = [_p50("act, asked for to sealed and stamped, p50", taken, must=1000, aim=300)]
            figures += _of_checking(Path(folder), content)
            db.session.remove()
            db.engine.dispose()
    return figures


def _of_sealing() -> tuple[list[float], bytes]:
    """With the development key and authority: openssl is started three times for each."""
    place = town.a_town(early_minutes=60 * 24 * 30, visits_per_phone=99)
    procedure = town.a_procedure()
    clerk = town.a_clerk(procedure)
    taken = []
    for _ in range(ACTS + 1):
        visit = town.a_visit(town.a_wish(place, procedure))
        queue.arrive(visit)
        queue.call(clerk, visit)
        booking.move_on(visit, Status.SERVED)
        act = services.ask(visit)
        db.session.commit()
        begun = time.perf_counter()
        services.go_on(act)
        taken.append((time.perf_counter() - begun) * 1000)
        assert act.is_sealed, act.problem
        assert act.edition.is_stamped
    return taken[1:], services.read(act.edition)


def _of_checking(folder: Path, content: bytes) -> list[Figure]:
    strictly, alone_ = [], []
    (folder / "act.pdf").write_bytes(content)
    (folder / "roots.pem").write_bytes(keys.roots_in_pem())
    program = ["sh", str(ROOT / "tools" / "verify.sh"), "--roots", "roots.pem", "act.pdf"]
    for _ in range(ACTS):
        begun = time.perf_counter()
        sealing.check(content, keys.roots())
        strictly.append((time.perf_counter() - begun) * 1000)
        begun = time.perf_counter()
        subprocess.run(program, cwd=folder, check=True, capture_output=True)
        alone_.append((time.perf_counter() - begun) * 1000)
    return [
        _p50("act, checked by the strict rule, p50", strictly, note=f"{len(content)} bytes"),
        _p50("act, checked by tools/verify.sh, p50", alone_),
    ]


def _p50(name: str, taken: list[float], **more: object) -> Figure:
    return Figure(name, statistics.median(taken), "ms", samples=len(taken), **more)


if __name__ == "__main__":
    alone(measure, __doc__)
