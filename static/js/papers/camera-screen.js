import { pdfOf } from './pdf.js'
import { cleaned, cornersIn, isFit, straightened, turned, WHOLE } from './straighten.js'

/** @typedef {import('./straighten.js').Picture} Picture */
/** @typedef {import('./straighten.js').Point} Point */
/** @typedef {{ picture: Picture, isClean: boolean, jpeg: Blob }} Page */

const MOST_PAGES = 20
const LONGEST = 2_600 // dots of a photograph that is worked on
const SMALL = 240
const STEP = 0.01 // of the picture: how far an arrow key moves a corner
const QUALITY = 0.72
const PATIENCE = 4_000
const WISH = { facingMode: { ideal: 'environment' }, width: { ideal: 2560 }, height: { ideal: 1920 } }

/**
 * Photograph a paper of several pages: take, straighten, make clear, put in order, and join into one PDF.
 * @param {HTMLElement} place
 * @param {HTMLTemplateElement} template
 * @param {{ lend: () => Promise<() => void>, done: (file: Blob | null) => void }} world
 */
export async function openCamera(place, template, { lend, done }) {
  const screen = /** @type {HTMLElement} */ (/** @type {Element} */ (template.content.firstElementChild).cloneNode(true))
  place.replaceChildren(screen)
  const gone = new AbortController()
  /** @type {Page[]} */
  const pages = []
  /** @type {Picture | null} */
  let photograph = null
  /** @type {Picture | null} */
  let page = null
  /** @type {Point[]} */
  let corners = WHOLE
  /** @type {MediaStream | null} */
  let stream = null
  let giveBack = () => {}

  /** @param {string} name */
  const part = (name) => /** @type {HTMLElement} */ (screen.querySelector(`[data-part="${name}"]`))
  /** @param {string} name @param {Record<string, string | number>} [words] */
  const text = (name, words = {}) =>
    Object.entries(words).reduce((said, [word, value]) => said.replace(`{${word}}`, String(value)), screen.getAttribute(`data-text-${name}`) ?? '')
  /** @param {EventTarget} target @param {string} event @param {(event: any) => void} act */
  const on = (target, event, act) => target.addEventListener(event, act, { signal: gone.signal })
  /** @param {string} words */
  const say = (words) => (part('camera-said').textContent = words)
  const finder = /** @type {HTMLVideoElement} */ (part('finder'))
  const canvas = /** @type {HTMLCanvasElement} */ (part('photograph-canvas'))
  const pageCanvas = /** @type {HTMLCanvasElement} */ (part('page-canvas'))
  const clean = /** @type {HTMLInputElement} */ (part('clean'))

  /** @param {'take' | 'straighten' | 'check'} step @param {string} [focus] */
  const go = (step, focus) => {
    screen.dataset.step = step
    for (const one of screen.querySelectorAll('[data-step]')) if (one instanceof HTMLElement && one !== screen) one.hidden = one.dataset.step !== step
    part('finish').hidden = step !== 'take' || !pages.length
    if (step !== 'take') closeCamera()
    screen.scrollIntoView({ block: 'start' })
    if (focus) part(focus).focus({ preventScroll: true })
  }

  const lookThrough = async () => {
    if (stream || gone.signal.aborted) return
    giveBack = await lend()
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: WISH })
      if (gone.signal.aborted) return closeCamera()
      finder.srcObject = stream
      finder.hidden = part('take').hidden = false
      await finder.play()
    } catch {
      finder.hidden = part('take').hidden = true
      say(text('no-camera'))
    }
  }

  const closeCamera = () => {
    for (const track of stream?.getTracks() ?? []) track.stop()
    stream = null
    finder.srcObject = null
    giveBack()
    giveBack = () => {}
  }

  const take = async () => {
    if (pages.length >= MOST_PAGES) return say(text('full'))
    const [track] = stream?.getVideoTracks() ?? []
    if (!track) return
    part('take').toggleAttribute('disabled', true)
    try {
      workOn(await still(track, finder))
    } finally {
      part('take').toggleAttribute('disabled', false)
    }
  }

  /** @param {ImageBitmap | HTMLVideoElement} source */
  const workOn = (source) => {
    photograph = pictureOf(source)
    corners = cornersIn(pictureOf(source, SMALL)) ?? WHOLE.map(({ x, y }) => ({ x: 0.06 + x * 0.88, y: 0.06 + y * 0.88 }))
    draw(canvas, photograph)
    showCorners()
    go('straighten', 'straighten')
    say(text('taken', { number: pages.length + 1 }))
  }

  const showCorners = () => {
    corners.forEach(({ x, y }, index) => {
      handles[index].style.setProperty('left', `${x * 100}%`)
      handles[index].style.setProperty('top', `${y * 100}%`)
    })
    outline.setAttribute('points', corners.map(({ x, y }) => `${x * 100},${y * 100}`).join(' '))
    part('corners').toggleAttribute('data-wrong', !isFit(corners))
    part('straighten').toggleAttribute('disabled', !isFit(corners))
  }

  /** @param {number} index @param {number} x @param {number} y */
  const moveCorner = (index, x, y) => {
    corners = corners.map((corner, other) => (other === index ? { x: Math.min(Math.max(x, 0), 1), y: Math.min(Math.max(y, 0), 1) } : corner))
    showCorners()
  }

  /** @param {PointerEvent} event */
  const placeOf = (event) => {
    const { left, top, width, height } = canvas.getBoundingClientRect()
    return { x: (event.clientX - left) / width, y: (event.clientY - top) / height }
  }

  const outline = document.createElementNS('http://www.w3.org/2000/svg', 'polygon')
  const handles = [0, 1, 2, 3].map((index) => {
    const handle = Object.assign(document.createElement('button'), { type: 'button', className: 'camera__corner', id: `camera-corner-${index}` })
    handle.setAttribute('aria-label', text('corner', { where: text(`corner-${index}`) }))
    on(handle, 'keydown', (event) => {
      const ways = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] })
      const way = ways[event.key]
      if (!way) return
      event.preventDefault()
      const far = event.shiftKey ? 5 * STEP : STEP
      moveCorner(index, corners[index].x + way[0] * far, corners[index].y + way[1] * far)
    })
    return handle
  })

  const buildCorners = () => {
    const drawing = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
    drawing.setAttribute('viewBox', '0 0 100 100')
    drawing.setAttribute('preserveAspectRatio', 'none')
    drawing.setAttribute('aria-hidden', 'true')
    drawing.append(outline)
    const field = part('corners')
    field.append(drawing, ...handles)
    let held = -1
    // A press anywhere takes the nearest corner there; held down, it follows.
    on(field, 'pointerdown', (event) => {
      const { x, y } = placeOf(event)
      const far = corners.map((corner) => Math.hypot(corner.x - x, corner.y - y))
      held = far.indexOf(Math.min(...far))
      field.setPointerCapture(event.pointerId)
      moveCorner(held, x, y)
      handles[held].focus()
      event.preventDefault()
    })
    on(field, 'pointermove', (event) => {
      if (held < 0) return
      const { x, y } = placeOf(event)
      moveCorner(held, x, y)
    })
    for (const name of ['pointerup', 'pointercancel']) on(field, name, () => (held = -1))
  }

  const straighten = () => {
    if (!photograph) return
    page = straightened(photograph, corners)
    showPage()
    go('check', 'more-pages')
  }

  const showPage = () => page && draw(pageCanvas, clean.checked ? cleaned(page) : page)

  /** The page as it is seen joins the others. */
  const keep = async () => {
    if (!page) return
    showPage()
    const jpeg = await /** @type {Promise<Blob>} */ (new Promise((resolve) => pageCanvas.toBlob((blob) => resolve(/** @type {Blob} */ (blob)), 'image/jpeg', QUALITY)))
    pages.push({ picture: page, isClean: clean.checked, jpeg })
    page = photograph = null
    showPages()
    say(text('kept', { count: pages.length }))
  }

  const showPages = () => {
    part('pages').hidden = !pages.length
    part('pages').replaceChildren(...pages.map(rowOf))
    part('finish').hidden = screen.dataset.step !== 'take' || !pages.length
  }

  /** @param {Page} one @param {number} index */
  const rowOf = (one, index) => {
    const row = document.createElement('li')
    row.className = 'camera__page'
    const picture = Object.assign(document.createElement('img'), { src: URL.createObjectURL(one.jpeg), alt: text('page', { number: index + 1 }) })
    picture.onload = () => URL.revokeObjectURL(picture.src)
    const buttons = /** @type {[string, string, boolean, () => void][]} */ ([
      ['earlier', '←', index > 0, () => swap(index, index - 1)],
      ['later', '→', index < pages.length - 1, () => swap(index, index + 1)],
      ['drop', '×', true, () => pages.splice(index, 1)]
    ]).map(([name, sign, isThere, act]) => {
      const button = Object.assign(document.createElement('button'), { type: 'button', className: 'camera__page-button', textContent: sign, disabled: !isThere })
      button.setAttribute('aria-label', text(name, { number: index + 1 }))
      button.id = `camera-${name}-${index}`
      on(button, 'click', () => {
        act()
        showPages()
        say(text('kept', { count: pages.length }))
        const next = screen.querySelector(`#camera-${name}-${name === 'drop' ? Math.max(0, index - 1) : index}`)
        if (next instanceof HTMLButtonElement && !next.disabled) next.focus()
        else part(pages.length ? 'finish' : 'take').focus()
      })
      return button
    })
    row.append(picture, ...buttons)
    return row
  }

  /** @param {number} one @param {number} other */
  const swap = (one, other) => {
    const held = pages[one]
    pages[one] = pages[other]
    pages[other] = held
  }

  const joined = async () =>
    pdfOf(await Promise.all(pages.map(async ({ picture: { width, height }, jpeg }) => ({ jpeg: new Uint8Array(await jpeg.arrayBuffer()), width, height }))))

  /** @param {boolean} isSent */
  const close = async (isSent) => {
    const file = isSent && pages.length ? await joined() : null
    gone.abort()
    closeCamera()
    place.replaceChildren()
    done(file)
  }

  buildCorners()
  on(part('take'), 'click', take)
  on(part('camera-file'), 'change', async ({ target }) => {
    for (const file of [...target.files].slice(0, 1)) {
      const picture = await createImageBitmap(file).catch(() => null)
      if (picture) workOn(picture)
      else say(text('no-camera'))
    }
    target.value = ''
  })
  on(part('straighten'), 'click', straighten)
  on(part('whole'), 'click', () => {
    corners = WHOLE
    straighten()
  })
  const again = () => {
    go('take', 'take')
    lookThrough()
  }
  on(part('retake'), 'click', again)
  on(part('reject'), 'click', again)
  on(clean, 'change', showPage)
  on(part('turn-page'), 'click', () => {
    if (page) page = turned(page)
    showPage()
  })
  on(part('more-pages'), 'click', async () => {
    await keep()
    again()
  })
  on(part('send-pages'), 'click', async () => {
    await keep()
    close(true)
  })
  on(part('finish'), 'click', () => close(true))
  on(part('stop'), 'click', () => close(false))
  on(window, 'pagehide', closeCamera)

  screen.focus({ preventScroll: true })
  screen.scrollIntoView({ block: 'nearest' })
  await lookThrough()
}

