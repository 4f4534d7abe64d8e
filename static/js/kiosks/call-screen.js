import { withTheCall } from '../calls/here.js'

const WORDS_FOR = 8_000
/** Makers of cameras that look down on a table. */
const OVER_THE_TABLE = /document|overhead|visuali[sz]er|doc ?cam|table|ipevo|elmo|hovercam|aver|epson/i

/**
 * Which camera looks where: by its name, else the second one looks at the table.
 * @param {{ deviceId: string, label: string }[]} cameras
 * @param {string} which `table` or `face`
 */
export function cameraFor(cameras, which) {
  const table = cameras.find(({ label }) => OVER_THE_TABLE.test(label)) ?? cameras[1]
  return which === 'table' ? table : cameras.find((one) => one !== table)
}

/**
 * What the person reads about a paper that comes or does not.
 * @param {string} kind `scan` or `print`
 * @param {string} outcome as the device says it; `asked` before
 */
export function wordsFor(kind, outcome) {
  if (outcome === 'asked') return kind
  if (outcome === 'no_paper') return kind === 'scan' ? 'no-sheet' : 'no-paper'
  return outcome === 'done' || outcome === 'stopped' ? outcome : 'failed'
}

/**
 * What the clerk does at this kiosk: the camera over the table, a page to read, a paper that is scanned or printed.
 * @type {import('../core/mount.js').Mount}
 */
export function mount(panel) {
  const gone = new AbortController()
  const page = /** @type {HTMLElement} */ (panel.querySelector('[data-part="page"]'))
  const words = /** @type {HTMLElement} */ (panel.querySelector('[data-part="words"]'))
  const close = /** @type {HTMLElement} */ (panel.querySelector('[data-part="close"]'))
  /** @type {import('../core/media.js').Devices | undefined} */
  let devices
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer

  const show = () => {
    const isEmpty = !page.childElementCount
    close.hidden = isEmpty
    panel.hidden = isEmpty && !words.textContent
  }
  /** @param {string} name */
  const say = (name) => {
    words.textContent = panel.getAttribute(`data-text-${name}`)
    show()
    clearTimeout(timer)
    timer = setTimeout(() => {
      words.textContent = ''
      show()
    }, WORDS_FOR)
  }
  const hide = () => {
    page.replaceChildren()
    show()
  }
  /** @param {string} name */
  const open = async (name) => {
    const answer = await fetch(`shown/${encodeURIComponent(name)}`, { headers: { 'HX-Request': 'true' } })
    if (!answer.ok) return
    const read = new DOMParser().parseFromString(await answer.text(), 'text/html').body.firstElementChild
    page.replaceChildren(...(read ? [read] : []))
    show()
    panel.scrollIntoView({ block: 'nearest' })
  }
  /** @param {string} which */
  const lookThrough = async (which) => {
    const camera = cameraFor((await devices?.cameras()) ?? [], which)
    if (!camera) return which === 'table' && say('no-camera')
    await devices?.use(camera.deviceId)
    if (which === 'table') say('camera')
  }

  /** @param {any} event */
  const hear = ({ detail }) => {
    const { which, page: wanted, kind, outcome } = detail
    if (which) lookThrough(which)
    else if (wanted) open(wanted)
    else if (kind === 'scan' || kind === 'print') say(wordsFor(kind, outcome))
    else if (!kind) hide()
  }
  document.addEventListener('kiosk', hear, { signal: gone.signal })
  close.addEventListener('click', hide, { signal: gone.signal })
  const forget = withTheCall((call) => { devices = call.devices })
  return () => {
    gone.abort()
    clearTimeout(timer)
    forget()
  }
}
