import { csrfToken } from '../core/post.js'

/**
 * @typedef {object} Measured
 * @property {'relay' | 'server' | 'none'} way
 * @property {number | null} roundTrip milliseconds
 * @property {number | null} loss per cent
 * @property {number | null} kbits per second
 */

const PATIENCE = 15_000
const PROBES = 60
const PROBE_EVERY = 25
const PROBE_BYTES = 160 // as much as a moment of speech
const LAST_PROBE = 1_000
const BLOCK = 16 * 1_024
const MOST_WAITING = 256 * 1_024
const FLOOD_FOR = 2_000
const FLOOD_BYTES = 1_500_000
const ASKED = 6
const SAMPLE = 256 * 1_024

/** @type {Measured} */
const NOTHING = { way: 'none', roundTrip: null, loss: null, kbits: null }

/** @param {number[]} numbers */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted.length ? sorted[Math.floor(sorted.length / 2)] : null
}

/** @param {number} bytes @param {number} milliseconds */
export const rate = (bytes, milliseconds) => Math.round((bytes * 8) / Math.max(milliseconds, 1))

/**
 * What the line can carry: through a relay and back, as the worst call would go; to the server, where no relay is set
 * or none answers.
 * @param {RTCIceServer[]} servers
 * @param {string} sample where bytes may be sent
 * @param {AbortSignal} signal
 * @returns {Promise<Measured>}
 */
export async function measure(servers, sample, signal) {
  if (servers.length && window.RTCPeerConnection) {
    const found = await within(PATIENCE, byRelay(servers, signal))
    if (found) return found
  }
  return (await within(PATIENCE, byServer(sample, signal))) ?? NOTHING
}

/**
 * @template T
 * @param {number} milliseconds
 * @param {Promise<T>} work
 * @returns {Promise<T | null>}
 */
async function within(milliseconds, work) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  const late = new Promise((resolve) => (timer = setTimeout(resolve, milliseconds, null)))
  try {
    return await Promise.race([work, /** @type {Promise<null>} */ (late)])
  } catch {
    return null
  } finally {
    clearTimeout(timer)
  }
}

/** @param {RTCIceServer[]} iceServers @param {AbortSignal} signal @returns {Promise<Measured>} */
async function byRelay(iceServers, signal) {
  const configuration = { iceServers, iceTransportPolicy: /** @type {const} */ ('relay') }
  const near = new RTCPeerConnection(configuration)
  const far = new RTCPeerConnection(configuration)
  const close = () => [near, far].forEach((end) => end.close())
  signal.addEventListener('abort', close)
  const giveUp = setTimeout(close, PATIENCE)
  try {
    const options = { negotiated: true, ordered: false, maxRetransmits: 0 }
    const probe = near.createDataChannel('probe', { ...options, id: 1 })
    const echo = far.createDataChannel('probe', { ...options, id: 1 })
    const flood = near.createDataChannel('flood', { negotiated: true, id: 2 })
    const drain = far.createDataChannel('flood', { negotiated: true, id: 2 })
    echo.onmessage = ({ data }) => echo.send(data)
    await join(near, far, [probe, echo, flood, drain])
    return { way: 'relay', ...(await probed(probe)), kbits: await flooded(flood, drain) }
  } finally {
    clearTimeout(giveUp)
    signal.removeEventListener('abort', close)
    close()
  }
}

/** @param {RTCPeerConnection} near @param {RTCPeerConnection} far @param {RTCDataChannel[]} channels */
async function join(near, far, channels) {
  const open = Promise.all(
    channels.map((channel) => new Promise((resolve, reject) => ((channel.onopen = resolve), (channel.onclose = reject))))
  )
  /** @type {() => void} */
  let described = () => {}
  const ready = new Promise((resolve) => (described = () => resolve(undefined)))
  for (const [from, to] of [[near, far], [far, near]]) {
    from.onicecandidate = ({ candidate }) => {
      if (candidate) ready.then(() => to.addIceCandidate(candidate)).catch(() => {})
    }
  }
  await near.setLocalDescription()
  await far.setRemoteDescription(/** @type {RTCSessionDescription} */ (near.localDescription))
  await far.setLocalDescription()
  await near.setRemoteDescription(/** @type {RTCSessionDescription} */ (far.localDescription))
  described()
  await open
}

/** Small messages that may be lost, as sound may. @param {RTCDataChannel} probe */
async function probed(probe) {
  /** @type {number[]} */
  const times = []
  probe.onmessage = ({ data }) => times.push(performance.now() - new Float64Array(data, 0, 1)[0])
  probe.binaryType = 'arraybuffer'
  for (let sent = 0; sent < PROBES; sent++) {
    const message = new ArrayBuffer(PROBE_BYTES)
    new Float64Array(message, 0, 1)[0] = performance.now()
    probe.send(message)
    await pause(PROBE_EVERY)
  }
  for (let waited = 0; times.length < PROBES && waited < LAST_PROBE; waited += PROBE_EVERY) await pause(PROBE_EVERY)
  const middle = median(times)
  return {
    roundTrip: middle === null ? null : Math.round(middle),
    loss: Math.round((1_000 * (PROBES - times.length)) / PROBES) / 10
  }
}

/** As much as goes through in two seconds. @param {RTCDataChannel} flood @param {RTCDataChannel} drain */
async function flooded(flood, drain) {
  const began = performance.now()
  let arrived = 0
  let last = began
  drain.binaryType = 'arraybuffer'
  drain.onmessage = ({ data }) => {
    arrived += data.byteLength
    last = performance.now()
  }
  const block = new Uint8Array(BLOCK)
  let sent = 0
  while (performance.now() - began < FLOOD_FOR && sent < FLOOD_BYTES) {
    if (flood.bufferedAmount < MOST_WAITING) {
      flood.send(block)
      sent += BLOCK
    } else await pause(5)
  }
  for (let waited = 0; arrived < sent && waited < LAST_PROBE; waited += PROBE_EVERY) await pause(PROBE_EVERY)
  return rate(arrived, last - began)
}

/** @param {string} sample @param {AbortSignal} signal @returns {Promise<Measured>} */
async function byServer(sample, signal) {
  const send = async (/** @type {BodyInit} */ body) => {
    const began = performance.now()
    const headers = { 'X-CSRFToken': csrfToken(), 'Content-Type': 'application/octet-stream' }
    const answer = await fetch(sample, { method: 'POST', headers, body, signal })
    if (!answer.ok) throw new Error(`the sample was refused with ${answer.status}`)
    return performance.now() - began
  }
  const times = []
  for (let asked = 0; asked < ASKED; asked++) times.push(await send(''))
  const roundTrip = Math.round(median(times.slice(1)) ?? 0)
  const taken = await send(noise(SAMPLE))
  return { way: 'server', roundTrip, loss: null, kbits: rate(SAMPLE, taken - roundTrip) }
}

/** Bytes that nothing on the way can make smaller. @param {number} length */
function noise(length) {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536))
  return bytes
}

/** @param {number} milliseconds */
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))
