"""The staff's side: the clerk's check, and what the town decides about identifying people."""

from app.assurance.backoffice import check, rules
from app.assurance.backoffice.check import bp
from app.assurance.backoffice.rules import office_bp

__all__ = ["bp", "check", "office_bp", "rules"]
