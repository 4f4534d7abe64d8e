"""How soon the board of a supervisor is drawn again while 300 people wait, one piece at a time.

    .venv/bin/python bench/board.py

Must: 200 ms for 95 of 100 refreshes of a piece, answered by one process of the real server.
"""

import random
import secrets
import sqlite3
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.counter import Counter, close_counter, open_counter

PEOPLE, LOOKS, LIMIT_MS = 300, 60, 200
PIECES = ("line", "talks", "here", "alarms")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        counter, process = open_counter(Path(folder), WRITES_PER_MINUTE="1000000")
        try:
            measure(counter, let_them_wait(Path(folder) / "ventanilla.db"))
        finally:
            close_counter(process)


def let_them_wait(register: Path) -> str:
    """Three hundred people of one town. Returns the code of its supervisor."""
    chance, now = random.Random(1), datetime.now(UTC).replace(tzinfo=None)
    with sqlite3.connect(register) as db:
        town = db.execute("SELECT id FROM town WHERE slug = 'vilaclara'").fetchone()[0]
        question = "SELECT id FROM procedure WHERE town_id = ?"
        offered = [row[0] for row in db.execute(question, (town,))]
        columns = [row[1] for row in db.execute("PRAGMA table_info(visit)")]
        example = db.execute("SELECT * FROM visit LIMIT 1").fetchone()
        for number in range(PEOPLE):
            since = now - timedelta(minutes=chance.randrange(60))
            row = dict(zip(columns, example, strict=True)) | {
                "id": 100_000 + number,
                "code": secrets.token_hex(6),
                "form_token": secrets.token_hex(12),
                "town_id": town,
                "procedure_id": chance.choice(offered),
                "citizen_id": None,
                "clerk_id": None,
                "status": "waiting",
                "channel": "video",
                "language": chance.choice(("ca", "es")),
                "is_walk_in": 1,
                "starts_at": str(since),
                "ends_at": str(since + timedelta(minutes=20)),
                "booked_at": str(since),
                "waiting_at": str(since),
                "called_at": None,
                "in_service_at": None,
                "ended_at": None,
            }
            marks = ", ".join("?" * len(row))
            # S608: the names are those of our own columns
            statement = f"INSERT INTO visit ({', '.join(row)}) VALUES ({marks})"  # noqa: S608
            db.execute(statement, [*row.values()])
        who = "SELECT code FROM account WHERE role = 'supervisor' AND town_id = ?"
        return str(db.execute(who, (town,)).fetchone()[0])


def measure(counter: Counter, supervisor: str) -> None:
    somebody = requests.Session()
    somebody.headers["Host"] = f"vilaclara.localhost:{counter.port}"
    base = f"http://127.0.0.1:{counter.port}"
    page = somebody.get(f"{base}/demo/", timeout=20).text
    token = page.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]
    door = f"{base}/demo/enter/{supervisor}"
    somebody.post(door, data={"csrf_token": token}, timeout=20, allow_redirects=False)
    for piece in PIECES:
        address = f"{base}/office/board/{piece}"
        took = []
        for _look in range(LOOKS):
            begun = time.perf_counter()
            answer = somebody.get(address, headers={"HX-Request": "true"}, timeout=20)
            took.append((time.perf_counter() - begun) * 1000)
            assert answer.status_code == 200, answer.status_code
            assert f'id="board-{piece}"' in answer.text
        p95 = statistics.quantiles(took, n=20)[-1]
        verdict = "well" if p95 <= LIMIT_MS else "TOO SLOW"
        print(f"{piece:8} half {statistics.median(took):6.1f} ms  p95 {p95:6.1f} ms  {verdict}")


if __name__ == "__main__":
    main()
