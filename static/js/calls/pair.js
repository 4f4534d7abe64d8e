/** @typedef {'connecting' | 'talking' | 'unsteady' | 'lost'} Health */
/** @typedef {import('./signals.js').Content} Content */
/** @typedef {import('../core/media.js').Local} Local */

/**
 * @typedef {object} Options
 * @property {boolean} polite gives way when both offer at once
 * @property {boolean} offers speaks first
 * @property {RTCIceServer[]} iceServers
 * @property {RTCIceTransportPolicy} [policy] "relay" when nobody may learn the other's address
 * @property {Local} local what we show and say
 * @property {(content: Content) => void} send
 * @property {RTCPeerConnection} [prepared] made in advance by `prepare`
 * @property {() => boolean} isHeard whether the other has a camera or a microphone on, so that packets must come
 */

const LOOK_EVERY = 500
const UNSTEADY = 2_000
const OFFER_ANYWAY = 5_000
const RESTART = 5_000
const LOST = 10_000
const REBUILD = 15_000
const GIVE_WAY = 10_000
const LONGEST_BACKOFF = 8_000
const PICTURE = { maxBitrate: 1_000_000, maxFramerate: 30 }

const KINDS = /** @type {const} */ (['audio', 'video'])

/**
 * Every line carries one sound and one picture, even while there is nothing to send: so a camera that comes
 * later is no new negotiation.
 * @param {RTCPeerConnection} connection
 * @param {Local} local
 */
function addLines(connection, local) {
  for (const kind of KINDS) connection.addTransceiver(local[kind] ?? kind, { streams: [local.stream] })
}

/** Do before it is our turn what takes time and needs nobody else. @param {Local} local */
export function prepare(local) {
  const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
  addLines(connection, local)
  connection.createOffer().catch(() => {})
  return connection
}

/**
 * The line to one other person: perfect negotiation, and a watch on what arrives. It restarts by itself.
 * Says `stream` when there is something to show, `health` when that changes, `mend` at each restart and
 * `dead` when restarting did not help.
 */
export class Pair extends EventTarget {
  /** @type {Health} */
  health = 'connecting'
  /** @type {MediaStream | null} */
  stream = null

  #isOffering = false
  #isIgnoring = false
  #wasConnected = false
  #isTuned = false
  #packets = 0
  #restarts = 0
  #nextRestart = 0
  #isDead = false
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
    this.startedAt = this.heardAt = performance.now()
    const configuration = {
      iceServers: options.iceServers,
      iceTransportPolicy: options.policy ?? 'all',
      bundlePolicy: /** @type {const} */ ('max-bundle')
    }
    const connection = options.prepared ?? new RTCPeerConnection(configuration)
    connection.onnegotiationneeded = () => this.#describe()
    connection.onicecandidate = ({ candidate }) => {
      if (candidate) options.send({ candidates: [candidate.toJSON()] })
    }
    connection.ontrack = ({ streams, track }) => {
      this.stream = streams[0] ?? this.stream ?? new MediaStream([track])
      this.dispatchEvent(new Event('stream'))
    }
    connection.onconnectionstatechange = () => this.#look(this.#packets)
    this.connection = connection
    this.timer = setInterval(() => this.watch(), LOOK_EVERY)
    if (options.prepared) {
      connection.setConfiguration(configuration)
      this.refreshTracks()
      this.#describe()
    } else if (options.offers) {
      addLines(connection, options.local)
    }
  }

  /** What the other side sent, in the order it came. @param {Content} content */
  receive(content) {
    this.#incoming = this.#incoming.then(() => this.#take(content)).catch((error) => {
      if (this.connection.signalingState !== 'closed') console.warn('a signal was not understood', error)
    })
    return this.#incoming
  }

  /** Show other tracks than before. Nothing is negotiated again. */
  refreshTracks() {
    for (const { sender, receiver } of this.connection.getTransceivers()) {
      const track = this.#trackFor(receiver)
      if (sender.track !== track) sender.replaceTrack(track)
    }
  }

  /** Look for another way to the other person, now. */
  restart() {
    const now = performance.now()
    this.#brokenAt ??= now
    this.#nextRestart = now + Math.min(LONGEST_BACKOFF, 2_000 * 2 ** this.#restarts++)
    this.connection.restartIce()
    this.dispatchEvent(new Event('mend'))
  }

  close() {
    clearInterval(this.timer)
    const { connection } = this
    connection.onnegotiationneeded = connection.onicecandidate = connection.ontrack = null
    connection.onconnectionstatechange = null
    connection.close()
  }

  /** @param {RTCRtpReceiver} receiver */
  #trackFor(receiver) {
    return this.options.local[/** @type {'audio' | 'video'} */ (receiver.track.kind)]
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
    if (description) this.options.send({ description: description.toJSON() })
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
    for (const transceiver of this.connection.getTransceivers()) {
      if (transceiver.mid === null) transceiver.stop()
      else if (transceiver.direction === 'recvonly') {
        transceiver.direction = 'sendrecv'
        transceiver.sender.setStreams?.(this.options.local.stream)
        transceiver.sender.replaceTrack(this.#trackFor(transceiver.receiver))
      }
    }
  }

  /** On a poor line sound goes first, and the picture gets smaller before it gets slower. */
  #favourSound() {
    this.#isTuned = true
    for (const { sender, receiver } of this.connection.getTransceivers()) {
      const parameters = sender.getParameters()
      if (!parameters.encodings?.length) continue
      if (receiver.track.kind === 'audio') Object.assign(parameters.encodings[0], { priority: 'high', networkPriority: 'high' })
      else {
        Object.assign(parameters.encodings[0], PICTURE)
        Object.assign(parameters, { degradationPreference: 'maintain-framerate' })
      }
      sender.setParameters(parameters).catch(() => {}) // an older browser keeps its own rules
    }
  }

  /** Called twice a second: count what arrived, and act on silence. */
  async watch() {
    const { connection, startedAt, options } = this
    if (!options.offers && !connection.remoteDescription && !connection.getTransceivers().length) {
      if (performance.now() - startedAt > OFFER_ANYWAY) addLines(connection, options.local)
    }
    if (this.#wasConnected && !this.#isTuned) this.#favourSound()
    let packets = 0
    for (const report of (await connection.getStats()).values()) {
      if (report.type === 'inbound-rtp') packets += report.packetsReceived
    }
    if (connection.connectionState !== 'closed') this.#look(packets)
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
