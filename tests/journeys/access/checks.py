"""What every screen must keep, whatever it shows. Each check answers with sentences; none is good."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

ROOT = Path(__file__).parents[3]
AXE = (ROOT / "node_modules/axe-core/axe.min.js").read_text()
HTMLCS = (ROOT / "node_modules/html_codesniffer/build/HTMLCS.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag2aaa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

WIDTHS = (320, 390, 1080, 1280)
AS_IT_COMES = {
    "color_scheme": "light",
    "forced_colors": "none",
    "reduced_motion": "no-preference",
    "contrast": "no-preference",
}
MODES: dict[str, dict[str, str]] = {
    "light": {**AS_IT_COMES, "color_scheme": "light"},
    "dark": {**AS_IT_COMES, "color_scheme": "dark"},
    "forced colours": {**AS_IT_COMES, "forced_colors": "active"},
    "reduced motion": {
        "color_scheme": "light",
        "forced_colors": "none",
        "reduced_motion": "reduce",
        "contrast": "more",  # in the same look
    },
}

# Everything folded away is looked at too.
UNFOLD = "() => document.querySelectorAll('details').forEach((one) => { one.open = true })"

# What passes from one set of colours to another arrives at once.
SETTLE = """() => document.getAnimations()
    .filter((one) => one instanceof CSSTransition).forEach((one) => one.finish())"""

TOO_WIDE = """() => {
    const over = document.documentElement.scrollWidth - innerWidth
    if (over <= 0) return []
    const widest = [...document.querySelectorAll('body *')]
        .filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth + 1)
        .filter((one) => !one.closest('[tabindex="0"]'))
    return [`${over} px too wide: ${(widest.at(-1) ?? document.body).outerHTML.slice(0, 90)}`]
}"""

CUT_OFF = """() => [...document.querySelectorAll('a, button, p, h1, h2, h3, li, label, td, th, legend')]
    .filter((one) => one.checkVisibility() && !one.closest('.visually-hidden, .skip-link'))
    .filter((one) => ['hidden', 'clip'].includes(getComputedStyle(one).overflowX))
    .filter((one) => one.scrollWidth > one.clientWidth + 1)
    .map((one) => `its text is cut off: ${one.outerHTML.slice(0, 90)}`)"""

# Letters that leave the box they stand in, wherever they are then drawn, or are cut off below it.
OUT_OF_ITS_BOX = """() => {
    const apart = '.visually-hidden, .skip-link, svg, select, option, textarea'
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    const range = document.createRange(), out = []
    while (texts.nextNode()) {
        const one = texts.currentNode.parentElement
        if (!texts.currentNode.data.trim() || !one.checkVisibility() || one.closest(apart)) continue
        let box = one
        while (getComputedStyle(box).display.startsWith('inline') && !box.matches('.button, .tag')) box = box.parentElement
        const style = getComputedStyle(box), edge = box.getBoundingClientRect()
        if (['auto', 'scroll'].includes(style.overflowX) || box.clientWidth <= 1) continue
        range.selectNodeContents(texts.currentNode)
        const rects = [...range.getClientRects()]
        const leaves = rects.some((rect) => rect.right > edge.right + 1 || rect.left < edge.left - 1)
        const isCut = ['hidden', 'clip'].includes(style.overflowY) && box.scrollHeight > box.clientHeight + 1
        if (leaves || isCut) out.push(`its text leaves its box: ${box.outerHTML.slice(0, 120)}`)
    }
    return [...new Set(out)]
}"""

# A word of what is pressed stands whole, unless its language says where it is parted.
BROKEN = """() => [...document.querySelectorAll('button, .button, .tag, nav a, summary')]
    .filter((one) => one.checkVisibility() && !one.closest('.visually-hidden, .skip-link'))
    .filter((one) => getComputedStyle(one).hyphens !== 'auto')
    .flatMap((one) => {
        const texts = document.createTreeWalker(one, NodeFilter.SHOW_TEXT)
        const range = document.createRange(), broken = []
        while (texts.nextNode()) {
            if (texts.currentNode.parentElement.closest('.visually-hidden')) continue
            for (const word of texts.currentNode.data.matchAll(/[\\p{L}\\d]{2,}/gu)) {
                range.setStart(texts.currentNode, word.index)
                range.setEnd(texts.currentNode, word.index + word[0].length)
                const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.top)))
                if (lines.size > 1) broken.push(`a word is broken, ${word[0]}: ${one.outerHTML.slice(0, 90)}`)
            }
        }
        return broken
    })"""

SMALL = """() => [...document.querySelectorAll('a, button, input:not([type=hidden]), select, summary, textarea')]
    .filter((one) => one.checkVisibility() && !one.closest('.visually-hidden, .skip-link'))
    .filter((one) => !(one.matches('a') && one.closest('p, li, td, dd, figcaption')
        && one.closest('p, li, td, dd, figcaption').textContent.trim() !== one.textContent.trim()))
    .filter((one) => !one.matches('input[type=checkbox], input[type=radio]'))
    .map((one) => [one.outerHTML.slice(0, 90), one.getBoundingClientRect()])
    .filter(([, box]) => box.width > 0 && (box.height < 43.5 || box.width < 43.5))
    .map(([what, box]) => `small (${Math.round(box.width)}×${Math.round(box.height)}): ${what}`)"""

# What goes on with a task is larger than other buttons, on the citizen's side.
NARROW = """() => [...document.querySelectorAll('[data-layout="page"] form .button:not(.button--quiet)')]
    .filter((one) => one.checkVisibility() && !one.closest('dialog, .visually-hidden'))
    .map((one) => [one.outerHTML.slice(0, 90), one.getBoundingClientRect()])
    .filter(([, box]) => box.height > 0 && box.height < 55.5)
    .map(([what, box]) => `a button ${Math.round(box.height)} px high: ${what}`)"""

ORDER = """() => {
    const wrong = []
    const heads = document.querySelectorAll('h1')
    if (heads.length !== 1) wrong.push(`${heads.length} headings of the first order`)
    if (!document.title.trim()) wrong.push('no title')
    const ids = new Map()
    for (const one of document.querySelectorAll('[id]')) ids.set(one.id, (ids.get(one.id) ?? 0) + 1)
    for (const [id, count] of ids) if (count > 1) wrong.push(`${count} elements are called ${id}`)
    for (const target of document.querySelectorAll('[hx-swap], [hx-swap-oob]')) {
        for (const one of target.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')) {
            if (!one.id) wrong.push(`loses the focus when it is swapped, for it has no id: ${one.outerHTML.slice(0, 90)}`)
        }
    }
    for (const one of document.querySelectorAll('*')) {
        for (const { name } of one.attributes) {
            if (/^on/.test(name)) wrong.push(`a handler in line: ${one.outerHTML.slice(0, 90)}`)
            if (name === 'style') wrong.push(`a style in line: ${one.outerHTML.slice(0, 90)}`)
        }
    }
    for (const one of document.querySelectorAll('a[hreflang]')) {
        if (one.lang.split('-')[0] !== one.hreflang.split('-')[0]) wrong.push(`another language than it says: ${one.outerHTML.slice(0, 90)}`)
    }
    return wrong
}"""

# What was moving when the reader's wish became known may still come to rest: what counts is what
# the styles say from then on.
MOVING = """() => {
    const lasts = (times) => Math.max(...times.split(',').map(parseFloat))
    return [...document.querySelectorAll('*')]
        .flatMap((one) => ['', '::before', '::after'].map((part) => [one, getComputedStyle(one, part)]))
        .filter(([, style]) => lasts(style.transitionDuration) > 0
            || (style.animationName !== 'none' && lasts(style.animationDuration) > 0))
        .map(([one]) => `moves although nothing should: ${one.outerHTML.slice(0, 90)}`)
}"""

# The spacing of WCAG 1.4.12; nothing may be lost by it.
SPACED = """* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }
p { margin-block-end: 2em !important }"""

LARGER = "html { font-size: 200% !important }"


# What axe leaves to people, and what people saw.
TRIAGED = {
    "color-contrast": "on the gradient of the masthead: white on its lightest end is above 7:1",
    "color-contrast-enhanced": "the same",
    "video-caption": "a call is live: it has captions of its own, and text letter by letter",
}


def faults(page: Page) -> list[str]:
    """What axe finds, every level of WCAG and its best practice."""
    return [f"axe {rule}: {html}" for rule, html in _axe(page)["violations"]]


def undecided(page: Page) -> list[str]:
    """The rules that axe left to people, of all that it was asked on this page."""
    return list(page.evaluate("[...(window.leftToPeople ?? [])]"))


def _axe(page: Page) -> dict[str, list[tuple[str, str]]]:
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE + ";undefined")
    question = """(tags) => axe
        .run(document, {
            runOnly: { type: 'tag', values: tags }, resultTypes: ['violations', 'incomplete'] })
        .then((found) => {
            window.leftToPeople ??= new Set()
            for (const one of found.incomplete) window.leftToPeople.add(one.id)
            return found
        })
        .then((found) => Object.fromEntries(['violations', 'incomplete'].map((kind) => [kind,
            found[kind].flatMap((one) => one.nodes.map((node) => [one.id, node.html.slice(0, 120)]))])))"""
    return dict(page.evaluate(question, TAGS))


def second_opinion(page: Page) -> list[str]:
    """What the other engine finds at level AAA.

    It is older than buttons that stand outside their form (H32): a form of hidden fields alone, to
    which the buttons of a list belong, has nothing of its own to send.
    """
    if not page.evaluate("typeof HTMLCS === 'object'"):
        page.evaluate(HTMLCS + ";undefined")
    found = page.evaluate(
        """() => new Promise((answer) => HTMLCS.process('WCAG2AAA', document, () => answer(
            HTMLCS.getMessages().filter((one) => one.type === HTMLCS.ERROR)
                .filter((one) => !(one.code.endsWith('H32.2')
                    && !one.element.querySelector('input:not([type=hidden]), select, textarea')))
                .map((one) => [one.code, one.element?.outerHTML?.slice(0, 120) ?? '']))))"""
    )
    return [f"{code.split('.', 1)[1]}: {html}" for code, html in found]


def shape(page: Page) -> list[str]:
    """Nothing too wide, nothing cut off."""
    return [*page.evaluate(TOO_WIDE), *page.evaluate(CUT_OFF)]


def targets(page: Page) -> list[str]:
    return [*page.evaluate(SMALL), *page.evaluate(NARROW), *page.evaluate(BROKEN)]


def order(page: Page) -> list[str]:
    return list(page.evaluate(ORDER))


def still(page: Page) -> list[str]:
    return list(page.evaluate(MOVING))


def with_style(page: Page, css: str, check: Callable[[Page], list[str]]) -> list[str]:
    """The check while a reader's own style applies."""
    page.evaluate(
        """(css) => {
            const sheet = new CSSStyleSheet()
            sheet.replaceSync(css)
            document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
        }""",
        css,
    )
    found = check(page)
    page.evaluate(
        "() => { document.adoptedStyleSheets = document.adoptedStyleSheets.slice(0, -1) }"
    )
    return found
