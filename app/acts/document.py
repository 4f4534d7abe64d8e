"""What an act says, on paper: PDF/A-3 and PDF/UA, in the citizen's language and in Spanish.

Everything on it comes from the manifest, and the manifest is attached. Nothing touches a disk.
"""

import json
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import segno
import typst
from flask_babel import gettext as _

from app.acts import words
from app.acts.manifest import Facts, digest_of
from app.assurance.models import Method
from app.assurance.words import document_name, level_name
from app.calls.words import part_name
from app.core.i18n import clock_time, date_in_words, language_name, speaking
from app.recordings.words import gap_name, minutes_and_seconds
from app.recordings.words import state_name as segment_state
from app.towns.words import channel_name

TEMPLATE = Path(__file__).with_name("document.typ")
STANDARDS: list[Any] = ["a-3a", "ua-1"]
# With what a sign is tried: the same font, and nothing else.
TRIAL = b"""#let act = json(bytes(sys.inputs.act))
#set document(title: "trial", date: auto)
#set text(font: "Libertinus Serif")
#act.signs"""
# Typst knows languages by their two letters of ISO 639, and Valencian is Catalan there.
LANGS = {"va": "ca"}

Rows = list[list[str]]
Group = dict[str, Any]
Section = dict[str, Any]


def drawn(facts: Facts, manifest: bytes, attached: dict[str, bytes] | None = None) -> bytes:
    """The PDF, not sealed yet. `attached`: what somebody signed and their signature, as text."""
    made_at = datetime.fromisoformat(facts["act"]["made_at"])
    own = facts["act"]["language"]
    slugs = [own] if own == "es" else [own, "es"]
    with speaking(own):
        said = {
            "title": _("Record of a visit"),
            "author": facts["body"]["name"],
            "footer": _("Check it with this code at the address above."),
            "qr_says": _("The address where this record is checked, to be read by a telephone."),
        }
    said |= {
        "date": {"year": made_at.year, "month": made_at.month, "day": made_at.day},
        "lang": LANGS.get(own, own),
        "region": "GB" if own == "en" else "ES",
        "csv": facts["act"]["csv"],
        "check": facts["body"]["check"],
        "qr": _qr(f"{facts['body']['check']}/{facts['act']['csv']}"),
        "parts": [_part(facts, manifest, slug, is_second=slug != own) for slug in slugs],
        "attached": _attached(manifest, attached or {}),
    }
    said |= _written(_shown(said), TURNING)
    try:
        return _compiled(TEMPLATE.read_bytes(), said, made_at)
    except typst.TypstError:  # a sign that none of its fonts has: no act waits for ever for that
        return _compiled(TEMPLATE.read_bytes(), _spelled(said, made_at), made_at)


def _compiled(template: bytes, said: dict[str, Any], made_at: datetime) -> bytes:
    return bytes(
        typst.compile(
            template,
            sys_inputs={"act": json.dumps(said)},
            pdf_standards=STANDARDS,
            ignore_system_fonts=True,
            timestamp=made_at,
        )
    )


def _spelled(said: dict[str, Any], made_at: datetime) -> dict[str, Any]:
    """The same, with the number of each sign that no font has. The manifest has the sign itself."""
    drawn = _shown(said)
    signs = {sign for text in _texts(drawn) for sign in text if not sign.isascii() or sign < " "}
    sure = {sign for sign in signs if _has_no_font(sign)}
    without = sure | _without_font(sorted(signs - sure), made_at)
    return said | _written(drawn, _numbers(without))


def _numbers(signs: Iterable[str]) -> dict[int, str]:
    return {ord(sign): f"[U+{ord(sign):04X}]" for sign in signs}


