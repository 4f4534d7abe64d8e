import { prefer, sendable } from './codecs.js'
import { bars, HIGHEST, LineRule, RUNGS, SOUND } from './line.js'
import { NOTHING, read } from './reading.js'

/** @typedef {'connecting' | 'talking' | 'unsteady' | 'lost'} Health */
/** @typedef {import('./signals.js').Content} Content */
/** @typedef {import('../core/media.js').Local} Local */
/** @typedef {'audio' | 'video' | 'screen'} Role what a line carries: the voice, the person, or what is on their screen */
/** @typedef {{ connection: RTCPeerConnection, late: RTCIceCandidateInit[] } & Channels} Prepared */
/** @typedef {{ text: RTCDataChannel, door: RTCDataChannel, aside: RTCDataChannel }} Channels for letters, for coming in, and for what stands beside the call */

/**
 * @typedef {object} Options
 * @property {boolean} polite gives way when both offer at once
 * @property {boolean} offers speaks first
 * @property {RTCIceServer[]} iceServers
 * @property {RTCIceTransportPolicy} [policy] "relay" when nobody may learn the other's address
 * @property {Local} local
 * @property {(content: Content) => void} send
 * @property {Prepared} [prepared] made in advance by `prepare`, and already offered to this person
 * @property {() => boolean} isHeard whether the other has a camera or a microphone on, so that packets must come
 * @property {() => boolean} [isShut] whether nothing of ours is shown to them yet
 * @property {() => number} [cap] the highest rung of picture that either side wants
 */

const LOOK_EVERY = 500
const UNSTEADY = 2_000
const OFFER_ANYWAY = 5_000
const RESTART = 1_500
const LOST = 10_000
const REBUILD = 15_000
const GIVE_WAY = 10_000
const STILL = 3_000
const LONGEST_BACKOFF = 8_000
const SPEECH = 0.02
const SCREEN = { maxBitrate: 1_500_000, maxFramerate: 10 }
/** Real-time text as RFC 8865 has it; both sides open it without asking. */
const TEXT = { negotiated: true, id: 1, ordered: true, protocol: 't140' }
/** By which whoever rang says that they come in, faster than the server can. */
const DOOR = { negotiated: true, id: 2, ordered: true }
/** For what pieces beside the call tell each other: a page turned, a place pointed at. */
const ASIDE = { negotiated: true, id: 3, ordered: true }
const SHUT = { audio: null, video: null, screen: null }

const KINDS = /** @type {const} */ (['audio', 'video'])

/**
 * Every line carries one sound and one picture, even while there is nothing to send: so a camera that comes
 * later is no new negotiation. Letters have a channel of their own.
 * @param {RTCPeerConnection} connection
 * @param {Local} local
 */
function addLines(connection, local) {
  for (const kind of KINDS) {
    const transceiver = connection.addTransceiver(local[kind] ?? kind, { streams: [local.stream] })
    if (kind === 'video') prefer(transceiver)
  }
}

/**
 * @param {RTCIceServer[]} iceServers
 * @param {RTCIceTransportPolicy} [iceTransportPolicy]
 */
export const configuration = (iceServers, iceTransportPolicy = 'all') => ({ iceServers, iceTransportPolicy, bundlePolicy: /** @type {const} */ ('max-bundle') })

/**
 * Do before it is our turn what takes time and needs nobody else: look for ways to be reached, and write the offer.
 * @param {Local} local
 * @param {RTCIceServer[]} iceServers
 * @param {RTCIceTransportPolicy} [policy]
 * @returns {Promise<Prepared>}
 */
export async function prepare(local, iceServers, policy) {
  const connection = new RTCPeerConnection(configuration(iceServers, policy))
  addLines(connection, { ...local, ...SHUT })
  const channels = openChannels(connection)
  await connection.setLocalDescription()
  return { connection, ...channels, late: [] }
}

/** @param {RTCPeerConnection} connection @returns {Channels} */
function openChannels(connection) {
  const [text, door, aside] = [connection.createDataChannel('t140', TEXT), connection.createDataChannel('door', DOOR), connection.createDataChannel('aside', ASIDE)]
  return { text, door, aside }
}

/**
 * The offer, with every way found until now. Ways found later are kept for whoever gets it.
 * @param {Prepared} prepared
 */
export function offerOf({ connection, late }) {
  connection.onicecandidate = ({ candidate }) => candidate && late.push(candidate.toJSON())
  return sendable(/** @type {RTCSessionDescription} */ (connection.localDescription))
}