/**
 * One still picture, as large as the camera gives it.
 * @param {MediaStreamTrack} track
 * @param {HTMLVideoElement} finder
 * @returns {Promise<ImageBitmap | HTMLVideoElement>}
 */
async function still(track, finder) {
  const Capture = /** @type {any} */ (window).ImageCapture
  if (!Capture) return finder
  /** @type {Promise<null>} */
  const tooLong = new Promise((resolve) => setTimeout(resolve, PATIENCE, null))
  try {
    const taken = await Promise.race([new Capture(track).takePhoto(), tooLong])
    return taken ? await createImageBitmap(taken) : finder
  } catch {
    return finder
  }
}

/**
 * @param {ImageBitmap | HTMLVideoElement} source
 * @param {number} [longest]
 * @returns {Picture}
 */
function pictureOf(source, longest = LONGEST) {
  const [width, height] = source instanceof HTMLVideoElement ? [source.videoWidth, source.videoHeight] : [source.width, source.height]
  const scale = Math.min(1, longest / Math.max(width, height))
  const canvas = Object.assign(document.createElement('canvas'), { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) })
  const drawing = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d', { willReadFrequently: true }))
  drawing.drawImage(source, 0, 0, canvas.width, canvas.height)
  return drawing.getImageData(0, 0, canvas.width, canvas.height)
}

/** @param {HTMLCanvasElement} canvas @param {Picture} picture */
function draw(canvas, { data, width, height }) {
  canvas.width = width
  canvas.height = height
  canvas.getContext('2d')?.putImageData(new ImageData(/** @type {any} */ (data), width, height), 0, 0)
}
