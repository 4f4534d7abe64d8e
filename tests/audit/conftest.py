"""Stamps are kept in the instance folder: here each test has one of its own."""

import pytest


@pytest.fixture(autouse=True)
def a_folder(app, tmp_path, monkeypatch):
    monkeypatch.setattr(app, "instance_path", str(tmp_path))