/**
 * The line to one other person: perfect negotiation, and a watch on what arrives. It restarts by itself, and shows no
 * more picture than the line carries. Says `stream` when there is something to show, `health` when that changes,
 * `quality` when the line got better or worse, `letters` and `told` (with `text`), `open` and `broken` of the channel for
 * letters, `entered` when whoever rang comes in, `mend` at each restart and `dead` when restarting did not help.
 */
export class Pair extends EventTarget {
  /** @type {Health} */
  health = 'connecting'
  /** @type {MediaStream | null} */
  stream = null
  /** @type {MediaStream | null} */
  screen = null
  /** @type {import('./reading.js').Reading} */
  reading = NOTHING
  /** How good the line is, in bars: none while it is broken. */
  bars = 0
  /** We send sound alone, because the line carries no more. */
  isSparingPicture = false
  /** Their picture has stopped although their camera is on. */
  isStill = false
  isSpeaking = false
  /** How often the line had to be mended. */
  repairs = 0

  /** @type {RTCDataChannel | undefined} */
  channel
  /** @type {RTCDataChannel | undefined} */
  door
  /** @type {RTCDataChannel | undefined} */
  aside
  #isOffering = false
  #isIgnoring = false
  #wasConnected = false
  /** Whether letters ever went by this line. */
  hadLetters = false
  #packets = 0
  #restarts = 0
  #nextRestart = 0
  #isDead = false
  #applied = ''
  #framesAt = 0
  /** @type {boolean | undefined} */
  #isWatched
  /** @type {number | null} */
  #brokenAt = null
  /** @type {RTCIceCandidateInit[]} */
  #early = []
  /** @type {Promise<void>} */
  #incoming = Promise.resolve()

  /** @param {Options} options */
  constructor(options) {
    super()
    this.options = options
    this.startedAt = this.heardAt = this.#framesAt = performance.now()
    this.rule = new LineRule(this.startedAt)
    const { prepared } = options
    const connection = prepared?.connection ?? new RTCPeerConnection(configuration(options.iceServers, options.policy))
    connection.onnegotiationneeded = () => this.#describe()
    connection.onicecandidate = ({ candidate }) => {
      if (candidate) options.send({ candidates: [candidate.toJSON()] })
    }
    connection.ontrack = (event) => this.#show(event)
    connection.onconnectionstatechange = () => this.#look(this.#packets)
    this.connection = connection
    this.timer = setInterval(() => this.watch(), LOOK_EVERY)
    if (prepared) {
      this.#listen(prepared)
      this.refreshTracks()
      if (prepared.late.length) options.send({ candidates: prepared.late })
    } else if (options.offers) this.#begin()
  }

  #begin() {
    addLines(this.connection, this.#local)
    this.#listen(openChannels(this.connection))
    this.refreshTracks()
  }

