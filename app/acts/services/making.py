"""From asked for to sealed, a step at a time: whatever stops in between goes on from there.

Each step is one transaction, and nothing of ours is held while a key or an authority works. The
file is only ever in memory and, encrypted, in the archive.
"""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from io import BytesIO
from typing import Any

import sqlalchemy as sa
import structlog

from app.acts import document, manifest, queries, recorded, sealing
from app.acts.events import ActSealed, ActStamped
from app.acts.models import ActEdition, SealedAct, Step
from app.acts.sealing import NoKey, Sealed, Sealer, keys
from app.acts.services.asking import write_down_anew
from app.archive import queries as kept
from app.archive import services as archive
from app.core import clock
from app.core.db import db, transaction
from app.core.events import publish
from app.core.timestamps import NoStamp
from app.towns.tenant import every_town, town_of

log = structlog.get_logger()

PURPOSE = "act"
PATIENCE = (1, 2, 5, 15, 60, 240)  # minutes until it is tried again
MOST_PROBLEM = 300


def go_on(act: SealedAct) -> None:
    """All the steps that are left. Entry rooms call it with no transaction open."""
    try:
        with sealing.in_hand() as sealer:
            if act.step is Step.ASKED:
                fix(act, sealer)
            if act.step is Step.FIXED:
                finish(act, sealer)
    except (NoKey, NoStamp, sealing.Altered) as error:
        _try_later(act, str(error))


def fix(act: SealedAct, sealer: Sealer) -> None:
    """Write down what it says, and its digest. From here on it says this and nothing else."""
    if not _is_ready(act):
        return
    measured, seal = manifest.measured_clock(), _seal_of(sealer)
    with transaction():
        act = _again(act)
        if act.step is not Step.ASKED:
            return
        content = manifest.written(manifest.compose(act, measured=measured, seal=seal))
        act.manifest, act.digest = content.decode(), manifest.digest_of(content)
        act.step = Step.FIXED


def _seal_of(sealer: Sealer) -> manifest.Facts:
    """What an act says of its seal."""
    return {
        "by": sealer.name,
        "is_qualified": sealer.is_qualified,
        "is_for_development": sealer.is_for_development,
    }


def _is_ready(act: SealedAct) -> bool:
    """What is still on its way from a recording is waited for; that is no failure."""
    with transaction():
        act = _again(act)
        is_ready = recorded.is_ready(act.visit, act.asked_at)
        if not is_ready:
            act.try_at = clock.now() + timedelta(seconds=4)
    return is_ready


def finish(act: SealedAct, sealer: Sealer) -> None:
    """Draw, seal, look at it with the strict rule, keep it; and only then say that it is there."""
    content = act.manifest.encode()
    if manifest.digest_of(content) != act.digest:
        raise sealing.Altered("what was to be sealed is not what was digested")
    facts = json.loads(content)
    if facts["seal"] != _seal_of(sealer):  # another key since: what it says would not be so
        with transaction():
            if (act := _again(act)).step is Step.FIXED:
                write_down_anew(act)
        return
    pdf = document.drawn(facts, content, attached_to(act))
    sealed = sealing.seal(pdf, sealer)
    _look_at(sealed.content, sealed)
    draft = _encrypted(act, sealed.content)
    with transaction():
        if not _moves(act, manifest.digest_of(content)):
            return
        edition = _edition(act, 1, sealed, sealer, archive.keep(draft).id)
        db.session.flush()
        publish(
            ActSealed(
                town_id=act.town_id,
                visit_id=act.visit_id,
                act_id=act.id,
                version=act.version,
                grade=act.grade.value,
                is_stamped=sealed.is_stamped,
                sha256=edition.sha256,
            )
        )


def stamp_due(act: SealedAct) -> None:
    """The stamp that is missing, or one more; when none is to be had, later."""
    try:
        with sealing.in_hand() as sealer:
            stamp(act, sealer)
    except (NoKey, NoStamp, sealing.Altered) as error:
        _try_later(act, str(error))


def stamp(act: SealedAct, sealer: Sealer) -> None:
    """The same act with one archive stamp more: another file, whose digest is written down too."""
    before = act.edition
    if before is None:
        return
    content = read(before)
    _look_at_kept(before, content)
    sealed = sealing.add_stamps(content, sealer)
    _look_at(sealed.content, sealed)
    draft = _encrypted(act, sealed.content)
    was_qualified = json.loads(sealing.manifest_in(content))["seal"]["is_qualified"]
    with transaction():
        act = _again(act)
        if act.edition is None or act.edition.number != before.number:
            return  # somebody else was quicker
        file = archive.keep(draft)
        edition = _edition(act, before.number + 1, sealed, sealer, file.id)
        edition.is_qualified = before.is_qualified or (was_qualified and sealed.is_qualified)
        edition.sealed_by, edition.is_for_development = before.sealed_by, before.is_for_development
        act.tries, act.problem, act.try_at = 0, "", clock.now()
        db.session.flush()
        publish(
            ActStamped(
                town_id=act.town_id,
                visit_id=act.visit_id,
                act_id=act.id,
                edition=edition.number,
                sha256=edition.sha256,
            )
        )


