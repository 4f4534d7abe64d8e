/**
 * What brings an element to life, by its data-module. A file is loaded only where it is needed.
 * @type {import('./core/mount.js').Modules}
 */
const MODULES = {
  'call-screen': () => import('./calls/call-screen.js'),
  'check-file': () => import('./acts/check-file.js'),
  'code-from-message': () => import('./identity/code-from-message.js'),
  'device-check': () => import('./devices/check-screen.js'),
  'desk-day': () => import('./desk/day-screen.js'),
  'desk-keys': () => import('./desk/keys-screen.js'),
  'kiosk-call': () => import('./kiosks/call-screen.js'),
  'kiosk-pad': () => import('./kiosks/pad-form.js'),
  'kiosk-stay': () => import('./kiosks/stay-screen.js'),
  'left-behind': () => import('./recordings/left-behind.js'),
  'opens-papers': () => import('./requests/opens-papers.js'),
  'passkey-form': () => import('./identity/passkey-form.js'),
  'passkey-signals': () => import('./identity/passkey-signals.js'),
  'recording-screen': () => import('./recordings/recording-screen.js'),
  papers: () => import('./papers/papers.js'),
  'papers-beside': () => import('./papers/papers-beside.js'),
  'print-button': () => import('./portal/print-button.js'),
  'send-again': () => import('./identity/send-again.js'),
  'timeout-dialog': () => import('./ui/timeout-dialog.js')
}

/** How long a page rests before what is only a convenience is fetched, in milliseconds. */
const REST = 2_000
/** What shows that somebody is about to use it: then at once. */
const SIGNS = ['focusin', 'pointerdown', 'keydown']

/** How long a piece waits before it asks again after an answer that was none, in milliseconds. */
const AGAIN = 5_000
/** @type {WeakSet<Element>} those that wait for it */
const asking = new WeakSet()

/** @type {Promise<typeof import('./core/mount.js')> | undefined} */
let mounting
/** @type {HTMLElement | null} */
let summary = null

/** @type {Map<string, string[]>} what each piece that tells said before, line by line */
const told = new Map()

/**
 * Whether nothing stands there but what is pressed: without its question, "Yes No" says nothing.
 * @param {string} line
 * @param {HTMLElement} piece
 */
function isOfKeys(line, piece) {
  const keys = /** @type {NodeListOf<HTMLElement>} */ (piece.querySelectorAll('button, .button, summary'))
  const names = [...keys].map((key) => key.innerText.trim()).filter(Boolean)
  return !names.reduce((rest, name) => rest.replace(name, ''), line).trim()
}

/** Readers of screens hear what is new in a piece from the one place that was there from the start. */
function tell() {
  /** @type {string[]} */
  const news = []
  for (const piece of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-tells]'))) {
    const before = told.get(piece.id)
    const lines = piece.innerText.split('\n').filter((line) => line.trim() && !isOfKeys(line, piece))
    told.set(piece.id, lines)
    if (before) news.push(...lines.filter((line) => !before.includes(line)))
  }
  const place = document.getElementById('announce')
  if (place && news.length) place.textContent = news.join(' ')
}

/** @param {Event} [swap] */
function refresh(swap) {
  tell()
  const found = document.getElementById('error-summary')
  if (found && (found !== summary || /** @type {Node} */ (swap?.target).contains(found))) found.focus()
  summary = found
  if (document.querySelector('[data-module]')) mounting ??= import('./core/mount.js')
  mounting?.then(({ mountAll }) => mountAll(MODULES))
}

/** Conveniences do not make the page wait: they come when it rests, or when somebody begins. */
function wakeWhatMayWait() {
  clearTimeout(timer)
  for (const sign of SIGNS) removeEventListener(sign, wakeWhatMayWait)
  for (const element of document.querySelectorAll('[data-module-later]')) {
    element.setAttribute('data-module', element.getAttribute('data-module-later') ?? '')
    element.removeAttribute('data-module-later')
  }
  refresh()
}

/**
 * While the house, or what stands before it, is in trouble, a piece that renews itself keeps what it
 * shows and asks again: what it was given would not ask any more. A link leads to the page that says so.
 * @param {Event} event
 */
function keepWhatStands(event) {
  const { sourceElement: source, request, response } = /** @type {CustomEvent} */ (event).detail.ctx
  if (request.method !== 'GET' || (response.status < 500 && response.status !== 429)) return
  event.preventDefault()
  if (source instanceof HTMLAnchorElement) location.assign(source.href)
  else if (source instanceof HTMLFormElement) source.submit()
  else if (!asking.has(source)) {
    asking.add(source)
    setTimeout(() => {
      asking.delete(source)
      if (source.isConnected) /** @type {any} */ (window).htmx.ajax('GET', request.action, { source })
    }, AGAIN)
  }
}

document.addEventListener('htmx:before:response', keepWhatStands)
document.addEventListener('htmx:after:swap', refresh)
for (const sign of SIGNS) addEventListener(sign, wakeWhatMayWait)
const timer = setTimeout(wakeWhatMayWait, REST)
refresh()
