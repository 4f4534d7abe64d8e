"""What a kiosk must be, in millimetres, on the screen that the kit names: 21.5 inches, full HD."""

from playwright.sync_api import Page

MM = 268.11 / 1080  # of one pixel
FLOOR = 800  # the lower edge of the picture above the floor, as the kit's page says
UPRIGHT, LYING = (1080, 1920), (1920, 1080)

CAPITAL = 6.1  # 0.7 degrees at 500 mm (EN 301 549, 5.1.4)
TARGET = 16.0
PAD_KEY = 20.0
SQUARE = 40.0
LOW, HIGH = 800, 1100  # where everything is in the low layout
HIGHEST = 1220  # a forward reach, in the other (EN 301 549, 8.3)

MEASURE = """
() => {
  const seen = (one) => one.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })
    && !one.closest('.visually-hidden, dialog:not([open]), [hidden]')
  const pen = document.createElement('canvas').getContext('2d')
  const texts = []
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walk.nextNode()) {
    const words = walk.currentNode.data.trim()
    const parent = walk.currentNode.parentElement
    if (!words || parent.matches('script, style, template, noscript') || !seen(parent)) continue
    const style = getComputedStyle(parent)
    pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`
    texts.push([words.slice(0, 40), pen.measureText('H').actualBoundingBoxAscent])
  }
  const touched = 'a[href], button, input:not([type=hidden]), select'
  const targets = [...document.querySelectorAll(touched)]
    .filter(seen)
    .map((one) => {
      const box = one.getBoundingClientRect()
      const name = one.id || one.outerHTML.slice(0, 60)
      return [name, box.width, box.height, box.top, box.bottom, one.matches('.pad__key')]
    })
    .filter(([, width]) => width > 0)
  const square = document.querySelector('.square')?.getBoundingClientRect().width ?? null
  const page = document.documentElement
  const over = { wide: page.scrollWidth - innerWidth, tall: page.scrollHeight - innerHeight }
  return { texts, targets, square, ...over, height: innerHeight, width: innerWidth }
}
"""


def too_small(page: Page, *, is_low: bool = False) -> list[str]:
    """Everything on this screen that somebody of seventy could not read, hit or reach."""
    found = page.evaluate(MEASURE)
    height = found["height"]
    wrong = [f"“{text}” is {px * MM:.1f} mm" for text, px in found["texts"] if px * MM < CAPITAL]
    for name, width, tall, top, bottom, is_key in found["targets"]:
        least = PAD_KEY if is_key else TARGET
        if min(width, tall) * MM < least:
            wrong.append(f"{name} is {width * MM:.1f} × {tall * MM:.1f} mm")
        upper, lower = FLOOR + (height - top) * MM, FLOOR + (height - bottom) * MM
        if upper > (HIGH if is_low else HIGHEST) or lower < LOW - 0.5:
            wrong.append(f"{name} is between {lower:.0f} and {upper:.0f} mm")
    if found["square"] is not None and found["square"] * MM < SQUARE:
        wrong.append(f"the square is {found['square'] * MM:.0f} mm")
    if found["wide"] > 0:
        wrong.append(f"{found['wide']} px too wide")
    if found["tall"] > 0:
        wrong.append(f"{found['tall']} px too tall")
    return [f"{page.url} {found['width']}: {one}" for one in wrong]
