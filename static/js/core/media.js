/** @typedef {'camera' | 'microphone'} Device */
/** @typedef {{ audio: MediaStreamTrack | null, video: MediaStreamTrack | null, screen: MediaStreamTrack | null, stream: MediaStream }} Local what we show and say */
/** @typedef {'refused' | 'missing' | 'busy' | 'unsupported'} Trouble */

const PICTURE = { width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 30 } }
const WISHES = {
  microphone: { audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } }
}
const KINDS = /** @type {const} */ ({ camera: 'video', microphone: 'audio' })

/** Browsers use a dozen names; a person needs one of four reasons. @type {Record<string, Trouble>} */
const TROUBLES = {
  NotAllowedError: 'refused',
  SecurityError: 'refused',
  NotFoundError: 'missing',
  OverconstrainedError: 'missing',
  TypeError: 'unsupported'
}

/** @param {unknown} error @returns {Trouble} */
export function troubleOf(error) {
  return TROUBLES[error instanceof Error ? error.name : ''] ?? 'busy'
}

/** Our own camera and microphone. Says `change` whenever what they give changes. */
export class Devices extends EventTarget {
  /** What the lines send. @type {Local} */
  local = { audio: null, video: null, screen: null, stream: new MediaStream() }
  /** What the person wants on. */
  wanted = { camera: true, microphone: true }
  /** @type {Partial<Record<Device, Trouble>>} */
  troubles = {}
  isOpen = false
  /** Which way the camera looks, where there are two. */
  facing = 'user'

  /** @type {MediaTrackConstraints} */
  #choice = { facingMode: 'user' }
  #replugged = () => this.recover()

  /** Whether we may open them without a question being asked. */
  async areAllowed() {
    const names = /** @type {PermissionName[]} */ (['camera', 'microphone'])
    try {
      const answers = await Promise.all(names.map((name) => navigator.permissions.query({ name })))
      return answers.every(({ state }) => state === 'granted')
    } catch {
      return false // a browser that does not answer will ask the person
    }
  }

  /** Ask for both; when one fails, for the other alone. */
  async open() {
    this.isOpen = true
    this.troubles = {}
    try {
      this.#keep(await this.#ask({ ...this.#wish('camera'), ...WISHES.microphone }))
    } catch (error) {
      await this.#openAlone('microphone')
      await this.#openAlone('camera')
    }
    navigator.mediaDevices?.addEventListener('devicechange', this.#replugged)
    this.#say()
  }

  /** @param {Device} device */
  isOn(device) {
    const track = this.local[KINDS[device]]
    return !!track && track.readyState === 'live' && track.enabled
  }

  /**
   * A microphone switched off stays ours, in silence; a camera is let go, so that its light goes out.
   * @param {Device} device
   * @param {boolean} on
   */
  async turn(device, on) {
    this.wanted[device] = on
    const track = this.local[KINDS[device]]
    if (device === 'microphone' && track) track.enabled = on
    else if (!on) this.#drop(device)
    else if (!track) await this.#openAlone(device)
    this.#say()
  }

  /** Look the other way: a telephone's other camera, or the next of a computer. */
  async turnCamera() {
    const cameras = await this.cameras()
    const { deviceId, facingMode } = this.local.video?.getSettings() ?? {}
    const next = cameras[(cameras.findIndex((camera) => camera.deviceId === deviceId) + 1) % cameras.length]
    const before = this.#choice
    this.facing = this.facing === 'user' ? 'environment' : 'user'
    this.#choice = facingMode ? { facingMode: this.facing } : { deviceId: { exact: next?.deviceId } }
    this.wanted.camera = true
    this.#drop('camera') // many telephones open one camera at a time
    await this.#openAlone('camera')
    if (this.troubles.camera) {
      this.#choice = before
      this.facing = this.facing === 'user' ? 'environment' : 'user'
      await this.#openAlone('camera')
    }
    this.#say()
  }

  /** Look through this very camera; if it cannot be had, through the one before. @param {string} deviceId */
  async use(deviceId) {
    const before = this.#choice
    this.#choice = { deviceId: { exact: deviceId } }
    this.wanted.camera = true
    this.#drop('camera')
    await this.#openAlone('camera')
    if (this.troubles.camera) {
      this.#choice = before
      await this.#openAlone('camera')
    }
    this.#say()
  }

  async cameras() {
    const found = await (navigator.mediaDevices?.enumerateDevices?.() ?? [])
    return found.filter(({ kind }) => kind === 'videoinput')
  }

  /** Show a screen or a window, which the person chooses; or stop. Not every browser can. */
  async share() {
    if (this.local.screen) return this.#stopSharing()
    try {
      const chosen = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { max: 10 } }, audio: false })
      const [track] = chosen.getVideoTracks()
      track.contentHint = 'detail'
      track.onended = () => this.#stopSharing()
      this.local.screen = track
      this.#say()
    } catch {
      // they changed their mind
    }
  }

  #stopSharing() {
    this.local.screen?.stop()
    this.local.screen = null
    this.#say()
  }

  /** Nobody can look at us now: let the camera rest until `recover`. */
  rest() {
    if (!this.local.video) return
    this.#drop('camera')
    this.#say()
  }

  /** Take up again what was unplugged, or what the telephone took while the page was hidden. */
  async recover() {
    for (const device of /** @type {Device[]} */ (['microphone', 'camera'])) {
      const track = this.local[KINDS[device]]
      const isFine = track?.readyState === 'live' && !track.muted
      if (isFine || !this.wanted[device] || this.troubles[device] === 'refused') continue
      await this.#openAlone(device)
      this.#say()
    }
  }

  close() {
    navigator.mediaDevices?.removeEventListener('devicechange', this.#replugged)
    this.local.screen?.stop()
    this.local.screen = null
    this.#drop('camera')
    this.#drop('microphone')
  }

  /** @param {Device} device @returns {MediaStreamConstraints} */
  #wish(device) {
    return device === 'camera' ? { video: { ...PICTURE, ...this.#choice } } : WISHES.microphone
  }

  /** @param {MediaStreamConstraints} wish */
  async #ask(wish) {
    return navigator.mediaDevices.getUserMedia(wish)
  }

  /** @param {Device} device */
  async #openAlone(device) {
    try {
      this.#keep(await this.#ask(this.#wish(device)))
      delete this.troubles[device]
    } catch (error) {
      this.troubles[device] = troubleOf(error)
    }
  }

  /** @param {MediaStream} stream */
  #keep(stream) {
    for (const track of stream.getTracks()) {
      const device = track.kind === 'video' ? 'camera' : 'microphone'
      this.#drop(device)
      if (device === 'camera') track.contentHint = 'motion'
      else track.enabled = this.wanted.microphone
      track.onended = () => {
        this.#drop(device)
        this.troubles[device] = 'missing'
        this.#say()
      }
      this.local[KINDS[device]] = track
      this.local.stream.addTrack(track)
    }
  }

  /** @param {Device} device */
  #drop(device) {
    const track = this.local[KINDS[device]]
    if (!track) return
    track.onended = null
    track.stop()
    this.local.stream.removeTrack(track)
    this.local[KINDS[device]] = null
  }

  #say() {
    this.dispatchEvent(new Event('change'))
  }
}
