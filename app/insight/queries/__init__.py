"""Questions about what the counter was asked, what it gave, and what goes on there now."""

from app.insight.queries.board import TARGET, Board, Line, Talk, board_of
from app.insight.queries.duty import Duty, duty_between, duty_of_now
from app.insight.queries.figures import By, Figures, Of, Span, counted, figures, period_of
from app.insight.queries.forecast import Forecast, HalfHour, WhatIf, forecast_of, what_if
from app.insight.queries.keys import (
    key_named,
    key_or_404,
    keys,
    posts_of,
    webhook_or_404,
    webhooks,
)
from app.insight.queries.open_data import OpenTable, open_table, protected

__all__ = [
    "TARGET",
    "Board",
    "By",
    "Duty",
    "Figures",
    "Forecast",
    "HalfHour",
    "Line",
    "Of",
    "OpenTable",
    "Span",
    "Talk",
    "WhatIf",
    "board_of",
    "counted",
    "duty_between",
    "duty_of_now",
    "figures",
    "forecast_of",
    "key_named",
    "key_or_404",
    "keys",
    "open_table",
    "period_of",
    "posts_of",
    "protected",
    "webhook_or_404",
    "webhooks",
    "what_if",
]
