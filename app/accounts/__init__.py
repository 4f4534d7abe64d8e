"""Accounts: people — citizens by their telephone, staff by invitation — and what each may do."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.accounts import cli, models  # noqa: F401

    app.cli.add_command(cli.commands)
