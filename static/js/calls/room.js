import { csrfToken, post, Refused } from '../core/post.js'
import { openStream } from '../core/stream.js'
import { Mesh } from './mesh.js'
import { Signals } from './signals.js'

/** @typedef {import('./mesh.js').Media} Media */
/** @typedef {import('./mesh.js').Host} Host */

/**
 * @typedef {object} Person
 * @property {string} id
 * @property {number} seat
 * @property {string} role
 * @property {string} name
 * @property {number} incarnation
 * @property {boolean} camera
 * @property {boolean} microphone
 * @property {boolean} screen
 * @property {boolean} saving
 * @property {boolean} [isAtTheDoor] rings, and has not come in
 */
/** @typedef {{ version: number, participants: Person[], door?: Person[] }} Roster */
/** @typedef {{ from: string, window: string, seq: number, text: string }} Letters */
/**
 * @typedef {object} Entry
 * @property {string} participant
 * @property {number} seat
 * @property {number} incarnation
 * @property {boolean} is_inside whether we are in, or at the door
 * @property {string | null} offered_to who got the offer that we brought
 * @property {RTCIceServer[]} ice_servers
 * @property {RTCIceTransportPolicy} ice_policy
 * @property {{ kind: string }} media
 * @property {Roster} [roster]
 * @property {string} status
 * @property {Letters[]} [written]
 */
/** @typedef {import('./signals.js').Content & { from: string, incarnation: number, to_incarnation: number }} Incoming */
/** @typedef {{ camera: boolean, microphone: boolean, screen?: boolean, saving?: boolean }} Showing */

/**
 * Media back ends by name. One that is seldom wanted imports its file here.
 * @type {Record<string, (host: Host) => Media | Promise<Media>>}
 */
const MEDIA = {
  mesh: (host) => new Mesh(host),
  janus: async (host) => new (await import('./janus.js')).Janus(host)
}
/** Who could not reach the server in the middle so often goes without it. */
const ENOUGH = 2
/** The share of their life after which the words for the relays are asked for anew. */
const RENEW = 0.8

/**
 * The people in one room, and the way to each through a media back end. Says `people` when somebody comes, goes or
 * changes, `health` when a line does, `quality` when only its figures do, `status` when the visit does, `letters` (with
 * `from`, who wrote, and `text`), `told` (with `id` and `text`) for pieces beside the call, `recording` (with `news`) when a recording does, `way` when letters may leave by another way, `broken` (with `from`) when some may be
 * missing, and `bye` when we must go.
 */
export class Room extends EventTarget {
  /** @type {Map<string, Person>} */
  people = new Map()
  /** Everybody to whom there may be a line. @type {Map<string, Person>} */
  #known = new Map()
  /** Who asks to come in; told only to whoever may let them in. @type {Person[]} */
  door = []
  /** Ourselves, as the others see us. @type {Person | undefined} */
  own
  status = ''
  channel = ''
  farewell = ''
  /** What the server said when it refused. */
  sentence = ''
  /** Not in yet: it rings, or we wait to be let in. */
  isAtTheDoor = false
  /** @type {Media | null} */
  media = null

  /** @type {Entry | null} */
  #entry = null
  /** @type {{ participant: string, incarnation: number } | null} whose figures are told, also after the end */
  #seat = null
  /** @type {import('../core/stream.js').Stream | null} */
  #stream = null
  #window = Array.from(crypto.getRandomValues(new Uint8Array(24)), (byte) => (byte % 36).toString(36)).join('')
  #version = 0
  /** The list that the stream told last: it may come while we are entering. @type {Roster | undefined} */
  #latest
  /** @type {Showing} */
  #showing = { camera: false, microphone: false }
  #told = ''
  /** @type {Map<string, number>} */
  #read = new Map()
  #written = 0
  #isEntering = false
  #isTelling = false
  #wantsToPrepare = false
  #wantsToRing = false
  #isRinging = false
  /** @type {Promise<void> | undefined} */
  #ringing
  /** @type {RTCIceServer[] | undefined} */
  #iceServers
  #kind = 'mesh'
  #deaths = 0
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #renewal
  /** @type {RTCIceTransportPolicy | undefined} */
  #policy
  #closing = new AbortController()

  /**
   * @param {string} base
   * @param {import('../core/media.js').Local} local
   */
  constructor(base, local) {
    super()
    this.base = base
    this.local = local
  }

