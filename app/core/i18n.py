"""Seven languages: which one to speak, what stands in for a missing text, how to say a date."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from babel.support import Translations
from flask import Blueprint, Flask, current_app, g, has_request_context, request, url_for
from flask_babel import Babel, Domain, force_locale
from flask_babel import gettext as _
from werkzeug.routing import BaseConverter, ValidationError

from app.core import clock

COOKIE = "lang"
COOKIE_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True)
class Language:
    """One of the seven. Its name is the one its own speakers use, never one out of a table."""

    slug: str  # in addresses
    label: str
    html: str  # BCP 47 tag for `lang`
    locale: str  # Babel's identifier
    hreflang: str
    fallback: tuple[str, ...]  # slugs, nearest first


LANGUAGES = {
    language.slug: language
    for language in (
        Language("es", "Castellano", "es-ES", "es", "es", ()),
        Language("ca", "Català", "ca", "ca", "ca", ("es",)),
        Language("va", "Valencià", "ca-valencia", "ca_ES_VALENCIA", "ca-ES-valencia", ("ca", "es")),
        Language("gl", "Galego", "gl", "gl", "gl", ("es",)),
        Language("eu", "Euskara", "eu", "eu", "eu", ("es",)),
        Language("oc", "Aranés", "oc-aranes", "oc_ES", "oc", ("ca", "es")),
        Language("en", "English", "en-GB", "en_GB", "en", ("es",)),
    )
}
DEFAULT = "es"
BY_LOCALE = {language.locale.lower(): language for language in LANGUAGES.values()}

# Babel's own patterns are ungrammatical in Basque and Galician, and ambiguous when short.
# e: weekday, d: day, m: month, dm: month with the preposition its first letter asks for, y: year.
DATE_PATTERNS = {
    "es": ("{e}, {d} de {m} de {y}", "{e} {d} de {m}"),
    "ca": ("{e}, {d} {dm} de {y}", "{e} {d} {dm}"),
    "va": ("{e}, {d} {dm} de {y}", "{e} {d} {dm}"),
    "gl": ("{e}, {d} de {m} de {y}", "{e} {d} de {m}"),
    "eu": ("{y}ko {m}ren {d}, {e}", "{m}ren {d}, {e}"),
    "oc": ("{e}, {d} {dm} de {y}", "{e} {d} {dm}"),
    "en": ("{e} {d} {m} {y}", "{e} {d} {m}"),
}


class SlugConverter(BaseConverter):
    """A language in an address: only the seven, so that anything else is no address at all."""

    regex = "[a-z]{2}"

    def to_python(self, value: str) -> str:
        if value not in LANGUAGES:
            raise ValidationError
        return value


class HouseBabel(Babel):
    """Keeps one set of catalogues for the process; Flask-Babel would read them at each request."""

    @property
    def domain_instance(self) -> Domain:
        return _DOMAIN


class FallingDomain(Domain):
    """A text missing in Valencian is looked for in Catalan, then in Spanish."""

    def get_translations(self) -> Any:
        if not has_request_context() and not current_app:
            return super().get_translations()
        config = current_app.config
        return catalogue(current_slug(), config["CATALOGUES"] or f"{config['ROOT']}/translations")


_DOMAIN = FallingDomain()


@cache
def catalogue(slug: str, folder: str) -> Any:
    language = LANGUAGES[slug]
    texts: Any = Translations.load(folder, [language.locale])
    for nearest in language.fallback:
        texts.add_fallback(Translations.load(folder, [LANGUAGES[nearest].locale]))
    return texts


def init_app(app: Flask) -> None:
    app.url_map.converters["lang"] = SlugConverter
    app.config["BABEL_DEFAULT_LOCALE"] = LANGUAGES[DEFAULT].locale
    HouseBabel(app, locale_selector=lambda: LANGUAGES[asked_slug()].locale)
    app.url_value_preprocessor(take_language)
    app.url_defaults(put_language)
    app.context_processor(words_of_the_page)
    app.template_global()(date_in_words)
    app.template_global()(day_in_words)
    app.template_global()(clock_time)
    app.template_global()(language_name)
    app.template_global()(now_in)


def take_language(endpoint: str | None, values: dict[str, Any] | None) -> None:
    if values and "lang" in values:
        g.lang = g.lang_from_address = values.pop("lang")


def put_language(endpoint: str, values: dict[str, Any]) -> None:
    if "lang" not in values and current_app.url_map.is_endpoint_expecting(endpoint, "lang"):
        values["lang"] = asked_slug()


def localized(name: str, import_name: str) -> Blueprint:
    """A blueprint whose addresses begin with the language."""
    return Blueprint(name, import_name, url_prefix="/<lang:lang>", template_folder="templates")


def asked_slug() -> str:
    """The language of this request: the address, then the person's own, then the browser's."""
    if not has_request_context():
        return DEFAULT
    if "lang" not in g and (first := request.path.split("/", 2)[1]) in LANGUAGES:
        g.lang = first  # a page that does not exist, below a language that does
    if "lang" not in g:
        g.lang = negotiate(
            own=g.get("own_lang", ()), cookie=request.cookies.get(COOKIE), header=_accepted()
        )
    return str(g.lang)


def current_slug() -> str:
    """The language spoken now: a forced one (a message to somebody) wins."""
    from flask_babel import get_locale

    locale = get_locale()
    return BY_LOCALE[_identifier(locale)].slug if locale else DEFAULT


def _identifier(locale: Locale) -> str:
    parts = (locale.language, locale.territory, locale.variant)
    known = "_".join(part for part in parts if part).lower()
    return known if known in BY_LOCALE else locale.language.lower()


def speaking(slug: str) -> AbstractContextManager[None]:
    """Say what follows in that language."""
    return force_locale(LANGUAGES[slug].locale)


def negotiate(own: Iterable[str], cookie: str | None, header: Iterable[str]) -> str:
    """The chosen language, else the first the browser asks for, else the town's first."""
    if cookie in LANGUAGES:
        return str(cookie)
    for tag in header:
        slug = slug_of_tag(tag)
        if slug:
            return slug
    return next(iter(own), DEFAULT)


