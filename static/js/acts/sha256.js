/**
 * SHA-256 of something long, a piece at a time: the browser's own takes everything at once, and a film
 * does not fit into the memory of a telephone. FIPS 180-4, 6.2.
 */

/** The first bits of the cube roots of the first 64 primes, and of the square roots of the first 8. */
const { ROUNDS, BEGIN } = constants()

function constants() {
  /** @type {number[]} */
  const primes = []
  for (let number = 2; primes.length < 64; number++) {
    if (primes.every((prime) => number % prime)) primes.push(number)
  }
  /** @param {number} root */
  const bits = (root) => ((root - Math.floor(root)) * 2 ** 32) | 0
  return {
    ROUNDS: Int32Array.from(primes, (prime) => bits(Math.cbrt(prime))),
    BEGIN: Int32Array.from(primes.slice(0, 8), (prime) => bits(Math.sqrt(prime)))
  }
}

/** @returns {{ add(bytes: Uint8Array): void, hex(): string }} */
export function sha256() {
  const state = Int32Array.from(BEGIN)
  const words = new Int32Array(64)
  const block = new Uint8Array(64)
  const view = new DataView(block.buffer)
  let held = 0
  let length = 0

  /** @param {DataView} source @param {number} at */
  function turn(source, at) {
    for (let i = 0; i < 16; i++) words[i] = source.getInt32(at + i * 4)
    for (let i = 16; i < 64; i++) {
      const a = words[i - 15]
      const b = words[i - 2]
      const s0 = ((a >>> 7) | (a << 25)) ^ ((a >>> 18) | (a << 14)) ^ (a >>> 3)
      const s1 = ((b >>> 17) | (b << 15)) ^ ((b >>> 19) | (b << 13)) ^ (b >>> 10)
      words[i] = (words[i - 16] + s0 + words[i - 7] + s1) | 0
    }
    let [a, b, c, d, e, f, g, h] = state
    for (let i = 0; i < 64; i++) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
      const one = (h + s1 + ((e & f) ^ (~e & g)) + ROUNDS[i] + words[i]) | 0
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
      const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
      h = g; g = f; f = e; e = (d + one) | 0
      d = c; c = b; b = a; a = (one + two) | 0
    }
    const turned = [a, b, c, d, e, f, g, h]
    for (let i = 0; i < 8; i++) state[i] = (state[i] + turned[i]) | 0
  }

  /** @param {Uint8Array} bytes */
  function add(bytes) {
    length += bytes.length
    let at = 0
    if (held) {
      at = Math.min(64 - held, bytes.length)
      block.set(bytes.subarray(0, at), held)
      held += at
      if (held < 64) return
      turn(view, 0)
      held = 0
    }
    const source = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (; at + 64 <= bytes.length; at += 64) turn(source, at)
    block.set(bytes.subarray(at))
    held = bytes.length - at
  }

  function hex() {
    const bits = length * 8
    const end = new Uint8Array(((held < 56 ? 64 : 128) - held))
    end[0] = 0x80
    const tail = new DataView(end.buffer)
    tail.setUint32(end.length - 8, Math.floor(bits / 2 ** 32))
    tail.setUint32(end.length - 4, bits >>> 0)
    add(end)
    return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
  }

  return { add, hex }
}
