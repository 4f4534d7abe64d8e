"""The two questions, for whoever has the one link of a visit."""

from flask import Response, url_for

from app.booking import queries as booking
from app.core.db import transaction
from app.core.htmx import page_or_fragment, see_other
from app.core.i18n import localized
from app.core.security import everyone
from app.survey import queries, services
from app.survey.forms import AnswerForm
from app.survey.models import Said

bp = localized("survey", __name__)
bp.add_app_template_global(queries.can_answer, "can_answer_survey")


@bp.route("/visits/<code>/survey", methods=["GET", "POST"])
@everyone
def answer(code: str) -> Response:
    visit = booking.booked_visit_or_404(code)
    form = AnswerForm()
    if form.validate_on_submit():
        with transaction():
            services.answer(visit, Said(form.understood.data), Said(form.solved.data))
        return see_other(url_for("portal.visit", code=code, thanks=1))
    if not form.errors and not queries.can_answer(visit):
        return see_other(url_for("portal.visit", code=code))
    return page_or_fragment(
        "survey/answer.html",
        "survey/_answer_form.html",
        status=422 if form.errors else 200,
        visit=visit,
        form=form,
    )
