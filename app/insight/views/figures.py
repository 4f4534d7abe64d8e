"""Figures on the screen, as a sheet, and as open data."""

from datetime import date, timedelta

from flask import Response, g, request

from app.core import clock
from app.core.db import transaction
from app.core.i18n import in_language
from app.identity.session import requires
from app.insight import queries, services, sheets, words
from app.insight.forms import SpanForm
from app.insight.queries import By, OpenTable
from app.insight.views.door import PLANNERS, office_bp, page
from app.towns import queries as towns

MONTHS = 12


@office_bp.get("/figures")
@requires(*PLANNERS)
def figures() -> Response:
    """It only asks: what was asked is in the address."""
    form = _form()
    if not form.validate():
        return page("figures", 422, form=form, charts=[], rows=[], query="")
    span = form.span
    rows = queries.figures(g.town, span)
    return page(
        "figures",
        form=form,
        charts=words.charts_of(rows, span.by, span.of),
        rows=rows,
        span=span,
        columns=words.columns(),
        names=words.names_of_keys(span.of),
        key_name=words.key_name,
        query=request.query_string.decode("ascii", "ignore"),
    )


@office_bp.get("/figures.csv")
@requires(*PLANNERS)
def sheet() -> Response:
    form = _form()
    if not form.validate():
        return page("figures", 422, form=form, charts=[], rows=[], query="")
    span, columns = form.span, words.columns()
    names = words.names_of_keys(span.of)
    rows = queries.figures(g.town, span)
    with transaction():
        services.take_figures(f"{span.first} {span.last} {span.by} {span.of}")
    return sheets.answer(
        f"figures-{g.town.slug}-{span.first}-{span.last}",
        ["period", span.of.value, *(name for name, _title, _kind in columns)],
        (
            [row.period, words.key_name(span.of, row.key, names)]
            + [getattr(row, name) for name, _title, _kind in columns]
            for row in rows
        ),
    )


@office_bp.get("/figures/open.csv")
@requires(*PLANNERS)
def open_data() -> Response:
    """The months that are over, for everybody to read: nobody can be found in them."""
    tables = [queries.open_table(g.town, *month) for month in _months_over()]
    with transaction():
        services.take_figures("open data")
    return sheets.answer(
        f"open-{g.town.slug}",
        [
            *("month", "town", "procedure", "name", "channel"),
            *("served", "no_show", "cancelled", "other", "total", "wait_minutes"),
        ],
        (row for table in tables for row in _open_rows(table)),
    )


def _open_rows(table: OpenTable) -> list[list[object]]:
    names = {one.slug: str(in_language(one.name)) for one in towns.procedures()}
    found = []
    for row in table.rows:
        cells = [table.cells[row, column] for column in _endings()]
        told = ["<5*" if count is None else count for count in cells]
        found.append(
            [
                *(f"{table.month:%Y-%m}", g.town.slug, row[0], names.get(row[0], ""), row[1]),
                *told,
                table.waits.get(row) if table.cells[row, "total"] is not None else None,
            ]
        )
    return found


def _endings() -> tuple[str, ...]:
    return ("served", "no_show", "cancelled", "other", "total")


def _months_over() -> list[tuple[date, date]]:
    """First and last day of each, the latest first."""
    found, first = [], queries.period_of(clock.today(g.town.time_zone), By.MONTH)
    for _number in range(MONTHS):
        last = first - timedelta(days=1)
        first = queries.period_of(last, By.MONTH)
        found.append((first, last))
    return found


def _form() -> SpanForm:
    return SpanForm(request.args, today=clock.today(g.town.time_zone))
