"""The screens of whoever supervises, and what other machines may ask."""

from app.insight.views import api, board, figures, machines, planner
from app.insight.views.door import api_bp, office_bp

__all__ = ["api", "api_bp", "board", "figures", "machines", "office_bp", "planner"]