def read(edition: ActEdition) -> bytes:
    """The file itself, out of the archive."""
    with archive.open_file(kept.file_or_404(edition.file)) as opened:
        return opened.read()


def attached_to(act: SealedAct) -> dict[str, bytes]:
    """What somebody signed, and their signature, for the act that was made for it."""
    if act.signature is None:
        return {}
    signed = act.signature.act.editions[-1]  # nobody signs what is not sealed
    return {
        "signed-manifest.json": sealing.manifest_in(read(signed)),
        "signature.pem": act.signature.content.encode(),
    }


def _look_at(content: bytes, sealed: Sealed) -> None:
    """What we sealed ourselves is checked like a stranger's, before anybody hears of it."""
    sealing.check(content, keys.roots(), needs_stamp=sealed.is_stamped)


def _look_at_kept(edition: ActEdition, content: bytes) -> None:
    if manifest.digest_of(content) != edition.sha256:
        raise sealing.Altered("the file in the archive is not the one that was kept")
    sealing.check(content, keys.roots(), needs_stamp=edition.is_stamped)


def _encrypted(act: SealedAct, content: bytes) -> Any:
    with transaction():
        envelope = archive.envelope_for(act.owner)
    return archive.seal(
        BytesIO(content),
        envelope,
        name=f"{act.identifier}.pdf",
        media_type="application/pdf",
        purpose=PURPOSE,
    )


def _moves(act: SealedAct, digest: str) -> bool:
    """Of two who finish it at once, the register lets the first, and only for what it says now."""
    moved = db.session.execute(
        sa.update(SealedAct)
        .where(SealedAct.id == act.id, SealedAct.step == Step.FIXED, SealedAct.digest == digest)
        .values(step=Step.SEALED, manifest="", sealed_at=clock.now(), tries=0, problem="")
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(act)
    return bool(moved.rowcount == 1)  # type: ignore[attr-defined]


def _edition(act: SealedAct, number: int, sealed: Sealed, sealer: Sealer, file: str) -> ActEdition:
    edition = ActEdition(
        act_id=act.id,
        number=number,
        made_at=clock.now(),
        file=file,
        size=len(sealed.content),
        sha256=manifest.digest_of(sealed.content),
        sealed_by=sealer.name[:200],
        is_stamped=sealed.is_stamped,
        is_qualified=sealed.is_qualified,
        is_for_development=sealer.is_for_development,
        stamped_by=sealed.stamped_by[:80],
        good_until=sealed.good_until,
    )
    act.editions.append(edition)
    if not sealed.is_stamped:
        act.problem, act.tries = sealed.problems[:MOST_PROBLEM], 1
        act.try_at = clock.now() + timedelta(minutes=PATIENCE[0])
    return edition


def _try_later(act: SealedAct, problem: str) -> None:
    log.warning("an act waits", act=act.code, problem=problem)
    with transaction():
        act = _again(act)
        minutes = PATIENCE[min(act.tries, len(PATIENCE) - 1)]
        act.tries += 1
        act.problem = problem[:MOST_PROBLEM]
        act.try_at = clock.now() + timedelta(minutes=minutes)


def _again(act: SealedAct) -> SealedAct:
    """As it is now, whatever happened while nobody held it."""
    db.session.refresh(act)
    return act


def seal_all() -> int:
    """All that is asked for and whose time to try has come, town by town."""
    return _each(queries.unfinished, go_on)


def stamp_all() -> int:
    """All that has no stamp, or one that will not be worth much for long."""
    return _each(queries.in_want_of_a_stamp, stamp_due)


def _each(question: Callable[[], Sequence[SealedAct]], errand: Callable[[SealedAct], None]) -> int:
    with every_town():
        found = [(one.town_id, one.id) for one in question()]
    for town_id, act_id in found:
        with town_of(town_id):
            act = queries.act(act_id)
            try:
                errand(act)
            except Exception as error:  # one that cannot be made must not stop the others
                log.exception("an act failed", act=act.code)
                db.session.rollback()
                _try_later(act, type(error).__name__)
    return len(found)
