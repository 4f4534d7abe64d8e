import { prefer, sendable } from './codecs.js'
import { Refused } from '../core/post.js'
import { bars, HIGHEST, LineRule, RUNGS, SPARING } from './line.js'
import { configuration, wishesFor } from './pair.js'
import { NOTHING, read } from './reading.js'

/** @typedef {import('./mesh.js').Host} Host */
/** @typedef {import('./mesh.js').Media} Media */
/** @typedef {import('./room.js').Entry} Entry */
/** @typedef {import('./room.js').Person} Person */
/** @typedef {import('./pair.js').Health} Health */
/** @typedef {import('./reading.js').Reading} Reading */
/** What goes through the server to one of the others, and says who hears whom. @typedef {{ to: string, hears: boolean, letters?: string, told?: string }} Aside */

const LOOK_EVERY = 500
const KEEP_EVERY = 20_000
const UNSTEADY = 2_000
const MEND = 3_000
const LOST = 10_000
const ASK_AGAIN = 2_000
const ASK_SOON = 300
const FETCH_AGAIN = 8_000
const GIVE_UP = 12_000
const STILL = 3_000
const SPEECH = 0.02
const ROLES = /** @type {const} */ (['audio', 'video', 'screen'])
const NOBODY = { audio: null, video: null, screen: null }

/**
 * A server in the middle: we send once, and fetch each of the others from there. It never hears of us but through our
 * own server, which knows who may see whom. @implements {Media}
 */
export class Janus extends EventTarget {
  /** @type {Map<string, Down>} */
  downs = new Map()
  /** @type {Up | undefined} */
  up
  /** @type {Map<string, Person>} */
  #people = new Map()
  /** @type {Entry | undefined} */
  #entry
  #isInside = false
  #brokenAt = NaN
  /** One errand after the other: the server answers them in this order. @type {Promise<unknown>} */
  #errands = Promise.resolve()
  #keptAt = 0
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #again

  /** @param {Host} host */
  constructor(host) {
    super()
    this.host = host
  }

  /** The server in the middle answers at once: there is nothing to look for before. */
  async prepare() {}

  /** @returns {undefined} */
  offer() {
    return undefined
  }

  /** @param {Entry} entry */
  begin(entry) {
    this.#endAll()
    this.#people.clear()
    this.#entry = entry
    this.#brokenAt = NaN
    this.#isInside = this.host.isInside()
    this.#timer = setInterval(() => this.#watch(), LOOK_EVERY)
    this.#send()
  }

  enter() {
    this.#isInside = true
    this.up?.refreshTracks()
    this.#fetchAll()
  }