  /** Listen, for our turn and for what is told to this window; once, before entering. @param {string} [after] */
  listen(after) {
    this.#stream ??= openStream(
      `${this.base}/stream?window=${this.#window}`,
      {
        hello: (hello) => this.#greet(hello),
        again: () => this.#knock(this.#isRinging),
        roster: (roster) => this.#see(roster, false),
        signal: (signal) => this.#hear(signal),
        text: (letters) => this.#readOut(letters),
        state: ({ status, channel }) => this.#follow(status, channel),
        recording: (news) => this.#say('recording', { news }),
        admitted: () => this.#knock(),
        bye: ({ reason }) => this.#leaveFor(reason)
      },
      { after }
    )
  }

  /**
   * It is our turn: make ready all that can be. Where it rings, the line itself: it carries nothing until we enter.
   * @param {boolean} rings
   */
  prepare(rings) {
    this.#wantsToRing = rings
    this.#wantsToPrepare = true
    if (this.#iceServers) this.#prepare(this.#iceServers)
  }

  /** It is not our turn any more. */
  retreat() {
    this.#wantsToPrepare = false
    if (!this.#entry || !this.isAtTheDoor) return
    this.#post(this.#form('leave')).catch(() => {})
    this.media?.begin(this.#entry)
    this.#entry = null
  }

  /** Enter; or enter again, with new lines to everybody. */
  async join() {
    this.#wantsToPrepare = false
    if (this.#ringing) await this.#ringing
    if (this.#entry && this.#isRinging) return this.#comeIn(this.#entry)
    await this.#knock()
  }

  /** It rings, and all is ready: come in, and tell the server meanwhile. @param {Entry} entry */
  async #comeIn(entry) {
    this.#isRinging = this.isAtTheDoor = false
    this.media?.enter()
    this.#say('people')
    try {
      this.#told = this.#state()
      await this.#post(this.#form('enter', this.#told))
      if (entry === this.#entry) this.#tell()
    } catch (error) {
      if (error instanceof Refused && [404, 409].includes(error.status)) await this.#knock()
    }
  }

  /** @param {boolean} [rings] */
  async #knock(rings = false) {
    if (this.#isEntering) return
    this.#isEntering = true
    this.listen()
    try {
      this.#told = this.#state()
      const form = this.#form('join', this.#told)
      form.set('window', this.#window)
      if (rings) form.set('ring', 'on')
      if (this.#kind === 'janus' && this.#deaths >= ENOUGH) form.set('direct', 'on')
      const offer = this.media?.offer()
      if (offer) form.set('offer', JSON.stringify(offer))
      const answer = await this.#post(form)
      await this.#enter(await answer.json(), rings)
    } catch (error) {
      if (rings) return
      if (!(error instanceof Refused) && !this.#closing.signal.aborted) console.warn('could not enter', error)
      this.#leaveFor(error instanceof Refused ? `refused-${error.status}` : 'gone', error instanceof Refused ? error.sentence : '')
    } finally {
      this.#isEntering = false
    }
  }

  /** Tell the others what to expect from us. @param {Showing} showing */
  show(showing) {
    this.#showing = { ...this.#showing, ...showing }
    this.#tell()
  }

  /** What carries the call: `mesh`, or the name of a server in the middle. */
  get kind() {
    return this.#kind
  }

  get isSaving() {
    return !!this.#showing.saving
  }

  /** Our camera, microphone or screen is another track now, or none. */
  refreshTracks() {
    this.media?.refreshTracks()
  }

  /** The device may be on another network: look for a new way to everybody. */
  restart() {
    this.media?.restart()
  }

  /** @param {string} id */
  line(id) {
    return this.media?.line(id)
  }

  /** Send letters to one person, directly. @param {string} id @param {string} text */
  write(id, text) {
    this.media?.write(id, text)
  }

  /** Tell one person what is no letter, if there is a way. @param {string} id @param {string} text */
  tell(id, text) {
    return this.media?.tell(id, text) ?? false
  }

  /** Send letters to the other side of the counter through the server, while no line joins us. @param {string} text */
  async writeThrough(text) {
    const letters = { window: this.#window, seq: ++this.#written, text }
    await post(`${this.base}/text`, letters, { tries: Infinity, timeout: 5_000, signal: this.#closing.signal })
  }

  /** Let somebody in, or send them away. @param {string} participant @param {'admit' | 'refuse'} action */
  decide(participant, action) {
    return post(`${this.base}/people`, new URLSearchParams({ participant, action }))
  }

  /** Tell how the call has gone for this window. It may be the last that we say. @param {object} summary */
  report(summary) {
    if (!this.#seat) return
    const headers = { 'X-CSRFToken': csrfToken(), 'Content-Type': 'application/json' }
    const body = JSON.stringify({ ...this.#seat, ...summary })
    fetch(`${this.base}/figures`, { method: 'POST', headers, body, keepalive: true }).catch(() => {})
  }

  /** Go, also while the page goes away. */
  leave() {
    if (this.#entry) {
      const form = this.#form('leave')
      form.set('csrf_token', csrfToken())
      navigator.sendBeacon(`${this.base}/presence`, form)
    }
    this.close()
  }

  /** End the call for everybody, or go on by telephone. @param {'end' | 'telephone'} [how] @returns {Promise<string>} the address to go to */
  async end(how = 'end', words = {}) {
    const answer = await post(`${this.base}/${how}`, new URLSearchParams(words))
    this.close()
    return (await answer.json()).next
  }

  close() {
    this.#closing.abort()
    clearTimeout(this.#renewal)
    this.#stream?.close()
    this.media?.close()
    this.#entry = null
    this.people.clear()
    this.door = []
  }

  /** @param {{ ice_servers: RTCIceServer[], ice_policy: RTCIceTransportPolicy, media?: { kind: string } }} hello */
  #greet({ ice_servers: iceServers, ice_policy: policy, media }) {
    if (this.#entry) this.media?.renew(iceServers)
    this.#iceServers = iceServers
    this.#policy = policy
    this.#wait(iceServers)
    if (!this.#entry && media) this.#kind = media.kind
    if (this.#wantsToPrepare) this.#prepare(iceServers)
  }

  /** Words for the relays say until when they are good. Each hello brings fresh ones. @param {RTCIceServer[]} iceServers */
  #wait(iceServers) {
    clearTimeout(this.#renewal)
    const ends = iceServers.map(({ username }) => parseInt(username ?? '') * 1_000).filter(Boolean)
    const left = Math.min(...ends) - Date.now()
    if (left > 0 && left < Infinity) this.#renewal = setTimeout(() => this.#stream?.reopen(), Math.max(1_000, left * RENEW))
  }

  /** @param {RTCIceServer[]} iceServers */
  async #prepare(iceServers) {
    if (this.#entry) return
    await this.#use(this.#kind)
    await this.media?.prepare(iceServers, this.#policy)
    if (this.#wantsToRing && this.#wantsToPrepare) this.#ringing ??= this.#knock(true).finally(() => (this.#ringing = undefined))
  }

  /** What carried the call before is closed when something else does now. @param {string} kind */
  async #use(kind) {
    if (this.media && kind === this.#kind) return
    this.media?.close()
    this.#kind = kind
    this.media = await this.#mediaOf(kind)
  }

  /** @param {string} kind */
  async #mediaOf(kind) {
    const media = await MEDIA[kind]({
      ask: (errand) => this.#ask(errand),
      local: this.local,
      send: (id, content) => {
        const person = this.#known.get(id)
        if (person) this.signals?.add(id, person.incarnation, content)
      },
      person: (id) => this.people.get(id),
      isInside: () => !this.isAtTheDoor,
      isSaving: () => this.isSaving
    })
    const on = (/** @type {string} */ name, /** @type {(event: any) => void} */ act) => media.addEventListener(name, act)
    on('change', () => this.#say('people'))
    on('quality', () => this.#say('quality'))
    on('mend', () => this.#stream?.reopen())
    on('dead', () => {
      this.#deaths++
      this.#knock(this.#isRinging)
    })
    on('open', () => this.#say('way'))
    on('letters', ({ id, text }) => this.#say('letters', { from: this.keyOf(id), text }))
    on('told', ({ id, text }) => this.#say('told', { id, text }))
    on('broken', ({ id }) => this.#say('broken', { from: this.keyOf(id) }))
    return media
  }

  /** Under which name somebody writes: the two sides of the counter keep theirs, whatever way their letters take. @param {string} id */
  keyOf(id) {
    const role = this.#known.get(id)?.role ?? ''
    return ['citizen', 'clerk'].includes(role) ? role : id
  }

  /** One after the other, so that the last word is the true one. */
  async #tell() {
    if (this.#isTelling) return
    this.#isTelling = true
    while (this.#entry && !this.#isRinging && this.#told !== this.#state()) {
      this.#told = this.#state()
      await this.#post(this.#form('state', this.#told)).catch(() => {})
    }
    this.#isTelling = false
  }

  #state() {
    return Object.entries(this.#showing).map(([name, is]) => `${name}=${is ? 'on' : 'off'}`).join('&')
  }

  /**
   * @param {Entry} entry
   * @param {boolean} rings
   */
  async #enter(entry, rings) {
    await this.#use(entry.media.kind)
    if (this.#closing.signal.aborted) return this.media?.close()
    this.#entry = entry
    this.#seat = { participant: entry.participant, incarnation: entry.incarnation }
    this.#version = 0
    this.people.clear()
    this.signals = new Signals((signals) => this.#deliver(entry, signals), entry.offered_to ? 1 : 0)
    this.isAtTheDoor = !entry.is_inside
    this.#isRinging = rings
    this.media?.begin(entry)
    for (const letters of entry.written ?? []) this.#readOut(letters)
    if (entry.roster) this.#see(entry.roster, true)
    else this.#say('people')
    if (this.#latest && entry.roster) this.#see(this.#latest, false)
    this.#follow(entry.status)
    this.#tell()
  }

  /**
   * @param {Roster} roster
   * @param {boolean} weArrive
   */
  #see({ version, participants, door = [] }, weArrive) {
    if (!weArrive) this.#latest = { version, participants, door }
    if (!this.#entry || version < this.#version) return
    this.#version = version
    const others = participants.filter(({ id }) => id !== this.#entry?.participant)
    this.own = participants.find(({ id }) => id === this.#entry?.participant)
    const ringing = door.filter(({ role }) => role === 'citizen').map((person) => ({ ...person, isAtTheDoor: true }))
    const gone = [...this.people.keys()].filter((id) => !others.some((person) => person.id === id))
    this.#known = new Map([...others, ...ringing].map((person) => [person.id, person]))
    for (const person of others) this.people.set(person.id, person)
    this.media?.see([...others, ...ringing], weArrive)
    for (const id of gone) this.people.delete(id)
    this.door = door.filter(({ role }) => role !== 'citizen')
    this.#say('people')
    this.#say('way')
  }

  /** @param {Incoming} signal */
  #hear({ from, incarnation, to_incarnation, ...content }) {
    if (to_incarnation !== this.#entry?.incarnation) return
    if (this.#known.get(from)?.incarnation === incarnation) this.media?.hear(from, content)
  }

  /** Letters that came through the server, each once. Our own are known already. @param {Letters} letters */
  #readOut({ from, window, seq, text }) {
    if (window === this.#window || seq <= (this.#read.get(window) ?? 0)) return
    this.#read.set(window, seq)
    this.#say('letters', { from, window, text })
  }

  /**
   * @param {string} status
   * @param {string} [channel]
   */
  #follow(status, channel) {
    this.status = status
    this.channel = channel ?? this.channel
    this.#say('status')
  }

  /**
   * @param {string} reason
   * @param {string} [sentence] the server's own words
   */
  #leaveFor(reason, sentence = '') {
    if (this.#closing.signal.aborted) return
    this.farewell = reason
    this.sentence = sentence
    this.close()
    this.#say('bye')
  }

  /**
   * @param {Entry} entry
   * @param {import('./signals.js').Signal[]} signals
   */
  async #deliver({ participant, incarnation }, signals) {
    const options = { tries: Infinity, timeout: 1_200, signal: this.#closing.signal }
    try {
      await post(`${this.base}/signals`, { participant, incarnation, signals }, options)
    } catch (error) {
      const isReplaced = error instanceof Refused && error.status === 409
      if (isReplaced && incarnation === this.#entry?.incarnation) this.#leaveFor('replaced')
    }
  }

  /** An errand at the server in the middle, done by our own. @param {object} errand */
  async #ask(errand) {
    if (!this.#entry) throw new Error('nobody is in')
    const { participant, incarnation } = this.#entry
    const answer = await post(`${this.base}/media`, { participant, incarnation, ...errand }, { signal: this.#closing.signal })
    return answer.json()
  }

  /** @param {URLSearchParams} form */
  #post(form) {
    return post(`${this.base}/presence`, form, { tries: Infinity, signal: this.#closing.signal })
  }

  /**
   * @param {string} event
   * @param {string} [details]
   */
  #form(event, details = '') {
    const form = new URLSearchParams(details)
    form.set('event', event)
    if (this.#entry && event !== 'join') {
      form.set('participant', this.#entry.participant)
      form.set('incarnation', String(this.#entry.incarnation))
    }
    return form
  }

  /**
   * @param {string} name
   * @param {object} [details]
   */
  #say(name, details = {}) {
    this.dispatchEvent(Object.assign(new Event(name), details))
  }
}
