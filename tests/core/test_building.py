"""Rules of the house that no single room can check."""

import ast
import re
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_migrate import downgrade, upgrade

from app import FLOORS, create_app
from app.core.db import Base, db
from tests import postgres

ROOT = Path(__file__).parents[2]
APP = ROOT / "app"
TEMPLATES = sorted(APP.glob("*/templates/**/*.html"))
PUBLIC_ROOMS = {"models", "queries", "services", "words", "events", "errors"}
# Doors that other features may use by name besides the public rooms.
DOORS = {
    "app.acts.printing",
    "app.archive.serving",
    "app.identity.eid",
    "app.identity.session",
    "app.identity.telephone",
    "app.towns.tenant",
    "app.messaging.providers",
}
# How the staff get in, and the screen of the hall, which shows numbers to everybody there.
DOORS_TO_THE_DESK = re.compile(r"/desk/(sign-in|sign-out|enrol)|/office/<slug>/display")
LABELS = ("everyone", "provider")


def imports_of(file: Path) -> list[str]:
    """Every module of the application that the file names, `from app.x import y` as `app.x.y`."""
    found = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("app"):
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def test_features_are_entered_by_their_public_rooms():
    trespassers = []
    for file in APP.glob("*/**/*.py"):
        own = file.relative_to(APP).parts[0]
        for name in imports_of(file):
            parts = name.split(".")
            if len(parts) < 3 or parts[1] in (own, "core", "ui") or own == "migrations":
                continue
            is_door = any(name.startswith(door) for door in DOORS)
            if parts[2] not in PUBLIC_ROOMS and not is_door:
                trespassers.append(f"{file.relative_to(ROOT)} → {name}")

    assert trespassers == []


def test_every_feature_has_a_sign_on_its_door():
    for floor in FLOORS:
        sign = floor.__doc__ or ""
        assert sign.endswith("."), floor.__name__
        assert len(sign.splitlines()) == 1, floor.__name__


def test_every_route_says_who_may_enter(app):
    unlabelled = [
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if not getattr(app.view_functions[rule.endpoint], "who_may_enter", None)
    ]

    assert unlabelled == []


def test_the_desk_is_closed_to_everyone(app):
    open_doors = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(("/desk", "/office"))
        and app.view_functions[rule.endpoint].who_may_enter in LABELS
        and not DOORS_TO_THE_DESK.match(rule.rule)
    ]

    assert open_doors == []


def test_every_person_without_a_passkey_is_stopped_at_the_desk(app, client):
    from tests import town

    place = town.a_town()
    for rule in app.url_map.iter_rules():
        is_behind_it = rule.rule.startswith(("/desk", "/office"))
        if not is_behind_it or DOORS_TO_THE_DESK.match(rule.rule):
            continue
        path = re.sub(r"<int:[^>]+>", "1", re.sub(r"<lang:[^>]+>", "ca", rule.rule))
        path = re.sub(r"<[^>]+>", "x", path)
        if "GET" in rule.methods:
            answer = client.get(f"{town.base(place)}{path}", headers={"HX-Request": "true"})
            assert answer.status_code == 401, rule.rule


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_a_fragment_is_one_element_with_the_name_of_its_file(file):
    if not file.name.startswith("_"):
        return
    text = re.sub(r"{#.*?#}|{%.*?%}", "", file.read_text(), flags=re.S).strip()
    name = file.stem[1:].replace("_", "-")

    first = re.match(r"<(\w+)\b[^>]*?\bid=\"([^\"]+)\"", text)
    assert first, "the fragment does not begin with an element that has an id"
    assert first[2] == name
    assert text.endswith(f"</{first[1]}>")


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_a_template_brings_nothing_that_the_policy_forbids(file):
    text = file.read_text()

    assert not re.search(r"<script(?![^>]*\bsrc=)", text), "a script without a file"
    assert not re.search(r"\sstyle=", text), "a style in line"
    assert not re.search(r"\son[a-z]+=", text), "a handler in line"
    assert "hx-on" not in text
    assert "js:" not in text
    assert "javascript:" not in text


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_what_htmx_does_works_without_it(file):
    for tag in re.findall(
        r"<(?:form|a|button)\b[^>]*\bhx-(?:get|post)=[^>]*>", file.read_text(), re.S
    ):
        twin = "action=" if tag.startswith("<form") else "href="
        assert twin in tag, tag


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_what_takes_the_focus_in_a_fragment_has_a_name(file):
    """Else the focus is lost when the fragment is put in place of itself."""
    if not file.name.startswith("_"):
        return
    for tag in re.findall(r"<(?:a|button|summary)\b[^>]*>", file.read_text(), re.S):
        assert " id=" in tag, tag


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_no_macro_is_brought_in_and_not_used(file):
    text = file.read_text()
    for names in re.findall(r"{%-? from \"[^\"]+\" import ([\w, ]+?) -?%}", text):
        for name in names.split(","):
            here = name.split(" as ")[-1].strip()
            assert re.search(rf"(?<!import )\b{here}\(", text), here


def test_there_is_one_newest_migration():
    script = ScriptDirectory(str(APP / "migrations"))

    assert len(script.get_heads()) == 1


def test_migrations_make_what_the_models_say(app):
    context = MigrationContext.configure(db.session.connection(), opts={"compare_type": False})

    assert compare_metadata(context, Base.metadata) == []


@pytest.fixture(params=["sqlite", "postgresql"])
def an_empty_register(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/other.db"
        return
    if postgres.programs() is None:
        pytest.skip("POSTGRESQL IS NOT INSTALLED: migrations were NOT tried on it")
    with postgres.a_server() as address:
        yield address


def test_migrations_go_up_down_and_up_again(tmp_path, an_empty_register):
    other = create_app(TESTING=True, INSTANCE=str(tmp_path), DATABASE_URL=an_empty_register)
    with other.app_context():
        upgrade()
        downgrade(revision="base")
        upgrade()
        db.engine.dispose()


def test_the_files_of_the_browser_bring_nothing_from_elsewhere():
    for file in (ROOT / "static").rglob("*"):
        if file.suffix in (".css", ".js") and "vendor" not in file.parts:
            text = re.sub(r"/\*.*?\*/|//[^\n]*", "", file.read_text(), flags=re.S)
            assert not re.search(r"https?://|@font-face|\beval\(|new Function", text), file


def test_htmx_waits_for_its_extensions():
    """Deferred, it starts as soon as it can and never sees an extension that comes later."""
    for file in TEMPLATES:
        for tag in re.findall(r"<script[^>]*vendor/[^>]*>", file.read_text()):
            assert "defer" not in tag, file.name
            assert "async" not in tag, file.name