  /** @param {Person[]} people */
  see(people) {
    for (const [id, down] of this.downs) {
      if (people.some((person) => person.id === id && person.incarnation === this.#people.get(id)?.incarnation)) continue
      this.downs.delete(id)
      if (down.hadLetters && down.health !== 'talking') this.#say('broken', { id })
      down.close()
    }
    this.#people = new Map(people.map((person) => [person.id, person]))
    this.#isInside = this.host.isInside()
    this.up?.refreshTracks()
    this.#fetchAll()
  }

  /** They send anew, or for the first time. @param {string} id @param {import('./signals.js').Content & { published?: number }} content */
  hear(id, { published }) {
    if (published) this.downs.get(id)?.fetchNewer(published)
  }

  /** @param {string} id */
  line(id) {
    return this.downs.get(id)
  }

  /** @param {string} id @param {string} letters */
  write(id, letters) {
    this.up?.tell({ to: id, hears: true, letters })
  }

  /** @param {string} id @param {string} told */
  tell(id, told) {
    return !!this.downs.get(id)?.isOpen && !!this.up?.tell({ to: id, hears: true, told })
  }

  refreshTracks() {
    this.up?.refreshTracks()
  }

  restart() {
    this.up?.mend()
    for (const down of this.downs.values()) down.mend()
  }

  /** @param {RTCIceServer[]} iceServers */
  renew(iceServers) {
    if (this.#entry) this.#entry = { ...this.#entry, ice_servers: iceServers }
    const isRelayed = this.up?.reading.isRelayed
    for (const end of [this.up, ...this.downs.values()]) end?.connection?.setConfiguration(this.configuration)
    if (isRelayed) this.restart()
  }

  close() {
    this.#endAll()
    this.#entry = undefined
  }

  get configuration() {
    return configuration(this.#entry?.ice_servers ?? [], this.#entry?.ice_policy)
  }

  /** What the others get of us: nothing while we are at the door. */
  get local() {
    const { local } = this.host
    return this.#isInside ? local : { ...local, ...NOBODY }
  }

  get cap() {
    return this.host.isSaving() || [...this.#people.values()].some(({ saving }) => saving) ? SPARING : HIGHEST
  }

  get own() {
    return this.#entry?.participant
  }

  /** @param {string} id */
  person(id) {
    return this.#people.get(id)
  }

  /** @param {object} errand @returns {Promise<any>} */
  ask(errand) {
    const entry = this.#entry
    const answer = this.#errands.then(() => {
      if (!entry || entry.participant !== this.#entry?.participant || entry.incarnation !== this.#entry.incarnation) throw new Error('this is over')
      return this.host.ask(errand)
    })
    this.#errands = answer.catch(() => {})
    return answer
  }

  /** @param {unknown} trouble */
  stumble(trouble) {
    const isGone = trouble instanceof Refused && trouble.status === 410
    if (isGone) this.anew()
    return isGone
  }

  /** The server knows us no more: everything again, after a moment. */
  anew() {
    if (this.#again || !this.#entry) return
    const now = performance.now()
    this.#brokenAt ||= now
    if (now - this.#brokenAt > GIVE_UP) {
      this.#brokenAt = NaN
      this.#say('dead')
      return
    }
    this.#again = setTimeout(() => {
      this.#again = undefined
      this.up?.close()
      for (const down of this.downs.values()) down.stop()
      this.#send()
    }, ASK_AGAIN / 2)
  }

  async #send() {
    const up = (this.up = new Up(this))
    try {
      await up.begin()
    } catch (trouble) {
      if (up === this.up && this.#entry) this.anew()
      return
    }
    if (up === this.up) this.#fetchAll()
  }

  #fetchAll() {
    if (!this.#isInside) return
    for (const { id, isAtTheDoor } of this.#people.values()) {
      if (isAtTheDoor) continue
      if (!this.downs.has(id)) this.#listen(id)
      if (this.up?.isSent) this.downs.get(id)?.fetchOnce()
    }
  }

  /** @param {string} id */
  #listen(id) {
    const down = new Down(this, id)
    this.downs.set(id, down)
    for (const [heard, said] of SAYS) down.addEventListener(heard, (event) => this.#say(said, { id, text: /** @type {any} */ (event).text }))
  }

  async #watch() {
    const now = performance.now()
    const [first] = this.downs.keys()
    const before = this.up?.reading.sent ?? 0
    await this.up?.watch(this.cap)
    const sent = Math.max(0, (this.up?.reading.sent ?? 0) - before)
    for (const [id, down] of this.downs) await down.watch(id === first ? sent : 0)
    if (this.up?.isConnected) this.#brokenAt = NaN
    const isSilent = this.up && !this.up.isConnected
    if (now - this.#keptAt < (isSilent ? ASK_AGAIN : KEEP_EVERY)) return
    this.#keptAt = now
    if (isSilent) this.#brokenAt ||= now
    if (now - this.#brokenAt > GIVE_UP) return this.anew()
    if (this.up?.isSent) this.ask({ do: 'keep' }).catch((trouble) => this.stumble(trouble))
  }

  #endAll() {
    clearInterval(this.#timer)
    clearTimeout(this.#again)
    this.#again = undefined
    this.up?.close()
    this.up = undefined
    for (const [id, down] of this.downs) {
      if (down.hadLetters && down.health !== 'talking') this.#say('broken', { id })
      down.close()
    }
    this.downs.clear()
  }

  /** @param {string} name @param {object} [details] */
  #say(name, details = {}) {
    this.dispatchEvent(Object.assign(new Event(name), details))
  }
}

const SAYS = Object.entries({
  stream: 'change', health: 'change', quality: 'quality', letters: 'letters', told: 'told', open: 'open', broken: 'broken', mend: 'mend'
})

/** One connection to the server: it counts what passes, and tells by which ways we can be reached. */
class End extends EventTarget {
  /** @type {RTCPeerConnection | undefined} */
  connection
  /** @type {Reading} */
  reading = NOTHING
  handle = 0
  #mendedAt = 0
  /** @type {RTCIceCandidateInit[]} */
  #ways = []

  /** @param {Janus} middle */
  constructor(middle) {
    super()
    this.middle = middle
  }

  get isConnected() {
    return this.connection?.connectionState === 'connected'
  }

  open() {
    this.connection?.close()
    const connection = (this.connection = new RTCPeerConnection(this.middle.configuration))
    this.handle = 0
    connection.onicecandidate = ({ candidate }) => {
      if (!candidate) return
      this.#ways.push(candidate.toJSON())
      if (this.#ways.length === 1) setTimeout(() => this.sendWays(), 20)
    }
    return connection
  }

  sendWays() {
    if (!this.handle || !this.#ways.length) return
    const candidates = this.#ways.splice(0, 60)
    this.middle.ask({ do: 'ways', handle: this.handle, candidates }).catch(() => {})
  }

  async look() {
    const report = await this.connection?.getStats()
    if (report) this.reading = read(report, performance.now(), this.reading)
  }

  /** Not more often than the server can answer. */
  get mayMend() {
    const now = performance.now()
    const may = now - this.#mendedAt > MEND && !!this.handle
    if (may) this.#mendedAt = now
    return may
  }

  close() {
    if (this.connection) Object.assign(this.connection, { onicecandidate: null, onconnectionstatechange: null, ontrack: null, ondatachannel: null })
    this.connection?.close()
    this.connection = undefined
    this.handle = 0
  }
}

/** What we send: our voice, our picture, our screen, and letters to each. */
class Up extends End {
  isSent = false
  isSparingPicture = false
  rule = new LineRule(performance.now())
  #applied = ''
  #brokenAt = NaN
  #isShown = false

  async begin() {
    const connection = this.open()
    for (const role of ROLES) {
      const transceiver = connection.addTransceiver(role === 'audio' ? 'audio' : 'video', { direction: 'sendonly' })
      if (role !== 'audio') prefer(transceiver)
    }
    this.channel = connection.createDataChannel('aside', { ordered: true })
    connection.onconnectionstatechange = () => {
      if (connection.connectionState !== 'connected' || this.#isShown) return
      this.#isShown = true
      this.middle.ask({ do: 'shown' }).catch((trouble) => this.middle.stumble(trouble))
    }
    this.refreshTracks()
    await connection.setLocalDescription()
    const { handle, description } = await this.middle.ask({ do: 'publish', description: sendable(/** @type {any} */ (connection.localDescription)) })
    if (connection !== this.connection) return
    this.handle = handle
    await connection.setRemoteDescription(description)
    this.isSent = true
    this.sendWays()
  }

  refreshTracks() {
    const { local } = this.middle
    this.connection?.getTransceivers().forEach(({ sender }, place) => {
      const track = local[ROLES[place]]
      if (sender.track !== track) sender.replaceTrack(track)
    })
    this.#applied = ''
  }

  /** @param {Aside} aside */
  tell(aside) {
    if (this.channel?.readyState !== 'open') return false
    this.channel.send(JSON.stringify(aside))
    return true
  }

  /** Another way to the server. */
  async mend() {
    const { connection } = this
    if (!connection || !this.mayMend || connection.signalingState !== 'stable') return
    connection.restartIce()
    try {
      await connection.setLocalDescription()
      const { description } = await this.middle.ask({ do: 'renew', handle: this.handle, description: sendable(/** @type {any} */ (connection.localDescription)) })
      if (connection === this.connection) await connection.setRemoteDescription(description)
    } catch (trouble) {
      if (connection !== this.connection) return
      if (!this.middle.stumble(trouble)) await connection.setLocalDescription({ type: 'rollback' }).catch(() => {})
    }
  }

  /** @param {number} cap */
  async watch(cap) {
    await this.look()
    const now = performance.now()
    if (this.isConnected) this.#brokenAt = NaN
    else this.#brokenAt ||= now
    if (this.connection?.connectionState === 'failed' || now - this.#brokenAt > MEND) this.mend()
    if (this.isConnected) this.#tune(cap)
  }

  /** One picture for all: no more than what our line carries, and than the most sparing of us wants. @param {number} cap */
  #tune(cap) {
    const { available, lossOut } = this.reading
    const rung = RUNGS[this.rule.judge({ available, loss: lossOut }, performance.now(), cap)]
    const wish = `${rung.name} ${this.middle.local.screen?.id}`
    if (wish === this.#applied) return
    this.#applied = wish
    this.isSparingPicture = rung.height === 0
    this.connection?.getTransceivers().forEach(({ sender }, place) => {
      const role = ROLES[place]
      const parameters = sender.getParameters()
      if (!parameters.encodings?.length) return
      Object.assign(parameters.encodings[0], wishesFor(role, rung, sender.track))
      if (role !== 'audio') Object.assign(parameters, { degradationPreference: role === 'screen' ? 'maintain-resolution' : 'maintain-framerate' })
      sender.setParameters(parameters).catch(() => {}) // an older browser keeps its own rules
    })
  }
}

/** One of the others, fetched from the server. Says what a pair of the mesh says. */
class Down extends End {
  handle = 0
  reading = NOTHING
  /** @type {Health} */
  health = 'connecting'
  /** @type {MediaStream | null} */
  stream = null
  /** @type {MediaStream | null} */
  screen = null
  bars = 0
  isStill = false
  isSpeaking = false
  isOpen = false
  hadLetters = false
  repairs = 0
  feed = 0
  #newest = 0
  #tries = 0
  #isHeard = false
  #sent = 0
  #packets = 0
  #isFetching = false
  #heardAt = performance.now()
  #framesAt = performance.now()
  #greetedAt = 0
  #wasConnected = false
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #again

  /** @param {Janus} middle @param {string} id */
  constructor(middle, id) {
    super(middle)
    this.id = id
  }

  get isSparingPicture() {
    return !!this.middle.up?.isSparingPicture
  }

  fetchOnce() {
    if (!this.connection && !this.#isFetching) this.fetch()
  }

  /** They send under another number now. @param {number} feed */
  fetchNewer(feed) {
    this.#newest = feed
    if (feed !== this.feed) this.fetch()
  }

  /** Fetch them, in place of what was fetched before. */
  async fetch() {
    clearTimeout(this.#again)
    if (this.#isFetching || !this.middle.up?.isSent) return
    this.#isFetching = true
    const [old, newest] = [this.handle, this.#newest]
    try {
      if (old) await this.middle.ask({ do: 'drop', handle: old }).catch(() => {})
      const { handle, feed, description } = await this.middle.ask({ do: 'subscribe', to: this.id })
      if (this.isClosed) return
      const connection = this.open()
      this.#closeLetters()
      this.handle = handle
      this.feed = feed
      this.#sent = this.#packets = 0
      connection.ontrack = (event) => this.#show(event)
      connection.ondatachannel = ({ channel }) => (channel.onmessage = ({ data }) => this.#hear(data))
      await connection.setRemoteDescription(description)
      await connection.setLocalDescription()
      await this.middle.ask({ do: 'answer', handle, description: { type: 'answer', sdp: connection.localDescription?.sdp } })
      this.#tries = 0
      this.sendWays()
    } catch (trouble) {
      const wait = newest !== this.#newest ? 0 : this.#tries++ < 5 ? ASK_SOON : ASK_AGAIN
      if (!this.isClosed && !this.middle.stumble(trouble)) this.#again = setTimeout(() => this.fetch(), wait)
    } finally {
      this.#isFetching = false
    }
  }

  /** Another way to what we fetch. */
  async mend() {
    const { connection } = this
    if (!connection || !this.mayMend) return
    this.repairs++
    this.dispatchEvent(new Event('mend'))
    try {
      const { description } = await this.middle.ask({ do: 'restart', handle: this.handle })
      if (connection !== this.connection) return
      await connection.setRemoteDescription(description)
      await connection.setLocalDescription()
      await this.middle.ask({ do: 'answer', handle: this.handle, description: { type: 'answer', sdp: connection.localDescription?.sdp } })
    } catch (trouble) {
      if (connection === this.connection && !this.middle.stumble(trouble)) this.fetch()
    }
  }

  /** @param {RTCTrackEvent} event */
  #show({ track, transceiver }) {
    const place = this.connection?.getTransceivers().indexOf(transceiver) ?? 0
    if (ROLES[place] === 'screen') this.screen = new MediaStream([track])
    else this.stream = new MediaStream([...(this.stream?.getTracks().filter(({ kind, readyState }) => kind !== track.kind && readyState === 'live') ?? []), track])
    this.dispatchEvent(new Event('stream'))
  }

  /** What they tell reaches everybody; what is for us says so. @param {unknown} data */
  #hear(data) {
    if (typeof data !== 'string') return
    /** @type {Aside} */
    let aside
    try {
      aside = JSON.parse(data)
    } catch {
      return
    }
    if (aside?.to !== this.middle.own) return
    this.#isHeard = true
    if (aside.hears && !this.isOpen) {
      this.isOpen = this.hadLetters = true
      this.#greet()
      this.dispatchEvent(new Event('open'))
    }
    for (const name of /** @type {const} */ (['letters', 'told'])) {
      if (typeof aside[name] === 'string') this.dispatchEvent(Object.assign(new Event(name), { text: aside[name] }))
    }
  }

  /** Letters that leave before they listen are lost: say that we are here until they say that they hear us. */
  #greet() {
    this.#greetedAt = performance.now()
    this.middle.up?.tell({ to: this.id, hears: this.#isHeard })
  }

  /** @param {number} sent bytes that we sent since the last look, where they are counted with this person */
  async watch(sent) {
    const before = this.reading
    await this.look()
    this.#sent += sent
    const now = performance.now()
    if (!this.isOpen && now - this.#greetedAt >= LOOK_EVERY) this.#greet()
    const { packets, bytes, sent: acknowledged } = this.reading
    this.reading = { ...this.reading, sent: this.#sent, bytes: bytes - acknowledged + this.#sent, available: undefined }
    const person = this.middle.person(this.id)
    const isConnected = this.isConnected
    const hasNews = packets > this.#packets || (isConnected && (!this.#wasConnected || !(person?.camera || person?.microphone)))
    this.#wasConnected ||= isConnected
    this.#packets = packets
    if (hasNews) this.#heardAt = now
    const silence = now - this.#heardAt
    if (this.connection && !isConnected && (silence >= MEND || this.connection.connectionState === 'failed')) this.mend()
    else if (isConnected && silence >= FETCH_AGAIN && this.mayMend) this.fetch()
    if (silence >= LOST) this.#be('lost')
    else if (!this.#wasConnected) this.#be('connecting')
    else this.#be(silence >= UNSTEADY ? 'unsteady' : 'talking')
    this.#feel(before)
  }

  /** @param {Reading} before */
  #feel(before) {
    const { frames, level, lossIn, roundTrip, at } = this.reading
    const { up, cap } = this.middle
    if (frames !== before.frames) this.#framesAt = at
    const told = `${this.bars} ${this.isSpeaking} ${this.isStill}`
    this.isSpeaking = level > SPEECH
    this.isStill = this.health === 'talking' && frames > 0 && at - this.#framesAt > STILL
    const line = { rung: up?.rule.rung ?? HIGHEST, cap, loss: Math.max(lossIn, up?.reading.lossOut ?? 0), roundTrip: Math.max(roundTrip, up?.reading.roundTrip ?? 0) }
    this.bars = this.health === 'talking' ? bars(line) : 0
    if (told !== `${this.bars} ${this.isSpeaking} ${this.isStill}`) this.dispatchEvent(new Event('quality'))
  }

  /** @param {Health} health */
  #be(health) {
    if (health === this.health) return
    this.health = health
    this.dispatchEvent(new Event('health'))
  }

  #closeLetters() {
    const wasOpen = this.isOpen
    this.isOpen = this.#isHeard = false
    if (wasOpen) this.dispatchEvent(new Event('broken'))
  }

  /** The server is gone: what it knew of us too. */
  stop() {
    clearTimeout(this.#again)
    this.#closeLetters()
    super.close()
  }

  isClosed = false

  close() {
    this.isClosed = true
    clearTimeout(this.#again)
    if (this.handle) this.middle.ask({ do: 'drop', handle: this.handle }).catch(() => {})
    super.close()
  }
}