  /** What the other side sent, in the order it came. @param {Content} content */
  receive(content) {
    this.#incoming = this.#incoming.then(() => this.#take(content)).catch((error) => {
      if (this.connection.signalingState !== 'closed') console.warn('a signal was not understood', error)
    })
    return this.#incoming
  }

  /** What they get of us: nothing while one of us is still at the door. @returns {Local} */
  get #local() {
    const { local, isShut } = this.options
    return isShut?.() ? { ...local, ...SHUT } : local
  }

  /** From now on we show ourselves, and say so to them at once. */
  enter() {
    this.refreshTracks()
    if (this.door?.readyState === 'open') this.door.send('in')
  }

  /** Show other tracks than before. Only the first screen needs a new line. */
  refreshTracks() {
    const local = this.#local
    if (this.#isWatched === false && !this.options.isShut?.()) this.rule = new LineRule(performance.now())
    this.#isWatched = !this.options.isShut?.()
    const lines = this.#lines()
    for (const { role, sender } of lines) {
      if (sender.track !== local[role]) sender.replaceTrack(local[role])
    }
    const isReady = lines.length >= KINDS.length
    if (isReady && local.screen && !lines.some(({ role }) => role === 'screen')) {
      this.connection.addTransceiver(local.screen, { streams: [new MediaStream([local.screen])] })
    }
    this.#applied = ''
  }

  /** Look for another way to the other person, now. */
  restart() {
    const now = performance.now()
    this.#brokenAt ??= now
    this.#nextRestart = now + Math.min(LONGEST_BACKOFF, 2_000 * 2 ** this.#restarts++)
    this.repairs++
    this.connection.restartIce()
    this.dispatchEvent(new Event('mend'))
  }

  /** Whether letters can leave by this line now. */
  get isOpen() {
    return this.channel?.readyState === 'open' && this.health !== 'lost'
  }

  /** Send letters. @param {string} text */
  write(text) {
    this.channel?.send(text)
  }

  /** Tell the other side what is no letter, if the way is open. @param {string} text */
  tell(text) {
    const isOpen = this.aside?.readyState === 'open'
    if (isOpen) this.aside?.send(text)
    return isOpen
  }

  /** Relays know us by a word that lasts an hour: this is the next one. Who goes by a relay takes it up at once. @param {RTCIceServer[]} iceServers */
  renew(iceServers) {
    this.connection.setConfiguration(configuration(iceServers, this.options.policy))
    if (this.reading.isRelayed) this.connection.restartIce()
  }

  close() {
    clearInterval(this.timer)
    const { connection, channel, door, aside } = this
    connection.onnegotiationneeded = connection.onicecandidate = connection.ontrack = null
    connection.onconnectionstatechange = null
    if (channel) channel.onopen = channel.onclose = channel.onmessage = null
    if (door) door.onmessage = null
    if (aside) aside.onopen = aside.onmessage = null
    connection.close()
  }

  /** Our lines in order: sound, the person, and then the screen. */
  #lines() {
    let pictures = 0
    return this.connection.getTransceivers().map((transceiver) => {
      const { kind } = transceiver.receiver.track
      const role = /** @type {Role} */ (kind === 'audio' ? 'audio' : pictures++ ? 'screen' : 'video')
      return { role, transceiver, sender: transceiver.sender }
    })
  }

  /** @param {RTCTrackEvent} event */
  #show({ streams, track, transceiver }) {
    const isScreen = this.#lines().some((line) => line.role === 'screen' && line.transceiver === transceiver)
    if (isScreen) this.screen = new MediaStream([track])
    else this.stream = streams[0] ?? this.stream ?? new MediaStream([track])
    this.dispatchEvent(new Event('stream'))
  }

  /** @param {Channels} channels */
  #listen({ text: channel, door, aside }) {
    Object.assign(this, { channel, door, aside })
    door.onmessage = () => this.dispatchEvent(new Event('entered'))
    channel.onmessage = ({ data }) => this.#pass('letters', data)
    aside.onmessage = ({ data }) => this.#pass('told', data)
    aside.onopen = () => this.dispatchEvent(new Event('open'))
    channel.onopen = () => {
      this.hadLetters = true
      this.dispatchEvent(new Event('open'))
    }
    channel.onclose = () => this.hadLetters && this.health !== 'talking' && this.dispatchEvent(new Event('broken'))
    if (channel.readyState === 'open') channel.onopen(new Event('open'))
  }

  /** @param {string} name @param {unknown} text */
  #pass(name, text) {
    if (typeof text === 'string') this.dispatchEvent(Object.assign(new Event(name), { text }))
  }

  async #describe() {
    if (this.#isOffering) return
    this.#isOffering = true
    try {
      await this.connection.setLocalDescription()
      this.#sendDescription()
    } finally {
      this.#isOffering = false
    }
  }

  #sendDescription() {
    const description = this.connection.localDescription
    if (description) this.options.send({ description: sendable(description) })
  }

  /** @param {Content} content */
  async #take({ description, candidates = [] }) {
    const { connection } = this
    if (description) {
      const isOffer = description.type === 'offer'
      const collides = isOffer && (this.#isOffering || connection.signalingState !== 'stable')
      this.#isIgnoring = collides && !this.options.polite
      if (this.#isIgnoring) return
      await connection.setRemoteDescription(description)
      if (isOffer) {
        this.#adopt()
        await connection.setLocalDescription()
        this.#sendDescription()
      }
      candidates = [...this.#early.splice(0), ...candidates]
    } else if (!connection.remoteDescription) {
      this.#early.push(...candidates)
      return
    }
    for (const candidate of candidates) {
      await connection.addIceCandidate(candidate).catch((error) => {
        if (!this.#isIgnoring) throw error
      })
    }
  }

  /** Answer through the lines the other side offered; our own, if we had begun any, are dropped. */
  #adopt() {
    const local = this.#local
    for (const transceiver of this.connection.getTransceivers()) if (transceiver.mid === null) transceiver.stop()
    for (const { role, transceiver, sender } of this.#lines()) {
      if (transceiver.direction !== 'recvonly') continue
      transceiver.direction = 'sendrecv'
      if (role !== 'screen') sender.setStreams?.(local.stream)
      sender.replaceTrack(local[role])
    }
    if (!this.channel) this.#listen(openChannels(this.connection))
    this.#applied = ''
  }

  /** On a poor line sound goes first, and the picture gets smaller before it gets slower. */
  #tune() {
    const rung = RUNGS[this.rule.judge(this.#weather(), performance.now(), this.cap)]
    const wish = `${rung.name} ${this.#local.screen?.id}`
    if (wish === this.#applied) return
    this.#applied = wish
    this.isSparingPicture = rung.height === 0
    for (const { role, sender } of this.#lines()) {
      const parameters = sender.getParameters()
      if (!parameters.encodings?.length) continue
      Object.assign(parameters.encodings[0], wishesFor(role, rung, sender.track))
      if (role !== 'audio') Object.assign(parameters, { degradationPreference: role === 'screen' ? 'maintain-resolution' : 'maintain-framerate' })
      sender.setParameters(parameters).catch(() => {}) // an older browser keeps its own rules
    }
    this.dispatchEvent(new Event('quality'))
  }

  get cap() {
    return this.options.cap?.() ?? HIGHEST
  }

  #weather() {
    return { available: this.reading.available, loss: this.reading.lossOut }
  }

  /** Called twice a second: count what arrived, and act on silence. */
  async watch() {
    const { connection, startedAt, options } = this
    if (!options.offers && !connection.remoteDescription && !connection.getTransceivers().length) {
      if (performance.now() - startedAt > OFFER_ANYWAY) this.#begin()
    }
    const report = await connection.getStats()
    if (connection.connectionState === 'closed') return
    const before = this.reading
    this.reading = read(report, performance.now(), before)
    this.#look(this.reading.packets)
    if (this.#wasConnected && this.#isWatched !== false) this.#tune()
    this.#feel(before)
  }

  /** What a person notices of the line. @param {import('./reading.js').Reading} before */
  #feel(before) {
    const { frames, level, lossIn, lossOut, roundTrip, at } = this.reading
    if (frames !== before.frames) this.#framesAt = at
    const told = `${this.bars} ${this.isSpeaking} ${this.isStill}`
    this.isSpeaking = level > SPEECH
    this.isStill = this.health === 'talking' && this.#framesAt > this.startedAt && at - this.#framesAt > STILL
    const line = { rung: this.rule.rung, cap: this.cap, loss: Math.max(lossIn, lossOut), roundTrip }
    this.bars = this.health === 'talking' ? bars(line) : 0
    if (told !== `${this.bars} ${this.isSpeaking} ${this.isStill}`) this.dispatchEvent(new Event('quality'))
  }

  /** @param {number} packets */
  #look(packets) {
    const now = performance.now()
    const isConnected = this.connection.connectionState === 'connected'
    const hasNews = packets > this.#packets || (isConnected && (!this.#wasConnected || !this.options.isHeard()))
    this.#wasConnected ||= isConnected
    this.#packets = packets
    if (hasNews) this.#hear(now)
    else this.#mend(now)
    const silence = now - this.heardAt
    if (silence >= LOST) this.#say('lost')
    else if (!this.#wasConnected) this.#say('connecting')
    else this.#say(silence >= UNSTEADY ? 'unsteady' : 'talking')
  }

  /** @param {number} now */
  #hear(now) {
    this.heardAt = now
    this.#brokenAt = null
    this.#restarts = this.#nextRestart = 0
  }

  /** @param {number} now */
  #mend(now) {
    const patience = this.#wasConnected ? RESTART : LOST
    const isBroken = this.connection.connectionState === 'failed' || now - this.heardAt >= patience
    if (!isBroken || !this.connection.remoteDescription) return
    if (now >= this.#nextRestart) this.restart()
    const limit = this.options.polite ? REBUILD : REBUILD + GIVE_WAY
    if (this.#isDead || now - (this.#brokenAt ?? now) < limit) return
    this.#isDead = true
    this.dispatchEvent(new Event('dead'))
  }

  /** @param {Health} health */
  #say(health) {
    if (health === this.health) return
    this.health = health
    this.dispatchEvent(new Event('health'))
  }
}

/**
 * @param {Role} role
 * @param {typeof RUNGS[number]} rung
 * @param {MediaStreamTrack | null} track
 */
export function wishesFor(role, rung, track) {
  if (role === 'audio') return { priority: 'high', networkPriority: 'high', maxBitrate: rung.height ? SOUND.usual : SOUND.least }
  if (role === 'screen') return { ...SCREEN, active: rung.height > 0, priority: 'medium' }
  if (!rung.height) return { active: false }
  const { width = 0, height = 0 } = track?.getSettings?.() ?? {}
  const least = Math.min(width, height) || rung.height
  return { active: true, priority: 'low', maxBitrate: rung.bits, maxFramerate: rung.frames, scaleResolutionDownBy: Math.max(1, least / rung.height) }
}
