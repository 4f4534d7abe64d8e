/** @typedef {'camera' | 'microphone'} Device */
/** @typedef {{ audio: MediaStreamTrack | null, video: MediaStreamTrack | null, stream: MediaStream }} Local what we show and say */
/** @typedef {'refused' | 'missing' | 'busy' | 'unsupported'} Trouble */

/** @type {Record<Device, MediaStreamConstraints>} */
const WISHES = {
  camera: { video: { width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 30 }, facingMode: 'user' } },
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
  local = { audio: null, video: null, stream: new MediaStream() }
  /** What the person wants on. */
  wanted = { camera: true, microphone: true }
  /** @type {Partial<Record<Device, Trouble>>} */
  troubles = {}
  isOpen = false

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
      this.#keep(await this.#ask({ ...WISHES.camera, ...WISHES.microphone }))
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
    this.#drop('camera')
    this.#drop('microphone')
  }

  /** @param {MediaStreamConstraints} wish */
  async #ask(wish) {
    return navigator.mediaDevices.getUserMedia(wish)
  }

  /** @param {Device} device */
  async #openAlone(device) {
    try {
      this.#keep(await this.#ask(WISHES[device]))
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
