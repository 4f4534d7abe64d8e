"""The staff's side: the act of a visit, what a citizen states, whose signature counts, courts."""

from app.acts.backoffice import desk, office
from app.acts.backoffice.desk import bp
from app.acts.backoffice.office import office_bp

__all__ = ["bp", "desk", "office", "office_bp"]
