import { offerOf, Pair, prepare } from './pair.js'
import { HIGHEST, SPARING } from './line.js'

/** @typedef {import('./room.js').Person} Person */
/** @typedef {import('./room.js').Entry} Entry */
/** @typedef {import('./signals.js').Content} Content */
/** @typedef {import('../core/media.js').Local} Local */
/** @typedef {import('./pair.js').Health} Health */
/** @typedef {import('./reading.js').Reading} Reading */

/**
 * What a room gives to its media back end.
 * @typedef {object} Host
 * @property {Local} local our own tracks, as they are now
 * @property {(id: string, content: Content) => void} send to the back end of one other person, through the server; in
 *   order, once, and repeated until it has arrived
 * @property {(id: string) => Person | undefined} person who that is now
 * @property {() => boolean} isSaving whether we spare data
 * @property {() => boolean} isInside whether we have entered: before, nothing of ours is shown
 * @property {(errand: object) => Promise<any>} ask an errand at the server in the middle, where there is one
 */

/**
 * What is known of the sound and picture of one other person: all that the screen reads.
 * @typedef {object} Line
 * @property {Health} health
 * @property {MediaStream | null} stream their voice and their picture
 * @property {MediaStream | null} screen their shared screen
 * @property {number} bars how good the line is, from none to four
 * @property {boolean} isSpeaking
 * @property {boolean} isStill their picture has stopped although their camera is on
 * @property {boolean} isSparingPicture we send them sound alone
 * @property {boolean} isOpen whether letters can leave to them directly
 * @property {number} repairs how often it had to be mended
 * @property {Reading} reading the last figures
 */

/**
 * A media back end: what carries sound, picture and letters between the people of one room. The room knows who is
 * there and passes messages on; it knows nothing of connections. To let a server stand in the middle, write a class
 * with these members, give it a name in `MEDIA` of room.js, and let `media_of` of the calls' services answer that name.
 *
 * A back end is made once for a room. `begin` begins, and begins anew when we had to enter again: what was before is
 * over. It says `change` when there is something else to show for somebody, `quality` when only figures changed,
 * `letters` and `told` (with `id` and `text`), `open` and `broken` (with `id`; not when somebody left in peace) of the way by which
 * letters leave, `mend` when news
 * may have been missed, and `dead` when only entering again can help.
 * @typedef {EventTarget & {
 *   prepare: (iceServers: RTCIceServer[], policy?: RTCIceTransportPolicy) => Promise<void>,
 *   offer: () => RTCSessionDescriptionInit | undefined,
 *   begin: (entry: Entry) => void,
 *   enter: () => void,
 *   see: (people: Person[], weArrive: boolean) => void,
 *   hear: (id: string, content: Content) => void,
 *   line: (id: string) => Line | undefined,
 *   write: (id: string, text: string) => void,
 *   tell: (id: string, text: string) => boolean,
 *   refreshTracks: () => void,
 *   restart: () => void,
 *   renew: (iceServers: RTCIceServer[]) => void,
 *   close: () => void
 * }} Media
 * `prepare`: we are about to enter, do what can be done. `offer`: something to hand to the first other person together
 * with our wish to enter, if there is anything; `entry.offered_to` says who got it. `see`: who is there now, all of
 * them, and who rings at the door, so that their line is ready; `weArrive` at the beginning. `enter`: we rang, and now we
 * come in: show us to the others, and them to us, without waiting for the server. `hear`: another back end sent this. `write`: letters to somebody whose line is open.
 * `tell`: what is no letter, if there is a way now; whether it left. `renew`: relays know us by other words from now on.
 */

/** Everybody sends to everybody. @implements {Media} */
export class Mesh extends EventTarget {
  /** @type {Map<string, Pair>} */
  pairs = new Map()
  /** @type {Map<string, number>} */
  #incarnations = new Map()
  /** Who has come in. @type {Set<string>} */
  #entered = new Set()
  /** @type {Entry | undefined} */
  #entry
  /** @type {import('./pair.js').Prepared | undefined} */
  #prepared
  #isPreparing = false
  #isOffered = false

  /** @param {Host} host */
  constructor(host) {
    super()
    this.host = host
  }

