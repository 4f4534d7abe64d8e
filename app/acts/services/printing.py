"""Where an act may come out on paper, besides on whatever prints at home.

Whoever has a printer near somebody who is attended says so in their `init_app`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, current_app

from app.accounts.models import Account
from app.acts.errors import NoPrinter
from app.booking.models import Visit


@dataclass(frozen=True)
class Printer:
    """One near that person: how its place is called, and what has the act of theirs printed."""

    name: str
    print_act: Callable[[Account], object]


Finder = Callable[[Visit], Printer | None]


def printed_by(app: Flask, find: Finder) -> None:
    """From now on this is asked too. A second registration changes nothing."""
    finders = app.extensions.setdefault("acts.printers", [])
    if find not in finders:
        finders.append(find)


def print_near(visit: Visit, by: Account) -> None:
    """One press, and its act comes out where the citizen is."""
    printer = printer_near(visit)
    if printer is None:
        raise NoPrinter
    printer.print_act(by)


def printer_near(visit: Visit) -> Printer | None:
    """The first that is near the citizen of that visit now."""
    found = (find(visit) for find in current_app.extensions.get("acts.printers", ()))
    return next((one for one in found if one is not None), None)
