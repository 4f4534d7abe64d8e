"""A town, and a store of files and keys of each test's own."""

import pytest

from app.core.storage import Folder
from tests import town


@pytest.fixture(autouse=True)
def a_folder(app, tmp_path, monkeypatch):
    monkeypatch.setattr(app, "instance_path", str(tmp_path))
    monkeypatch.setitem(app.extensions, "storage", Folder(tmp_path / "files"))
    return tmp_path


@pytest.fixture
def store(app):
    return app.extensions["storage"]


@pytest.fixture
def place():
    return town.a_town()
