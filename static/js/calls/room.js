import { csrfToken, post, Refused } from '../core/post.js'
import { openStream } from '../core/stream.js'
import { Pair, prepare } from './pair.js'
import { Signals } from './signals.js'

/**
 * @typedef {object} Person
 * @property {string} id
 * @property {number} seat
 * @property {string} role
 * @property {string} name
 * @property {number} incarnation
 * @property {'on' | 'off' | boolean} camera
 * @property {'on' | 'off' | boolean} microphone
 */
/** @typedef {{ version: number, participants: Person[] }} Roster */
/** @typedef {{ participant: string, seat: number, incarnation: number, cursor: number, ice_servers: RTCIceServer[], ice_policy: RTCIceTransportPolicy, roster: Roster, status: string }} Entry */
/** @typedef {import('./signals.js').Content & { from: string, incarnation: number, to_incarnation: number }} Incoming */
/** @typedef {{ camera: boolean, microphone: boolean }} Showing */

/** @param {'on' | 'off' | boolean} value */
export const isOn = (value) => value === true || value === 'on'

/**
 * The people in one room and the line to each. Says `people` when somebody comes, goes or changes,
 * `health` when a line does, `status` when the visit does, and `bye` when we must go.
 */
export class Room extends EventTarget {
  /** @type {Map<string, Person>} */
  people = new Map()
  /** @type {Map<string, Pair>} */
  pairs = new Map()
  status = ''
  farewell = ''

  /** @type {Entry | null} */
  #entry = null
  /** @type {import('../core/stream.js').Stream | null} */
  #stream = null
  /** @type {RTCPeerConnection | undefined} */
  #prepared
  #version = 0
  #showing = 'camera=off&microphone=off'
  #told = ''
  #isEntering = false
  #isTelling = false
  #closing = new AbortController()

  /**
   * @param {string} base
   * @param {import('./pair.js').Local} local
   */
  constructor(base, local) {
    super()
    this.base = base
    this.local = local
  }

  /** Listen for our turn before entering. @param {string} [after] */
  wait(after) {
    this.#stream = openStream(`${this.base}/stream`, { state: ({ status }) => this.#follow(status) }, { after })
  }

  /** We are about to enter. */
  prepare() {
    if ('setConfiguration' in RTCPeerConnection.prototype) this.#prepared ??= prepare(this.local)
  }

