"""Reading what somebody looks for in the record. What cannot be understood is said, not guessed."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from app.audit.neutral import CONTROL
from app.core import clock
from app.towns.models import Town

LONGEST = 80


@dataclass
class SearchForm:
    """Days, kind, person and visit as they were typed, and what is wrong with them."""

    since: str = ""
    until: str = ""
    kind: str = ""
    person: str = ""
    visit: str = ""
    page: int = 1
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, sent: MultiDict[str, str]) -> "SearchForm":
        form = cls()
        for name in ("since", "until", "kind", "person", "visit"):
            typed = " ".join(CONTROL.sub(" ", sent.get(name, "")).split())
            setattr(form, name, typed[:LONGEST])
        page = sent.get("page", "1")
        form.page = int(page) if re.fullmatch(r"[1-9][0-9]{0,5}", page) else 1
        for name in ("since", "until"):
            if getattr(form, name) and clock.day_of(getattr(form, name)) is None:
                form.errors[name] = _("Write the day like 2026-11-26.")
        if not form.errors and form.since and form.until and form.since > form.until:
            form.errors["until"] = _("The last day is before the first one.")
        return form

    @property
    def link(self) -> dict[str, Any]:
        """The same search, as it stands in an address."""
        named = {"since": self.since, "until": self.until, "kind": self.kind}
        named |= {"person": self.person, "visit": self.visit}
        return {name: text for name, text in named.items() if text}

    @property
    def about(self) -> str:
        """What was looked for, as the record may say it: days and kind, and that there was more."""
        told = [text for text in (self.since, self.until, self.kind) if text]
        told += [name for name in ("person", "visit") if getattr(self, name)]
        return " ".join(told)

    def times(self, town: Town) -> tuple[datetime | None, datetime | None]:
        """From the first moment of the first day to the last of the last, on the town's wall."""
        first, last = clock.day_of(self.since), clock.day_of(self.until)
        return (
            clock.midnight(first, town.zone) if first else None,
            clock.midnight(last + timedelta(days=1), town.zone) if last else None,
        )
