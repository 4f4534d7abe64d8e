"""`flask schedule …`: how many clerks a line needs."""

import math

import click
from flask.cli import AppGroup

from app.schedule import planning
from app.schedule.planning import Demand

commands = AppGroup("schedule", help="Who is needed at the counter.")

USUAL_WAITS = (5.0, 10.0)  # minutes that the table always shows


@commands.command("plan")
@click.option("--arrivals", type=float, required=True, help="People who come in an hour.")
@click.option("--minutes", type=float, required=True, help="Mean minutes of an attention.")
@click.option("--patience", type=float, help="Mean minutes until who waits leaves.")
@click.option("--within", type=float, default=10, show_default=True, help="Minutes to wait.")
@click.option("--share", type=float, default=0.8, show_default=True, help="Share attended so.")
@click.option(
    "--most", type=click.IntRange(1, 200), default=12, show_default=True, help="Rows of the table."
)
@click.option("--towns", type=click.IntRange(min=2), help="Towns among which they are split.")
def plan(
    arrivals: float,
    minutes: float,
    patience: float | None,
    within: float,
    share: float,
    most: int,
    towns: int | None,
) -> None:
    """Print what people would live through with 1, 2, 3… clerks, and how many are enough."""
    try:
        demand = Demand(arrivals, minutes, patience)
        enough = _enough(demand, within, share)
        apart = _enough(Demand(arrivals / (towns or 1), minutes, patience), within, share)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    target = f"{100 * share:g} % within {within:g} min"
    waits = sorted({*USUAL_WAITS, within})
    rows = [_headings(demand, waits)]
    rows += [_row(demand, clerks, waits) for clerks in range(1, most + 1)]
    for clerks, line in enumerate(_aligned(rows)):
        click.echo(f"{line}   ← {target}" if clerks == enough else line)
    if enough > most:
        click.echo(f"{target} needs {enough} clerks, more than this table shows.")
    if towns:
        click.echo(
            f"For {target}, {towns} towns with a line each need {_clerks(apart)} each,"
            f" {towns * apart} in all; one line for all of them needs {_clerks(enough)}."
        )


def _enough(demand: Demand, within: float, share: float) -> int:
    return planning.clerks_needed(
        demand.arrivals_per_hour,
        demand.service_minutes,
        within_minutes=within,
        share=share,
        patience_minutes=demand.patience_minutes,
    )


def _headings(demand: Demand, waits: list[float]) -> list[str]:
    leaving = ["leave"] if demand.patience_minutes else []
    return ["clerks", "busy", "wait", "mean wait", *(f"≤ {wait:g} min" for wait in waits), *leaving]


def _row(demand: Demand, clerks: int, waits: list[float]) -> list[str]:
    mean = planning.mean_wait(demand, clerks)
    leaving = [_percent(planning.share_leaving(demand, clerks))] if demand.patience_minutes else []
    return [
        str(clerks),
        _percent(planning.busy_share(demand, clerks)),
        _percent(planning.chance_of_waiting(demand, clerks)),
        "no end" if math.isinf(mean) else f"{mean:.1f} min",
        *(_percent(planning.share_within(demand, clerks, wait)) for wait in waits),
        *leaving,
    ]


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "   ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _clerks(count: int) -> str:
    return "1 clerk" if count == 1 else f"{count} clerks"