  /** Enter; or enter again, with new lines to everybody. */
  async join() {
    if (this.#isEntering) return
    this.#isEntering = true
    this.#stream?.close()
    try {
      this.#told = this.#showing
      const answer = await this.#post('join', this.#told)
      this.#enter(await answer.json())
    } catch (error) {
      this.#leaveFor(error instanceof Refused ? 'refused' : 'gone')
    } finally {
      this.#isEntering = false
    }
  }

  /**
   * Tell the others whether to expect picture and sound from us.
   * @param {boolean} camera
   * @param {boolean} microphone
   */
  show(camera, microphone) {
    this.#showing = `camera=${camera ? 'on' : 'off'}&microphone=${microphone ? 'on' : 'off'}`
    this.#tell()
  }

  /** Our camera or microphone is another track now, or none. */
  refreshTracks() {
    for (const pair of this.pairs.values()) pair.refreshTracks()
  }

  /** The device may be on another network: look for a new way to everybody. */
  restart() {
    for (const pair of this.pairs.values()) pair.restart()
  }

  /** Go, also while the page goes away. */
  leave() {
    if (this.#entry) navigator.sendBeacon(`${this.base}/presence`, this.#form('leave', `csrf_token=${csrfToken()}`))
    this.close()
  }

  /** End the call for everybody. @returns {Promise<string>} the address to go to */
  async end() {
    const answer = await post(`${this.base}/end`, new URLSearchParams())
    this.close()
    return (await answer.json()).next
  }

  close() {
    this.#closing.abort()
    this.#stream?.close()
    this.#prepared?.close()
    this.#entry = null
    for (const id of this.people.keys()) this.#forget(id)
  }

  /** One after the other, so that the last word is the true one. */
  async #tell() {
    if (this.#isTelling) return
    this.#isTelling = true
    while (this.#entry && this.#told !== this.#showing) {
      this.#told = this.#showing
      await this.#post('state', this.#told).catch(() => {})
    }
    this.#isTelling = false
  }

  /** @param {Entry} entry */
  #enter(entry) {
    if (this.#closing.signal.aborted) return
    for (const id of this.people.keys()) this.#forget(id)
    this.#entry = entry
    this.#version = 0
    this.signals = new Signals((signals) => this.#deliver(entry, signals))
    this.#see(entry.roster, true)
    this.#stream = openStream(
      `${this.base}/stream?participant=${entry.participant}&incarnation=${entry.incarnation}`,
      {
        roster: (roster) => this.#see(roster, false),
        signal: (signal) => this.#hear(signal),
        state: ({ status }) => this.#follow(status),
        bye: ({ reason }) => this.#leaveFor(reason)
      },
      { after: entry.cursor }
    )
    this.#follow(entry.status)
    this.#tell()
  }

  /**
   * Who arrives offers: we to those who are here when we enter, later ones to us.
   * @param {Roster} roster
   * @param {boolean} weArrive
   */
  #see({ version, participants }, weArrive) {
    if (version < this.#version) return
    this.#version = version
    const others = participants.filter(({ id }) => id !== this.#entry?.participant)
    for (const id of this.people.keys()) if (!others.some((person) => person.id === id)) this.#forget(id)
    for (const person of others) {
      const known = this.people.get(person.id)
      if (known && known.incarnation !== person.incarnation) this.#forget(person.id)
      this.people.set(person.id, person)
      if (!this.pairs.has(person.id)) this.#connect(person, weArrive)
    }
    this.#say('people')
  }

  /**
   * @param {Person} person
   * @param {boolean} offers
   */
  #connect({ id, seat, incarnation }, offers) {
    const { seat: ownSeat, ice_servers: iceServers, ice_policy: policy } = /** @type {Entry} */ (this.#entry)
    const { signals } = this
    const prepared = offers ? this.#prepared : undefined
    if (prepared) this.#prepared = undefined
    const pair = new Pair({
      offers,
      prepared,
      iceServers,
      policy,
      polite: ownSeat > seat,
      local: this.local,
      send: (content) => signals?.add(id, incarnation, content),
      isHeard: () => {
        const person = this.people.get(id)
        return !!person && (isOn(person.camera) || isOn(person.microphone))
      }
    })
    pair.addEventListener('stream', () => this.#say('people'))
    pair.addEventListener('health', () => this.#say('health'))
    pair.addEventListener('mend', () => this.#stream?.reopen())
    pair.addEventListener('dead', () => this.join())
    this.pairs.set(id, pair)
  }

  /** @param {string} id */
  #forget(id) {
    this.pairs.get(id)?.close()
    this.pairs.delete(id)
    this.people.delete(id)
  }

  /** @param {Incoming} signal */
  #hear({ from, incarnation, to_incarnation, ...content }) {
    if (to_incarnation !== this.#entry?.incarnation) return
    if (this.people.get(from)?.incarnation === incarnation) this.pairs.get(from)?.receive(content)
  }

  /** @param {string} status */
  #follow(status) {
    this.status = status
    this.#say('status')
  }

  /** @param {string} reason */
  #leaveFor(reason) {
    if (this.#closing.signal.aborted) return
    this.farewell = reason
    this.close()
    this.#say('bye')
  }

  /**
   * @param {Entry} entry
   * @param {import('./signals.js').Signal[]} signals
   */
  async #deliver({ participant, incarnation }, signals) {
    const options = { tries: Infinity, timeout: 5_000, signal: this.#closing.signal }
    try {
      await post(`${this.base}/signals`, { participant, incarnation, signals }, options)
    } catch (error) {
      const isReplaced = error instanceof Refused && error.status === 409
      if (isReplaced && incarnation === this.#entry?.incarnation) this.#leaveFor('replaced')
    }
  }

  /**
   * @param {string} event
   * @param {string} details
   */
  #post(event, details) {
    const options = { tries: Infinity, signal: this.#closing.signal }
    return post(`${this.base}/presence`, this.#form(event, details), options)
  }

  /**
   * @param {string} event
   * @param {string} details
   */
  #form(event, details) {
    const form = new URLSearchParams(details)
    form.set('event', event)
    if (this.#entry && event !== 'join') {
      form.set('participant', this.#entry.participant)
      form.set('incarnation', String(this.#entry.incarnation))
    }
    return form
  }

  /** @param {string} name */
  #say(name) {
    this.dispatchEvent(new Event(name))
  }
}