TURNING = _numbers("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _shown(said: dict[str, Any]) -> dict[str, Any]:
    """What is written on the paper: what goes with it stays byte for byte."""
    return {name: one for name, one in said.items() if name not in ("attached", "qr")}


def _has_no_font(sign: str) -> bool:
    """What needs no trial: controls, private signs, and the wide ones of East Asia."""
    kind, width = unicodedata.category(sign), unicodedata.east_asian_width(sign)
    return kind in ("Cc", "Cn", "Co", "Cs") or width in ("F", "W")


def _without_font(signs: list[str], made_at: datetime) -> set[str]:
    """Which of them cannot be drawn: all are tried together, and then half of them, and so on."""
    try:
        _compiled(TRIAL, {"signs": "".join(signs)}, made_at)
    except typst.TypstError:
        if len(signs) == 1:
            return set(signs)
        middle = len(signs) // 2
        return _without_font(signs[:middle], made_at) | _without_font(signs[middle:], made_at)
    return set()


def _texts(one: Any) -> Iterator[str]:
    if isinstance(one, str):
        yield one
    elif isinstance(one, dict | list):
        for inside in one.values() if isinstance(one, dict) else one:
            yield from _texts(inside)


def _written(one: Any, numbers: dict[int, str]) -> Any:
    if isinstance(one, str):
        return one.translate(numbers)
    if isinstance(one, dict):
        return {name: _written(inside, numbers) for name, inside in one.items()}
    return [_written(inside, numbers) for inside in one] if isinstance(one, list) else one


def _attached(manifest: bytes, more: dict[str, bytes]) -> list[dict[str, str]]:
    found = [_file("manifest.json", manifest, "application/json", "data")]
    for name, content in more.items():
        kind = "application/json" if name.endswith(".json") else "application/pkcs7-signature"
        found.append(_file(name, content, kind, "supplement"))
    return found


def _file(name: str, content: bytes, media_type: str, relationship: str) -> dict[str, str]:
    return {
        "name": name,
        "content": content.decode(),
        "media_type": media_type,
        "relationship": relationship,
        "description": f"{name}, SHA-256 {digest_of(content)}",
    }


def _qr(address: str) -> str:
    drawing = BytesIO()
    segno.make(address, error="m", micro=False).save(drawing, kind="svg", xmldecl=False, border=2)
    return drawing.getvalue().decode()


def _part(facts: Facts, manifest: bytes, slug: str, *, is_second: bool) -> dict[str, Any]:
    """All of it in one language."""
    zone, earlier = facts["body"]["time_zone"], facts.get("earlier_statements", [])
    with speaking(slug):
        sections = [
            _about(facts, slug, zone),
            _people(facts, zone),
            _consents(facts, zone),
            _requests(facts, zone),
            *(_statement(one, zone) for one in [*earlier, facts["statement"]]),
            _done(facts),
            _recording(facts, zone),
            _check(facts, manifest, zone),
        ]
        return {
            "lang": LANGS.get(slug, slug),
            "region": "GB" if slug == "en" else "ES",
            "is_second": is_second,
            "title": _("Record of a visit"),
            "town": facts["body"]["name_es" if slug == "es" else "name"],
            "lead": _lead(facts),
            "sections": [one for one in sections if one],
        }


def _lead(facts: Facts) -> list[str]:
    seal = facts["seal"]
    lines = [
        f"{words.grade_name(facts['act']['grade'])}. {words.grade_says(facts['act']['grade'])}"
    ]
    if seal["is_for_development"]:
        lines.append(_("This is a trial: its seal is NOT qualified and proves nothing."))
    elif not seal["is_qualified"]:
        lines.append(_("Its seal is not a qualified one."))
    if facts["act"]["replaces"]:
        code = facts["act"]["replaces"]["csv"]
        lines.append(_("It replaces the record with the code %(code)s.", code=code))
        lines.append(words.reason_name(facts["act"]["reason"]))
    return lines


def _about(facts: Facts, slug: str, zone: str) -> Section:
    meeting, times = facts["meeting"], facts["meeting"]["times"]
    key = "name_es" if slug == "es" else "name"
    began = times["in_service_at"] or times["called_at"]
    rows = [
        [_("What for"), ", ".join(one[key] for one in meeting["procedures"])],
        [_("How"), channel_name(meeting["channel"])],
        [_("Language"), language_name(meeting["language"])],
        [_("Began"), _when(began, zone)],
        [_("Ended"), _when(times["ended_at"], zone)],
        [_("Office"), meeting["office"]],
        [_("Number of the visit"), meeting["id"]],
    ]
    return _section(_("The visit"), _group(rows=rows))


def _people(facts: Facts, zone: str) -> Section:
    return _section(
        _("Who took part"),
        *(
            _group(part_name(one["part"]), _person(one), [*_identifications(one, zone)])
            for one in facts["participants"]
        ),
    )


def _person(one: Facts) -> Rows:
    rows = [[_("Name"), one["name"] or _("not given")]]
    if one["part"] == "clerk":
        rows.append([_("In the register of clerks who identify"), _yes_no(one["authorised"])])
        if one["resolution"]:
            rows.append([_("Resolution"), one["resolution"]])
    elif one["part"] == "citizen":
        rows.append([_("How surely they are known"), level_name(one["level"])])
    return rows


def _identifications(one: Facts, zone: str) -> list[str]:
    return [
        ". ".join(
            part
            for part in (
                _method(row["method"]),
                document_name(row["document_kind"]) if row["document_kind"] else "",
                row["document"],
                row["by"],
                _when(row["at"], zone),
            )
            if part
        )
        for row in one.get("identifications", ())
    ]


def _method(method: str) -> str:
    return {
        Method.SMS_CODE.value: _("Code sent to the telephone"),
        Method.PASSKEY.value: _("Passkey"),
        Method.CLERK.value: _("Document shown to a clerk"),
        Method.EID.value: _("National identity"),
    }[method]


def _consents(facts: Facts, zone: str) -> Section | None:
    if not facts["consents"]:
        return None
    return _section(
        _("What they were asked"),
        *(
            _group(
                _consent_name(one["what"]),
                [
                    *([[_("Who"), part_name(one["part"])]] if "part" in one else []),
                    [_("Answer"), _("They agreed") if one["given"] else _("They did not agree")],
                    [_("When"), _when(one["at"], zone)],
                    [_("How"), _way(one["way"])],
                    *_withdrawn(one, zone),
                    [
                        _("Version of the text"),
                        f"{one['text_version']}, {language_name(one['language'])}",
                    ],
                    ["SHA-256", one["text_sha256"]],
                ],
            )
            for one in facts["consents"]
        ),
    )


def _withdrawn(one: Facts, zone: str) -> Rows:
    """Who agreed and did so no longer had not agreed to the rest."""
    at = one.get("withdrawn_at")
    return [[_("Withdrawn"), _when(at, zone)]] if at else []


def _consent_name(what: str) -> str:
    return {
        "identification": _("To be identified by a clerk"),
        "recording": _("To be recorded"),
    }[what]


def _way(way: str) -> str:
    return {"clicked": _("On their screen"), "spoken": _("Aloud"), "": "—"}[way]


def _requests(facts: Facts, zone: str) -> Section | None:
    if not facts["requests"]:
        return None
    worded = [one for one in facts["requests"] if _is_worded(one)]
    rows = [
        [one["title"], f"{_request_state(one['state'])}. {_when(one['answered_at'], zone)}"]
        for one in facts["requests"]
        if one not in worded
    ]
    plain = [_group(rows=rows)] if rows else []
    groups = [_worded(one, zone) for one in worded]
    return _section(_("What the clerk asked for"), *plain, *groups)


def _is_worded(one: Facts) -> bool:
    """Whether its words count: somebody accepted, signed, confirmed or refused them."""
    return one["kind"] in ("text", "sign", "data") and one["state"] in ("done", "refused")


def _worded(one: Facts, zone: str) -> Group:
    answer = one["answer"]
    values = answer.get("values") or [value for _label, value in one["fields"]]
    data = [[label, value] for (label, _value), value in zip(one["fields"], values, strict=False)]
    rows = [
        *data,
        [_("Answer"), _answer(one)],
        [_("When"), _when(one["answered_at"], zone)],
        [_("How"), _answered_by(answer)],
        [_("Version of the text"), f"{one['text_version']}, {language_name(one['language'])}"],
        ["SHA-256", one["text_sha256"]],
    ]
    return _group(one["title"], rows, one["body"].splitlines())


def _answer(one: Facts) -> str:
    if one["state"] == "refused":
        return _("They did not agree")
    return {"text": _("They agreed"), "sign": _("They signed"), "data": _("They confirmed it")}[
        one["kind"]
    ]


def _answered_by(answer: Facts) -> str:
    if ending := answer.get("phone_ending"):
        return _("With a code sent to the telephone that ends in %(ending)s", ending=ending)
    if receipt := answer.get("receipt"):
        return _("On the signing page of the town hall: %(receipt)s", receipt=receipt)
    return _("Aloud") if answer.get("how") == "spoken" else _("On their screen")


def _request_state(state: str) -> str:
    return {
        "asked": _("Not answered yet"),
        "done": _("Done"),
        "refused": _("They did not agree"),
        "withdrawn": _("Withdrawn"),
        "expired": _("No answer in time"),
    }[state]


def _statement(one: Facts | None, zone: str) -> Section | None:
    if not one:
        return None
    rows = [
        [_("Read back"), _when(one["read_back_at"], zone)],
        [_("Corrections"), str(one["corrections"])],
        [_("They agreed"), f"{_when(one['agreed_at'], zone)}. {_way(one['way'])}"],
        [_("Signed for them by"), one["signed_by"]],
        [_("Resolution"), one["resolution"] or "—"],
        ["SHA-256", one["text_sha256"]],
    ]
    law = _("Signed for a citizen without means of their own (Law 39/2015, article 12.2).")
    return _section(
        _("What they state"), _group(paragraphs=one["text"].splitlines()), _group("", rows, [law])
    )


def _done(facts: Facts) -> Section | None:
    meeting = facts["meeting"]
    groups = [
        _group(title, paragraphs=text.splitlines())
        for title, text in (
            (_("What was done"), meeting["outcome"]),
            (_("Next steps"), meeting["next_steps"]),
        )
        if text
    ]
    return _section(_("What came of it"), *groups) if groups else None


def _recording(facts: Facts, zone: str) -> Section:
    recording = facts["recording"] or {"segments": [], "without_file": []}
    nothing = _group(paragraphs=[_("Nothing was recorded.")])
    groups = [_segment(one, zone) for one in recording["segments"]] or [nothing]
    without = [
        [_("Piece %(number)s", number=one["number"]), segment_state(one["state"])]
        for one in recording["without_file"]
    ]
    return _section(_("Recording"), *groups, *([_group(rows=without)] if without else []))


def _segment(one: Facts, zone: str) -> Group:
    gaps = [_gap(gap) for gap in one["gaps"]]
    rows = [
        [_("Began"), _when(one["started_at"], zone)],
        [_("Length"), minutes_and_seconds(one["duration_ms"])],
        [_("File"), f"{one['name']}, {one['bytes']} B"],
        ["SHA-256", one["sha256"]],
    ]
    title = _("Piece %(number)s", number=one["number"])
    return _group(title, rows, gaps)


def _gap(gap: Facts) -> str:
    why, at = gap_name(gap["reason"]), minutes_and_seconds(gap["from_ms"] or 0)
    if gap["until_ms"] is None:
        return _("Not recorded from %(at)s on: %(why)s.", at=at, why=why)
    until = minutes_and_seconds(gap["until_ms"])
    return _("Not recorded from %(at)s to %(until)s: %(why)s.", at=at, until=until, why=why)


def _check(facts: Facts, manifest: bytes, zone: str) -> Section:
    act = facts["act"]
    rows = [
        [_("Code (CSV)"), act["csv"]],
        [_("Address"), facts["body"]["check"]],
        [_("Identifier"), act["identifier"]],
        [_("Body"), f"{facts['body']['name']} ({facts['body']['dir3']})"],
        [_("Made"), _when(act["made_at"], zone)],
        [_("Sealed by"), facts["seal"]["by"]],
        [_("SHA-256 of manifest.json"), digest_of(manifest)],
    ]
    rows += [
        [
            words.grade_name(one["grade"]),
            ". ".join(part for part in (one["name"], one["post"], _when(one["at"], zone)) if part),
        ]
        for one in facts["signatures"]
    ]
    sentence = _("All of this stands as data in manifest.json, which is attached to this file.")
    return _section(_("How to check it"), _group("", rows, [sentence]))


def _section(title: str, *groups: Group) -> Section:
    return {"title": title, "groups": list(groups)}


def _group(title: str = "", rows: Rows | None = None, paragraphs: list[str] | None = None) -> Group:
    return {"title": title, "rows": rows or [], "paragraphs": paragraphs or []}


def _when(instant: str | None, zone: str) -> str:
    if not instant:
        return "—"
    at = datetime.fromisoformat(instant)
    return f"{date_in_words(at.astimezone(ZoneInfo(zone)).date())}, {clock_time(at, zone)}"


def _yes_no(is_so: bool) -> str:
    return _("Yes") if is_so else _("No")
