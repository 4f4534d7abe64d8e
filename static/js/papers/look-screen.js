import { withTheCall } from '../calls/here.js'
import { post } from '../core/post.js'
import { Look } from './look.js'

const TELL_EVERY = 400 // milliseconds: the server keeps what is looked at
const GLIMPSE_EVERY = 80 // directly, where the call has a way
const POINT_EVERY = 60
const POINT_THROUGH_EVERY = 350
const POINTED_FOR = 4_000
const NUDGE = 0.02
const SIDES = ['citizen', 'clerk']
const ARROWS = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] })

/**
 * One paper before both. What is shown goes through the server, so that whoever comes back sees it too; what moves fast
 * goes directly to the other browser where the call has a way.
 * @param {HTMLElement} place
 * @param {{ base: string, side: string, state: any, closed: () => void }} about
 */
export async function openLook(place, { base, side, state, closed }) {
  const gone = new AbortController()
  /** @type {import('../calls/here.js').CallHere | undefined} */
  let call
  /** @type {Look} */
  let look
  /** @type {HTMLElement} */
  let screen
  /** @type {Map<number, Promise<string>>} */
  let pictures = new Map()
  let shown = 0
  let isMarking = false
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let fading
  let pointer = { x: 0.5, y: 0.1 }

  /** @param {string} name */
  const part = (name) => /** @type {HTMLElement} */ (screen.querySelector(`[data-part="${name}"]`))
  /** @param {string} name @param {Record<string, string | number>} [words] */
  const text = (name, words = {}) =>
    Object.entries(words).reduce((said, [word, value]) => said.replace(`{${word}}`, String(value)), screen.getAttribute(`data-text-${name}`) ?? '')
  /** @param {EventTarget} target @param {string} event @param {(event: any) => void} act */
  const on = (target, event, act) => target.addEventListener(event, act, { signal: gone.signal })

  const build = async () => {
    const answer = await fetch(`${base}/look`)
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
    const found = page.getElementById('look')
    if (answer.status !== 200 || !found) return false
    forgetPictures()
    screen = document.importNode(found, true)
    place.replaceChildren(screen)
    shown = 0
    state = JSON.parse(screen.dataset.state ?? '{}')
    look = new Look(side, Number(screen.dataset.pages), state)
    wire()
    show()
    screen.scrollIntoView({ block: 'nearest' })
    if (look.isShowing) screen.focus({ preventScroll: true })
    return true
  }

  const wire = () => {
    const act = /** @type {[string, () => void][]} */ ([
      ['before', () => look.turn(-1)],
      ['after', () => look.turn(1)],
      ['nearer', () => look.near(1)],
      ['farther', () => look.near(-1)],
      ['mark', () => setMarking(!isMarking)],
      ['unmark', () => look.unmark()],
      ['take-over', takeOver],
      ['follow', () => look.follow()],
      ['close', finish]
    ])
    for (const [name, press] of act) on(part(name), 'click', press)
    on(look, 'change', show)
    on(look, 'shown', tell)
    on(look, 'marked', () => tell())
    const field = part('window')
    for (const name of ['wheel', 'touchmove']) on(field, name, () => steered())
    on(field, 'scroll', scrolled)
    on(field, 'pointermove', (event) => (held ? drag(event) : point(placeOf(event))))
    on(field, 'pointerdown', press)
    on(field, 'pointerup', release)
    on(field, 'keydown', key)
    on(part('say-words'), 'change', (event) => send({ said: event.target.value }))
    on(part('words').closest('details') ?? screen, 'toggle', read)
  }

  /** @type {{ x: number, y: number } | null} */
  let held = null
  /** @param {PointerEvent} event */
  const placeOf = (event) => {
    const { left, top, width, height } = part('sheet').getBoundingClientRect()
    return { x: (event.clientX - left) / width, y: (event.clientY - top) / height }
  }
  /** @param {PointerEvent} event */
  const press = (event) => {
    if (isMarking && look.isShowing) {
      held = placeOf(event)
      part('window').setPointerCapture(event.pointerId)
      event.preventDefault()
    } else point(placeOf(event))
  }
  /** @param {PointerEvent} event */
  const drag = (event) => point(placeOf(event))
  /** @param {PointerEvent} event */
  const release = (event) => {
    if (held) look.mark(held, placeOf(event))
    held = null
  }

  /** @param {KeyboardEvent} event */
  const key = (event) => {
    if (!look.isShowing) return
    const way = ARROWS[event.key]
    if (way) point({ x: pointer.x + way[0] * NUDGE, y: pointer.y + way[1] * NUDGE }, true)
    else if (isMarking && (event.key === 'Enter' || event.key === ' ')) look.mark(pointer, pointer)
    else return
    event.preventDefault()
  }

  /** @param {boolean} isOn */
  const setMarking = (isOn) => {
    isMarking = isOn
    part('mark').setAttribute('aria-pressed', String(isOn))
    part('window').toggleAttribute('data-marking', isOn)
  }

  /** Whoever follows and moves the page by hand looks alone from then on. */
  const steered = () => {
    if (!look.isShowing && look.isFollowing) {
      look.isFollowing = false
      show()
    }
  }

  const middle = () => {
    const field = part('window')
    return {
      left: (field.scrollLeft + field.clientWidth / 2) / Math.max(1, field.scrollWidth),
      top: field.scrollTop / Math.max(1, field.scrollHeight)
    }
  }
  let isOurs = false // we moved it, not a hand
  const scrolled = () => {
    if (isOurs) return
    if (look.isShowing) look.go(middle())
    else if (!look.isFollowing) Object.assign(look.view, middle())
  }
  const scroll = () => {
    const field = part('window')
    const { left, top } = look.view
    const target = [left * field.scrollWidth - field.clientWidth / 2, top * field.scrollHeight]
    if (Math.abs(field.scrollLeft - target[0]) < 2 && Math.abs(field.scrollTop - target[1]) < 2) return
    isOurs = true
    field.scrollTo(Math.max(0, target[0]), target[1])
    requestAnimationFrame(() => requestAnimationFrame(() => (isOurs = false)))
  }

  let last = ''
  const show = () => {
    const { page, zoom } = look.view
    const { before, after, nearer, farther } = look.canGo
    for (const [name, can] of Object.entries({ before, after, nearer, farther })) part(name).toggleAttribute('disabled', !can)
    part('mark').hidden = part('say').hidden = !look.isShowing
    part('unmark').hidden = !look.isShowing || !look.state.marks.length
    part('take-over').hidden = look.isShowing
    part('follow').hidden = look.isShowing || look.isFollowing
    if (!look.isShowing && isMarking) setMarking(false)
    screen.dataset.who = look.who
    const sentence = text(look.who, { page, pages: look.pages })
    if (sentence !== last) part('look-state').textContent = last = sentence
    part('sheet').style.setProperty('inline-size', `${zoom}%`)
    part('image').setAttribute('alt', sentence)
    showMarks()
    showSaid()
    if (shown !== page) turnTo(page)
    else scroll()
  }

  const showMarks = () => {
    part('marks').replaceChildren(...look.marksHere.map(({ left, top, width, height }) => {
      const mark = document.createElement('i')
      for (const [name, share] of Object.entries({ left, top, width, height })) mark.style.setProperty(name, `${share * 100}%`)
      return mark
    }))
  }

  let marks = 0
  const showSaid = () => {
    const { said } = look.state
    const isNew = look.state.marks.length > marks && !look.isShowing
    marks = look.state.marks.length
    const words = [said && text('said', { words: said }), isNew ? text('marked') : ''].filter(Boolean).join(' ')
    if (part('look-said').textContent !== words && (words || !marks)) part('look-said').textContent = words
    part('look-said').hidden = !part('look-said').textContent
  }

  /** @param {number} page */
  const turnTo = async (page) => {
    shown = page
    part('window').setAttribute('aria-busy', 'true')
    part('pointer').hidden = true
    const image = /** @type {HTMLImageElement} */ (part('image'))
    const address = await pictureOf(page).catch(() => '')
    if (shown !== page || gone.signal.aborted) return
    image.src = address
    await image.decode().catch(() => {})
    part('window').removeAttribute('aria-busy')
    screen.dataset.page = String(page)
    scroll()
    read()
    if (page < look.pages) pictureOf(page + 1).catch(() => {})
  }

  /** Each page comes once, however often one turns back to it. @param {number} page */
  const pictureOf = (page) => {
    const known = pictures.get(page) ?? fetch(`${base}/${look.state.paper}/pages/${page}`).then(async (answer) => {
      if (!answer.ok) throw new Error(String(answer.status))
      return URL.createObjectURL(await answer.blob())
    })
    pictures.set(page, known)
    known.catch(() => pictures.delete(page))
    return known
  }
  const forgetPictures = () => {
    for (const picture of pictures.values()) picture.then(URL.revokeObjectURL, () => {})
    pictures = new Map()
  }

  /** The words of this page, for whoever cannot see it; asked for only when wanted. */
  const read = async () => {
    const words = part('words')
    const { page } = look.view
    if (!words.closest('details')?.open || words.dataset.page === String(page)) return
    words.dataset.page = String(page)
    const answer = await fetch(`${base}/${look.state.paper}/pages/${page}/words`).catch(() => undefined)
    const told = answer?.ok ? await answer.json() : { text: '' }
    if (words.dataset.page === String(page)) words.textContent = told.text || text('wordless')
  }

  let pointedAt = 0
  /** @param {{ x: number, y: number }} where @param {boolean} [isSure] */
  const point = ({ x, y }, isSure = false) => {
    if (!look.isShowing) return
    pointer = { x: Math.min(Math.max(x, 0), 1), y: Math.min(Math.max(y, 0), 1) }
    showPointer(pointer)
    const where = { left: pointer.x, top: pointer.y }
    const now = performance.now()
    if (!isSure && now - pointedAt < POINT_EVERY) return
    if (whisper({ point: where, page: look.view.page })) pointedAt = now
    else if (isSure || now - pointedAt > POINT_THROUGH_EVERY) {
      pointedAt = now
      post(`${base}/look`, { point: where }, { tries: 1 }).catch(() => {})
    }
  }
  /** @param {{ x: number, y: number }} where */
  const showPointer = ({ x, y }) => {
    const dot = part('pointer')
    dot.style.setProperty('left', `${x * 100}%`)
    dot.style.setProperty('top', `${y * 100}%`)
    dot.hidden = false
    clearTimeout(fading)
    fading = setTimeout(() => (dot.hidden = true), POINTED_FOR)
  }

  /** Directly to the other side of the counter; nobody else in the call sees papers. @param {object} data */
  const whisper = (data) => {
    const other = call?.people.find((person) => !person.isOwn && SIDES.includes(person.role) && person.role !== side)
    return !!other && !!call?.tell('papers', data, other.id).length
  }

  let glimpsedAt = 0
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let telling
  let hasMore = false
  const tell = () => {
    const now = performance.now()
    if (now - glimpsedAt > GLIMPSE_EVERY) {
      glimpsedAt = now
      whisper({ view: look.view })
    }
    if (telling) hasMore = true
    else telling = setTimeout(tellOn, TELL_EVERY)
  }
  /** One after another, and always the newest: an older one that was sent again would undo what came after it. */
  const tellOn = async () => {
    hasMore = false
    await send({ ...look.view, marks: look.state.marks })
    telling = undefined
    if (hasMore && !gone.signal.aborted) tell()
  }
  /** @param {object} what */
  const send = (what) => post(`${base}/look`, what, { tries: 3 }).catch(() => {})

  const takeOver = async () => {
    const answer = await post(`${base}/${look.state.paper}/show`).catch(() => undefined)
    if (!answer) return
    look.hear(await answer.json())
    look.go({}) // from here on the other one sees what we see
  }

  const finish = () => {
    post(`${base}/look`, { close: true }).catch(() => {})
    close()
  }

  const close = () => {
    if (gone.signal.aborted) return
    const hadFocus = screen?.contains(document.activeElement)
    gone.abort()
    forgetCall()
    clearTimeout(fading)
    clearTimeout(telling)
    forgetPictures()
    place.replaceChildren()
    if (hadFocus) document.getElementById(`paper-show-${look.state.paper}`)?.focus()
    closed()
  }

  /** @param {string} name @param {any} told */
  const hear = (name, told) => {
    if (!screen) return
    if (name === 'look' && told.over) return close()
    if (name === 'look' && told.paper !== look.state.paper) return build()
    if (name === 'look') return look.hear(told)
    if (!look.isShowing && told.page === look.view.page) showPointer({ x: told.left, y: told.top })
  }

  const forgetCall = withTheCall((found) => {
    call = found
    on(found, 'told', ({ topic, from, data }) => {
      const isTheirs = found.people.some(({ id, role }) => id === from && SIDES.includes(role) && role !== side)
      if (topic !== 'papers' || !isTheirs || !screen || !data || look.isShowing) return
      if (data.view) look.glimpse(data.view)
      if (data.point) hear('point', { page: data.page, ...data.point })
    })
  })

  if (!(await build())) close()
  return {
    /** @param {any} told */
    show: (told) => (told ? hear('look', told) : undefined),
    hear,
    close
  }
}
