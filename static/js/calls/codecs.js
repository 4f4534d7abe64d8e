/** Every telephone of the last ten years has these two, in this order of ease. */
const OLD = ['video/VP8', 'video/H264']
const NEW = ['video/VP9', 'video/AV1', 'video/H265']

/**
 * Codecs in the order in which we want them: what this device does in hardware, then what every telephone can, then
 * the others. What mends or carries them (rtx, red, fec) stays, at the end.
 * @template {{ mimeType: string }} C
 * @param {C[]} codecs
 * @param {Set<string>} easy the names that this device encodes and decodes without effort
 * @returns {C[]}
 */
export function ordered(codecs, easy) {
  /** @param {C} codec */
  const place = ({ mimeType }) => {
    if (OLD.includes(mimeType)) return easy.has(mimeType) ? 0 : 1
    if (NEW.includes(mimeType)) return easy.has(mimeType) ? 2 : 3
    return 4
  }
  return [...codecs].sort((one, other) => place(one) - place(other) || OLD.indexOf(one.mimeType) - OLD.indexOf(other.mimeType))
}

/** @type {Set<string>} */
const easy = new Set()

/** Ask this device, once, what it does in hardware. */
export async function learn() {
  const video = { width: 640, height: 360, bitrate: 1_000_000, framerate: 30 }
  for (const contentType of [...OLD, ...NEW]) {
    const question = { type: /** @type {const} */ ('webrtc'), video: { ...video, contentType } }
    try {
      const answers = await Promise.all([navigator.mediaCapabilities.encodingInfo(question), navigator.mediaCapabilities.decodingInfo(question)])
      if (answers.every(({ supported, powerEfficient }) => supported && powerEfficient)) easy.add(contentType)
    } catch {
      return // an older browser does not say
    }
  }
}

/** Ask for the codecs in our order. @param {RTCRtpTransceiver} transceiver */
export function prefer(transceiver) {
  const codecs = globalThis.RTCRtpReceiver?.getCapabilities?.('video')?.codecs
  if (!codecs || !transceiver.setCodecPreferences) return
  transceiver.setCodecPreferences(ordered(codecs, easy))
}

/**
 * What we tell the other side that we like to hear: speech that mends itself, and silence that costs nothing.
 * The format of sound belongs to who listens, so it may be written into what we send without changing our own.
 * @param {RTCSessionDescription} description
 * @returns {RTCSessionDescriptionInit}
 */
export function sendable({ type, sdp }) {
  const opus = /^a=rtpmap:(\d+) opus\//im.exec(sdp)?.[1]
  if (!opus) return { type, sdp }
  const format = new RegExp(`^(a=fmtp:${opus} )(.*)$`, 'm')
  return { type, sdp: sdp.replace(format, (_, name, old) => name + [...asked(old)].map(([key, value]) => `${key}=${value}`).join(';')) }
}

/** @param {string} format */
function asked(format) {
  const pairs = /** @type {[string, string][]} */ (format.trim().split(/\s*;\s*/).map((item) => item.split('=')))
  return new Map([...pairs, ['useinbandfec', '1'], ['usedtx', '1']])
}