def slug_of_tag(tag: str) -> str | None:
    """`ca-ES-valencia` → va, `oc-aranes` → oc, `eu-ES` → eu, `de` → None."""
    parts = tag.strip().lower().replace("_", "-").split("-")
    if parts[0] == "ca" and "valencia" in parts:
        return "va"
    return parts[0] if parts[0] in LANGUAGES and parts[0] != "va" else None


def _accepted() -> list[str]:
    return [tag for tag, quality in request.accept_languages if quality > 0][:20]


def in_language(texts: Mapping[str, Any] | None, slug: str | None = None) -> Any:
    """A town's own text in that language, or in the nearest one it was written in."""
    if not texts:
        return ""
    slug = slug or current_slug()
    for candidate in (slug, *LANGUAGES[slug].fallback):
        if texts.get(candidate):
            return texts[candidate]
    return next((text for text in texts.values() if text), "")


def words_of_the_page() -> dict[str, Any]:
    slug = current_slug()
    return {
        "lang": LANGUAGES[slug],
        "languages": languages_of_the_page(slug),
        "in_language": in_language,
        "languages_by_slug": LANGUAGES,
    }


def languages_of_the_page(slug: str) -> list[dict[str, Any]]:
    """Every language with the address of this same page in it; the town's own come first."""
    own = [code for code in g.get("own_lang", ()) if code in LANGUAGES]
    order = own + [code for code in LANGUAGES if code not in own]
    return [
        {
            "slug": code,
            "label": LANGUAGES[code].label,
            "html": LANGUAGES[code].html,
            "hreflang": LANGUAGES[code].hreflang,
            "url": _same_page(code),
            "is_current": code == slug,
        }
        for code in order
    ]


def _same_page(slug: str) -> str:
    """Only what is in the path and the query of a page that has a language; else its home."""
    rule = request.url_rule
    if request.endpoint and rule and "lang" in rule.arguments and request.method == "GET":
        path = url_for(request.endpoint, **{**(request.view_args or {}), "lang": slug})
        asked = urlencode(list(request.args.items(multi=True)))  # never as arguments of url_for
        return f"{path}?{asked}" if asked else path
    return f"/{slug}/"


def date_in_words(day: date, slug: str | None = None, *, with_year: bool = True) -> str:
    """`diumenge, 1 de març de 2026`: with its weekday, never in figures alone."""
    slug = slug or current_slug()
    locale = Locale.parse(LANGUAGES[slug].locale)
    month = format_date(day, "LLLL", locale)
    number = str(day.day)
    if slug == "eu" and day.day not in (11, 31):  # hamaika and hogeita hamaika end in -a already
        number += "a"
    return DATE_PATTERNS[slug][0 if with_year else 1].format(
        e=format_date(day, "EEEE", locale),
        d=number,
        m=month,
        dm=f"d’{month}" if month[0] in "aeiou" else f"de {month}",
        y=day.year,
    )


def day_in_words(day: date, today: date | None = None) -> str:
    """`today`, `tomorrow`, or the date without its year."""
    if today and (day - today).days == 0:
        return _("today")
    if today and (day - today).days == 1:
        return _("tomorrow")
    return date_in_words(day, with_year=False)


def now_in(zone: str) -> datetime:
    """This instant on the wall of that zone."""
    return clock.now().astimezone(ZoneInfo(zone))


def clock_time(instant: datetime, zone: str) -> str:
    """`17:05` on the wall of that zone; 24 hours in every language."""
    return instant.astimezone(ZoneInfo(zone)).strftime("%-H:%M")


def language_name(slug: str) -> str:
    """The language's name inside a sentence of the language spoken now."""
    return {
        "es": _("Spanish"),
        "ca": _("Catalan"),
        "va": _("Valencian"),
        "gl": _("Galician"),
        "eu": _("Basque"),
        "oc": _("Aranese"),
        "en": _("English"),
    }[slug]
