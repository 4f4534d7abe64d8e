import { Call } from './call.js'
import { learn } from './codecs.js'
import { CallHere, openHere } from './here.js'
import { Devices } from '../core/media.js'
import { pictures } from './pictures-screen.js'
import { Room } from './room.js'

/**
 * What the pieces of this screen share.
 * @typedef {object} Screen
 * @property {Room} room
 * @property {Devices} devices
 * @property {string} role
 * @property {(name: string) => HTMLElement} part
 * @property {(name: string) => string} text
 * @property {(target: EventTarget, event: string, act: (event: any) => void) => void} on
 */

const MESSAGE_FOR = 3_000
const TELEPHONE_AFTER = 30_000
const LOOK_EVERY = 1_000
const TELL_EVERY = 15 // looks
const SIDES = ['citizen', 'clerk']
/** @type {Record<string, string>} */
const ENDINGS = { left: 'hung_up', phone: 'hung_up', replaced: 'replaced', ended: 'ended', served: 'ended' }

/**
 * The call on the page: it shows what Call, Room and Devices know, and passes on what is pressed.
 * @type {import('../core/mount.js').Mount}
 */
export function mount(screen) {
  const { base = '', role = '', status = '', cursor } = screen.dataset
  const isClerk = role === 'clerk'
  const isInvited = !SIDES.includes(role)
  const memory = `call ${base}`
  const gone = new AbortController()
  const call = new Call()
  const devices = new Devices()
  const room = new Room(base, devices.local)
  let title = document.title
  let next = screen.dataset.after ?? ''
  let hush = () => {}
  /** @type {(ending: string) => void} */
  let tellFigures = () => {}
  let farewell = ''
  /** @type {WakeLockSentinel | undefined} */
  let wakefulness
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let patience

  /** @param {string} name */
  const part = (name) => /** @type {HTMLElement} */ (screen.querySelector(`[data-part="${name}"]`))
  /** @param {string} name */
  const text = (name) => screen.getAttribute(`data-text-${name}`) ?? ''
  /**
   * @param {EventTarget} target
   * @param {string} event
   * @param {(event: any) => void} act
   */
  const on = (target, event, act) => target.addEventListener(event, act, { signal: gone.signal })

  const own = /** @type {HTMLVideoElement} */ (part('own-video'))
  const dialog = /** @type {HTMLDialogElement} */ (part('sure'))
  const templates = { tile: /** @type {HTMLTemplateElement} */ (part('tile')), shared: /** @type {HTMLTemplateElement} */ (part('shared')) }
  const { show, feel, playAll, hearBy } = pictures(part('stage'), templates, text, {
    onFirst: () => (screen.dataset.firstPictureAt ??= String(performance.now())),
    onRefused: () => (part('listen').hidden = false)
  })
  const pieces = { room, devices, role, part, text, on }
  const here = new CallHere({ role, call, room, devices, text })
  const closeHere = openHere(here)
  /** @type {ReturnType<typeof import('./text-screen.js').writing> | undefined} */
  let written
  /** @type {any[]} letters that came before whoever reads them */
  const early = []
  const hasWritten = () => !!early.length || !(written?.conversation.isEmpty ?? true)
  /** Writing comes when somebody writes or wants to, and with the call itself. */
  const write = async () => {
    const { writing } = await import('./text-screen.js')
    if (written || gone.signal.aborted) return written
    written = writing(pieces)
    here.follow(written)
    for (const letters of early.splice(0)) written.read(letters)
    return written
  }
  /** What is seldom wanted comes when it is. @type {ReturnType<typeof import('./options-screen.js').options> | undefined} */
  let seldom
  const options = async () => {
    if (!seldom) {
      seldom = (await import('./options-screen.js')).options({ ...pieces, hearBy })
      import('./captions-screen.js').then(({ captioning }) => captioning({ ...pieces, here }))
    }
    return seldom
  }
  if (isClerk) import('./door-screen.js').then(({ door }) => door(pieces))

  const showState = () => {
    const { state, reason } = call
    screen.dataset.state = state
    screen.toggleAttribute('data-inside', call.isInside)
    for (const element of screen.querySelectorAll('[data-when]')) {
      const isNow = element.getAttribute('data-when')?.split(' ').includes(state)
      if (element instanceof HTMLElement) element.hidden = !isNow
      else element.toggleAttribute('hidden', !isNow)
    }
    say(sentence())
    hush()
    if (state === 'ringing' && !isInvited) ringOut()
    showTitle()
    if (state === 'ringing') {
      if (!isInvited) part('enter').focus()
      room.prepare(role === 'citizen' && (room.status || status) === 'called')
    } else if (state === 'waiting') room.retreat()
    clearTimeout(timer)
    if (state === 'back') timer = setTimeout(() => call.settle(), MESSAGE_FOR)
    offerTelephone()
    if (state === 'over') end(reason)
  }

  /** The page is called as its heading, which may have changed; while it rings that comes first. */
  const showTitle = () => {
    const heading = /** @type {HTMLElement | null} */ (document.querySelector('h1[data-title]'))
    title = heading?.dataset.title ?? title
    document.title = call.state === 'ringing' ? `${text('ringing')} ${title}` : title
  }

  /** Sound comes when it rings. Without the server there is still the page. */
  const ringOut = async () => {
    const found = await import('./ring.js').catch(() => null)
    hush()
    if (found && call.state === 'ringing' && !gone.signal.aborted) hush = found.ring()
  }

  /** One sentence for what is going on. */
  const sentence = () => {
    const { state, reason } = call
    if (state === 'over') return farewell || text(reason) || text(reason.startsWith('refused') ? 'refused' : state)
    if (state === 'connecting') return text(room.isAtTheDoor ? 'asking' : room.people.size ? 'connecting' : 'alone')
    const isSparing = [...room.people.keys()].some((id) => room.line(id)?.isSparingPicture)
    return text(state === 'talking' && isSparing ? 'sparing' : state)
  }

  /** Each sentence is said once. @param {string} words */
  const say = (words) => {
    if (part('words').textContent !== words) part('words').textContent = words
  }

  /** A citizen sees the telephone at once, a clerk when trying has not helped for a while: one press, the same visit. */
  const offerTelephone = () => {
    const isTrying = ['connecting', 'unsteady', 'lost'].includes(call.state)
    const telephone = isClerk && screen.querySelector('[data-part="telephone"]')
    if (!(telephone instanceof HTMLElement)) return
    if (isTrying) patience ??= setTimeout(() => (telephone.hidden = false), TELEPHONE_AFTER)
    else {
      clearTimeout(patience)
      patience = undefined
      telephone.hidden = true
    }
  }

  const showPeople = () => {
    if (!call.isInside) return
    screen.dataset.media = room.kind
    show(room)
    call.feel([...room.people.keys()].map((id) => room.line(id)?.health ?? 'connecting'))
    if (call.isInside) say(sentence())
    showLine()
  }

  /** How good the line is, in bars and in words: the poorest of all. */
  const showLine = () => {
    const lines = [...room.people.keys()].map((id) => room.line(id)?.bars ?? 0)
    const bars = lines.length ? Math.min(...lines) : 0
    part('line').hidden = !call.isInside || !lines.length
    part('line').dataset.bars = String(bars)
    const words = text(`line-${bars}`)
    if (part('line-words').textContent !== words) part('line-words').textContent = words
  }

  const showDevices = () => {
    const camera = devices.isOn('camera')
    const microphone = devices.isOn('microphone')
    room.refreshTracks()
    room.show({ camera, microphone, screen: !!devices.local.screen })
    if (own.srcObject !== devices.local.stream) own.srcObject = devices.local.stream
    own.dataset.facing = devices.facing
    screen.toggleAttribute('data-seen', camera)
    part('camera').setAttribute('aria-pressed', String(camera))
    part('microphone').setAttribute('aria-pressed', String(microphone))
    showTrouble()
  }

  const showTrouble = () => {
    const { camera, microphone } = devices.troubles
    part('ask').hidden = devices.isOpen
    part('trouble').hidden = !(camera || microphone)
    part('trouble-what').textContent = text(camera && microphone ? 'no-devices' : camera ? 'no-camera' : 'no-microphone')
    part('trouble-why').textContent = text(`why-${microphone ?? camera}`)
  }

  /** What is measured of the call, told now and then and at the end. Nothing of what is said or shown. */
  const measure = async () => {
    const { Figures } = await import('./figures.js')
    const figures = new Figures()
    let looks = 0
    const look = () => {
      const { joinedAt, firstPictureAt } = screen.dataset
      if (firstPictureAt) figures.pictureMs = Number(firstPictureAt) - Number(joinedAt)
      for (const id of room.people.keys()) {
        const line = room.line(id)
        if (line) figures.look(id, line)
      }
    }
    const timer = setInterval(() => {
      look()
      if (++looks % TELL_EVERY === 1) room.report(figures.summary('ongoing'))
    }, LOOK_EVERY)
    tellFigures = (ending) => {
      clearInterval(timer)
      tellFigures = () => {}
      look()
      room.report(figures.summary(ending))
    }
  }

  const enter = () => {
    measure()
    screen.dataset.joinedAt = String(performance.now())
    room.join() // before all that only we see
    write()
    call.go('connecting')
    showPeople()
    sessionStorage.setItem(memory, 'in')
    stayAwake()
    if (!devices.isOpen) devices.open()
    if (isClerk) return
    screen.focus({ preventScroll: true })
    screen.scrollIntoView()
  }

  /** A telephone that goes dark would cut the call. */
  const stayAwake = async () => {
    wakefulness = await navigator.wakeLock?.request('screen').catch(() => undefined)
  }

  const hangUp = async () => {
    tellFigures('hung_up')
    if (isClerk) next = await room.end().catch(() => next)
    else room.leave()
    if (call.state !== 'over') call.go('over', 'left')
  }

  /** A tel: link opens the dialler by itself, or both telephones are rung for us; the visit changes its way meanwhile. */
  const goOnByTelephone = async () => {
    const { ring } = part('by-telephone').dataset
    next = await room.end('telephone', ring ? { ring } : {}).catch(() => next)
    if (call.state !== 'over') call.go('over', 'phone')
  }

  /**
   * Go on to the next page, unless it is this one: the clerk may be writing on it. Nor while something is written that
   * they may want to keep.
   * @param {string} reason
   */
  const end = (reason) => {
    tellFigures(ENDINGS[reason] ?? 'closed')
    sessionStorage.removeItem(memory)
    room.close()
    devices.close()
    wakefulness?.release()
    dialog.close()
    show(room)
    showLine()
    part('trouble').hidden = part('listen').hidden = true
    const mayReturn = ['replaced', 'unsupported', 'gone'].includes(reason) || reason.startsWith('refused')
    const isHere = new URL(next, location.href).pathname === location.pathname && !(isClerk && reason === 'phone')
    part('again').hidden = !mayReturn
    part('go-on').hidden = mayReturn || isHere
    part('go-on').setAttribute('href', next)
    if (hasWritten()) document.getElementById('place')?.remove() // its news would lead away from what was written
    if (!mayReturn && !isHere && !hasWritten()) timer = setTimeout(() => location.assign(next), MESSAGE_FOR)
  }

  const start = async () => {
    if (!window.RTCPeerConnection) return call.go('over', 'unsupported')
    learn()
    room.listen(cursor)
    const wasInside = !!sessionStorage.getItem(memory)
    if (isClerk || (wasInside && (isInvited || status === 'in_service'))) return enter()
    call.follow(status, { isInvited })
    if (await devices.areAllowed()) devices.open()
  }

  /** @type {Promise<(event: any) => void> | undefined} */
  let captions
  on(here, 'told', (event) => {
    if (event.topic !== 'captions' || captions) return
    captions = import('./captions-screen.js').then((screen) => screen.captions({ part, on, here }))
    captions.then((hear) => hear(event))
  })
  on(call, 'change', showState)
  on(document, 'htmx:after:swap', showTitle)
  on(room, 'people', showPeople)
  on(room, 'quality', () => {
    feel(room)
    showLine()
    if (call.isInside) say(sentence())
  })
  on(room, 'status', () => {
    screen.dispatchEvent(new Event(call.isInside ? 'news' : 'state', { bubbles: true }))
    call.follow(room.status, { channel: room.channel, isInvited })
  })
  on(room, 'bye', () => {
    farewell = room.sentence
    if (call.state !== 'over') call.go('over', room.farewell)
  })
  on(devices, 'change', showDevices)
  on(room, 'letters', (letters) => {
    if (written) return
    early.push(letters)
    write()
  })
  for (const name of ['write', 'write-early']) on(part(name), 'click', async () => (await write())?.toggle())
  on(part('more'), 'click', async () => (await options()).toggle())
  on(part('ask'), 'click', () => devices.open())
  on(part('retry'), 'click', () => devices.open())
  on(part('enter'), 'click', enter)
  on(part('camera'), 'click', () => devices.turn('camera', !devices.isOn('camera')))
  on(part('microphone'), 'click', () => devices.turn('microphone', !devices.isOn('microphone')))
  on(part('hang-up'), 'click', () => {
    dialog.returnValue = ''
    dialog.showModal()
  })
  on(dialog, 'close', () => dialog.returnValue === 'yes' && hangUp())
  on(part('listen-now'), 'click', () => {
    part('listen').hidden = true
    playAll()
  })
  if (isClerk && part('by-telephone')) on(part('by-telephone'), 'click', goOnByTelephone)
  on(window, 'online', () => room.restart())
  const network = /** @type {any} */ (navigator).connection
  if (network?.saveData) options().then(({ spare }) => spare())
  let way = network?.type
  if (network) {
    on(network, 'change', () => {
      if (network.type !== way) room.restart()
      way = network.type
    })
  }
  on(window, 'pagehide', () => {
    tellFigures(call.state === 'lost' ? 'lost' : 'closed')
    room.leave()
  })
  on(window, 'pageshow', ({ persisted }) => persisted && location.reload())
  on(document, 'visibilitychange', () => {
    if (!devices.isOpen || call.state === 'over') return
    const isTelephone = matchMedia('(hover: none) and (pointer: coarse)').matches
    if (document.hidden && isTelephone) devices.rest()
    if (document.hidden) return
    devices.recover()
    if (call.isInside) stayAwake()
  })
  start()

  return () => {
    gone.abort()
    clearTimeout(timer)
    clearTimeout(patience)
    hush()
    written?.close()
    closeHere()
    room.leave()
    devices.close()
    document.title = title
  }
}
