"""What can be written of a procedure: its texts, its lists, its editions, and what is missing."""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from app.booking.models import Status, Visit, VisitProcedure
from app.core.db import db, first_or_none, new_code
from app.core.errors import Missing
from app.core.i18n import LANGUAGES, in_language
from app.office.models import Edition
from app.towns.models import Procedure, Stage, Town
from app.towns.queries import procedures

# What an edition keeps: all that somebody may change, and not whether it is on offer.
KEPT = (
    *("office_id", "icon", "minutes", "identification", "name", "summary", "purpose"),
    *("afterwards", "papers", "keywords", "buffers", "notice_minutes", "horizon_days"),
    *("same_day_percent", "staff_percent", "walk_in_percent", "more_time_percent"),
    *("interpreter_percent", "visits_per_phone", "takes_walk_ins", "alarm_days", "assurance"),
    *("assurance_reason", "act", "outcomes", "recording", "recording_reason", "script"),
    *("recording_spoken", "requests", "retention_days"),
)
PLAIN_TEXTS = (
    *("name", "summary", "purpose", "afterwards"),
    *("act", "assurance_reason", "recording_reason"),
)
# The lists of a script, as they are called in forms and as they stand in its column.
SCRIPT = {"steps": "steps", "phrases": "phrases", "looks": "papers"}
NEEDED = ("name", "summary")  # without these nothing is offered in any language


@dataclass(frozen=True)
class Slot:
    """A text of a procedure in all its languages. `path`: where it stands, as keys and places."""

    path: tuple[str | int, ...]
    label: str
    texts: Mapping[str, str]

    @property
    def field(self) -> str:
        return "-".join(str(step) for step in self.path)

    @property
    def is_written(self) -> bool:
        return any(self.texts.values())

    def is_missing(self, slug: str) -> bool:
        return self.is_written and not self.texts.get(slug)

    def stands_in(self, slug: str) -> tuple[str, str]:
        """What people read while this language is empty: in which language, and the text."""
        for candidate in (*LANGUAGES[slug].fallback, *self.texts):
            if self.texts.get(candidate):
                return candidate, self.texts[candidate]
        return "", ""


def slots(procedure: Procedure) -> list[Slot]:
    """Every text of it, in the order in which people meet them."""
    return list(_slots(procedure))


def missing(town: Town, procedure: Procedure) -> dict[str, int]:
    """How many texts are written in some language and not in this one, for the town's languages."""
    found = slots(procedure)
    counts = {
        slug: sum(
            slot.is_missing(slug) or (not slot.is_written and slot.path[0] in NEEDED)
            for slot in found
        )
        for slug in town.languages
    }
    return {slug: count for slug, count in counts.items() if count}


def missing_everywhere(town: Town) -> list[tuple[Procedure, dict[str, int]]]:
    """The report: every procedure that is written or on offer, with what is missing of it."""
    rows = procedures(stages=(Stage.DRAFT, Stage.OFFERED))
    return [(procedure, missing(town, procedure)) for procedure in rows]


def with_texts(procedure: Procedure, slug: str, typed: Mapping[str, str]) -> dict[str, Any]:
    """The columns of a procedure with those texts in that language; others stay as they are."""
    columns: dict[str, Any] = {}
    for slot in slots(procedure):
        if slot.field not in typed or typed[slot.field] == slot.texts.get(slug, ""):
            continue
        name = str(slot.path[0])
        columns.setdefault(name, deepcopy(getattr(procedure, name)))
        holder: Any = columns[name]
        for step in slot.path[1:]:
            holder = holder[step]
        if typed[slot.field]:
            holder[slug] = typed[slot.field]
        else:
            holder.pop(slug, None)
    return columns


def lines_of(procedure: Procedure, town: Town) -> dict[str, str]:
    """The lists of a procedure, a line for each thing, in the town's first language."""
    slug = town.languages[0]
    lists: dict[str, Sequence[Mapping[str, str]]] = {
        "papers": procedure.papers,
        "outcomes": list(procedure.outcomes.values()),
        **{name: procedure.script.get(part, []) for name, part in SCRIPT.items()},
    }
    return {
        name: "\n".join(_in_base(text, slug) for text in texts) for name, texts in lists.items()
    }


def columns_of_lines(
    procedure: Procedure, lines: Mapping[str, list[str]], slug: str
) -> dict[str, Any]:
    """The columns of a procedure with its lists as they were written anew."""
    codes = list(procedure.outcomes)
    outcomes = with_lines(list(procedure.outcomes.values()), lines["outcomes"], slug)
    named = {}
    for text in outcomes:
        code = next((code for code in codes if _is_same(procedure.outcomes[code], text)), None)
        named[code if code and code not in named else new_code()] = text
    return {
        "papers": with_lines(procedure.papers, lines["papers"], slug),
        "outcomes": named,
        "script": {
            part: with_lines(procedure.script.get(part, []), lines[name], slug)
            for name, part in SCRIPT.items()
            if lines[name]
        },
    }


