import { Call } from './call.js'
import { Devices } from '../core/media.js'
import { pictures } from './pictures-screen.js'
import { ring } from './ring.js'
import { Room } from './room.js'

const MESSAGE_FOR = 3_000
const TELEPHONE_AFTER = 30_000

/**
 * The call on the page: it shows what Call, Room and Devices know, and passes on what is pressed.
 * @type {import('../core/mount.js').Mount}
 */
export function mount(screen) {
  const { base = '', role, status = '', cursor } = screen.dataset
  const isClerk = role === 'clerk'
  const memory = `call ${base}`
  const gone = new AbortController()
  const call = new Call()
  const devices = new Devices()
  const room = new Room(base, devices.local)
  const title = document.title
  let next = screen.dataset.after ?? ''
  let hush = () => {}
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer

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
  const { show, playAll } = pictures(part('stage'), /** @type {HTMLTemplateElement} */ (part('tile')), {
    onFirst: () => (screen.dataset.firstPictureAt ??= String(performance.now())),
    onRefused: () => (part('listen').hidden = false)
  })

  const showState = () => {
    const { state, reason } = call
    screen.dataset.state = state
    screen.toggleAttribute('data-inside', call.isInside)
    for (const element of screen.querySelectorAll('[data-when]')) {
      const isNow = element.getAttribute('data-when')?.split(' ').includes(state)
      if (element instanceof HTMLElement) element.hidden = !isNow
      else element.toggleAttribute('hidden', !isNow)
    }
    say(text(reason) || text(state))
    hush()
    hush = state === 'ringing' ? ring() : () => {}
    document.title = state === 'ringing' ? `${text('ringing')} ${title}` : title
    if (state === 'ringing') {
      part('enter').focus()
      room.prepare()
    }
    offerTelephone()
    if (state === 'over') end(reason)
  }

  /** Each sentence is said once. @param {string} sentence */
  const say = (sentence) => {
    const words = part('words')
    if (words.textContent !== sentence) words.textContent = sentence
  }

  /** A citizen sees the telephone at once, a clerk when trying again has not helped for a while. */
  const offerTelephone = () => {
    clearTimeout(timer)
    const telephone = screen.querySelector('[data-part="telephone"]')
    if (!(telephone instanceof HTMLElement)) return
    telephone.hidden = isClerk
    if (isClerk && call.state === 'lost') timer = setTimeout(() => (telephone.hidden = false), TELEPHONE_AFTER)
  }

  const showPeople = () => {
    show(room)
    feel()
    if (call.state === 'connecting') say(text(room.people.size ? 'connecting' : 'alone'))
  }
  const feel = () => call.feel([...room.pairs.values()].map(({ health }) => health))

  const showDevices = () => {
    const camera = devices.isOn('camera')
    const microphone = devices.isOn('microphone')
    room.refreshTracks()
    room.show(camera, microphone)
    if (own.srcObject !== devices.local.stream) own.srcObject = devices.local.stream
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

  const enter = () => {
    screen.dataset.joinedAt = String(performance.now())
    sessionStorage.setItem(memory, 'in')
    call.go('connecting')
    room.join()
    if (!devices.isOpen) devices.open()
    if (isClerk) return
    screen.focus({ preventScroll: true })
    screen.scrollIntoView()
  }

  const hangUp = async () => {
    if (isClerk) next = await room.end().catch(() => next)
    else room.leave()
    if (call.state !== 'over') call.go('over', 'left')
  }

  /**
   * Go on to the next page, unless it is this one: the clerk may be writing on it.
   * @param {string} reason
   */
  const end = (reason) => {
    sessionStorage.removeItem(memory)
    room.close()
    devices.close()
    dialog.close()
    show(room)
    part('trouble').hidden = part('listen').hidden = true
    const mayReturn = ['replaced', 'refused', 'unsupported'].includes(reason)
    const isHere = new URL(next, location.href).pathname === location.pathname
    part('again').hidden = !mayReturn
    part('go-on').hidden = mayReturn || isHere
    part('go-on').setAttribute('href', next)
    if (!mayReturn && !isHere) timer = setTimeout(() => location.assign(next), MESSAGE_FOR)
  }

  const start = async () => {
    if (!window.RTCPeerConnection) return call.go('over', 'unsupported')
    if (isClerk || (status === 'in_service' && sessionStorage.getItem(memory))) return enter()
    room.wait(cursor)
    call.follow(status)
    if (await devices.areAllowed()) devices.open()
  }

  on(call, 'change', showState)
  on(room, 'people', showPeople)
  on(room, 'health', showPeople)
  on(room, 'status', () => {
    if (!call.isInside) screen.dispatchEvent(new Event('state', { bubbles: true }))
    call.follow(room.status)
  })
  on(room, 'bye', () => call.go('over', room.farewell))
  on(devices, 'change', showDevices)
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
  on(window, 'online', () => room.restart())
  on(window, 'pagehide', () => room.leave())
  on(window, 'pageshow', ({ persisted }) => persisted && location.reload())
  on(document, 'visibilitychange', () => document.hidden || (devices.isOpen && devices.recover()))
  start()

  return () => {
    gone.abort()
    clearTimeout(timer)
    hush()
    room.leave()
    devices.close()
    document.title = title
  }
}