  /**
   * @param {RTCIceServer[]} iceServers
   * @param {RTCIceTransportPolicy} [policy]
   */
  async prepare(iceServers, policy) {
    if (this.#prepared || this.#isPreparing) return
    this.#isPreparing = true
    this.#prepared = await prepare(this.host.local, iceServers, policy).catch(() => undefined)
    this.#isPreparing = false
  }

  offer() {
    if (!this.#prepared || this.#isOffered) return undefined
    this.#isOffered = true
    return offerOf(this.#prepared)
  }

  /** @param {Entry} entry */
  begin(entry) {
    this.#forgetAll()
    this.#entered.clear()
    this.#entry = entry
    if (!entry.offered_to) this.#discard()
  }

  enter() {
    for (const pair of this.pairs.values()) pair.enter()
  }

  /**
   * Who arrives offers: we to those who are here when we enter, later ones to us.
   * @param {Person[]} people
   * @param {boolean} weArrive
   */
  see(people, weArrive) {
    for (const id of this.pairs.keys()) {
      const person = people.find((other) => other.id === id)
      if (person?.incarnation !== this.#incarnations.get(id)) this.#forget(id)
    }
    for (const person of people) {
      if (!this.pairs.has(person.id)) this.#connect(person, weArrive)
      else if (!person.isAtTheDoor && !this.#entered.has(person.id)) this.#welcome(person.id)
      if (!person.isAtTheDoor) this.#entered.add(person.id)
    }
  }

  /** They have come in: now they see us. @param {string} id */
  #welcome(id) {
    this.#entered.add(id)
    this.pairs.get(id)?.refreshTracks()
  }

  /**
   * @param {string} id
   * @param {Content} content
   */
  hear(id, content) {
    this.pairs.get(id)?.receive(content)
  }

  /** @param {string} id */
  line(id) {
    return this.pairs.get(id)
  }

  /**
   * @param {string} id
   * @param {string} text
   */
  write(id, text) {
    this.pairs.get(id)?.write(text)
  }

  /**
   * @param {string} id
   * @param {string} text
   */
  tell(id, text) {
    return this.pairs.get(id)?.tell(text) ?? false
  }

  refreshTracks() {
    for (const pair of this.pairs.values()) pair.refreshTracks()
  }

  /** The device may be on another network: look for a new way to everybody. */
  restart() {
    this.#discard()
    for (const pair of this.pairs.values()) pair.restart()
  }

  /** @param {RTCIceServer[]} iceServers */
  renew(iceServers) {
    if (this.#entry) this.#entry = { ...this.#entry, ice_servers: iceServers }
    for (const pair of this.pairs.values()) pair.renew(iceServers)
  }

  close() {
    this.#forgetAll()
    this.#discard()
  }

  /**
   * @param {Person} person
   * @param {boolean} offers
   */
  #connect({ id, seat, incarnation, isAtTheDoor }, offers) {
    const entry = /** @type {Entry} */ (this.#entry)
    const { host } = this
    const isShut = () => !host.isInside() || !this.#entered.has(id)
    if (!isAtTheDoor) this.#entered.add(id)
    const pair = new Pair({
      offers,
      prepared: entry.offered_to === id && offers ? this.#take() : undefined,
      iceServers: entry.ice_servers,
      policy: entry.ice_policy,
      polite: entry.seat > seat,
      local: host.local,
      send: (content) => host.send(id, content),
      isHeard: () => {
        const person = host.person(id)
        return !isShut() && !!person && (person.camera || person.microphone)
      },
      isShut,
      cap: () => (host.isSaving() || host.person(id)?.saving ? SPARING : HIGHEST)
    })
    this.pairs.set(id, pair)
    this.#incarnations.set(id, incarnation)
    pair.addEventListener('entered', () => this.#welcome(id))
    for (const [heard, said] of SAYS) pair.addEventListener(heard, (event) => this.#say(said, id, event))
  }

  #take() {
    const prepared = this.#prepared
    this.#prepared = undefined
    this.#isOffered = false
    return prepared
  }

  #discard() {
    this.#take()?.connection.close()
  }

  #forgetAll() {
    for (const id of this.pairs.keys()) this.#forget(id)
  }

  /** @param {string} id */
  #forget(id) {
    const pair = this.pairs.get(id)
    this.pairs.delete(id)
    this.#entered.delete(id)
    this.#incarnations.delete(id)
    if (pair?.hadLetters && pair.health !== 'talking') this.#say('broken', id)
    pair?.close()
  }

  /**
   * @param {string} name
   * @param {string} id
   * @param {Event & { text?: string }} [event]
   */
  #say(name, id, event) {
    this.dispatchEvent(Object.assign(new Event(name), { id, text: event?.text }))
  }
}

/** What each pair says, and under which name we pass it on. */
const SAYS = Object.entries({
  stream: 'change', health: 'change', quality: 'quality', letters: 'letters', told: 'told', open: 'open', broken: 'broken', mend: 'mend', dead: 'dead'
})