def with_lines(
    before: Sequence[Mapping[str, str]], lines: list[str], slug: str
) -> list[dict[str, str]]:
    """The list as it was written anew. A line that stood there already keeps its translations.

    When there are as many as before, a line that is other is the same thing in other words.
    """
    known = {_in_base(text, slug): text for text in before}
    found: list[dict[str, str]] = []
    for place, line in enumerate(lines):
        if line in known:
            found.append(dict(known[line]))
            continue
        is_reworded = len(lines) == len(before) and _in_base(before[place], slug) not in lines
        found.append({**(before[place] if is_reworded else {}), slug: line})
    return found


def content_of(procedure: Procedure) -> dict[str, Any]:
    return {name: deepcopy(getattr(procedure, name)) for name in KEPT}


def editions(procedure: Procedure) -> Sequence[Edition]:
    """The newest first."""
    question = sa.select(Edition).where(Edition.procedure_id == procedure.id)
    return db.session.scalars(
        question.order_by(Edition.number.desc()).options(joinedload(Edition.by))
    ).all()


def edition_or_404(procedure: Procedure, number: int) -> Edition:
    found: Edition | None = first_or_none(
        sa.select(Edition).where(Edition.procedure_id == procedure.id, Edition.number == number)
    )
    if found is None:
        raise Missing
    return found


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return [name for name in KEPT if before.get(name) != after.get(name)]


def is_used(procedure: Procedure) -> bool:
    """Whether any visit, past or to come, is about it."""
    own = sa.select(Visit.id).where(Visit.procedure_id == procedure.id)
    also = sa.select(VisitProcedure.visit_id).where(VisitProcedure.procedure_id == procedure.id)
    return first_or_none(own) is not None or first_or_none(also) is not None


def to_come(procedure: Procedure) -> int:
    """How many visits about it are booked or wait."""
    question = sa.select(sa.func.count(Visit.id)).where(
        Visit.procedure_id == procedure.id, Visit.status.in_((Status.BOOKED, Status.WAITING))
    )
    return db.session.scalar(question) or 0


def text_names() -> dict[str, str]:
    return {
        "name": _("Name"),
        "summary": _("In one sentence"),
        "purpose": _("What it is for"),
        "afterwards": _("What happens afterwards"),
        "act": _("What is done for who is known surely enough"),
        "assurance_reason": _("Why we must know who they are"),
        "recording_reason": _("Why it is recorded"),
        "papers": _("Paper to have at hand"),
        "outcomes": _("Result"),
        "steps": _("Step of the script"),
        "phrases": _("To be read aloud"),
        "looks": _("Paper to look at"),
        "title": _("Request"),
        "body": _("Text of the request"),
        "label": _("Name of a datum"),
    }


def _is_same(before: Mapping[str, str], after: Mapping[str, str]) -> bool:
    """Whether it is the same result, perhaps in other words in one language."""
    shared = set(before) & set(after)
    return bool(shared) and any(before[slug] == after[slug] for slug in shared)


def _in_base(text: Mapping[str, str], slug: str) -> str:
    return str(text.get(slug) or in_language(text, slug))


def _slots(procedure: Procedure) -> Iterator[Slot]:
    names = text_names()
    for name in PLAIN_TEXTS:
        yield Slot((name,), names[name], getattr(procedure, name))
    for place, text in enumerate(procedure.papers):
        yield Slot(("papers", place), f"{names['papers']} {place + 1}", text)
    for place, (code, text) in enumerate(procedure.outcomes.items()):
        yield Slot(("outcomes", code), f"{names['outcomes']} {place + 1}", text)
    for name, part in SCRIPT.items():
        for place, text in enumerate(procedure.script.get(part, ())):
            yield Slot(("script", part, place), f"{names[name]} {place + 1}", text)
    for place, item in enumerate(procedure.requests):
        here: tuple[str | int, ...] = ("requests", place)
        yield Slot((*here, "title"), f"{names['title']} {place + 1}", item.get("title", {}))
        if item.get("body"):
            yield Slot((*here, "body"), f"{names['body']} {place + 1}", item["body"])
        for number, one in enumerate(item.get("fields", ())):
            label = f"{names['label']} {place + 1}.{number + 1}"
            yield Slot((*here, "fields", number, "label"), label, one["label"])
