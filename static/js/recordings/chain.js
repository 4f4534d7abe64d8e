/** How the pieces of a take are chained: the house counts the same in `recordings/pieces.py`. */

const letters = new TextEncoder()

/**
 * SHA-256 in small hexadecimal digits.
 * @param {BufferSource | string} data
 */
export async function sha256(data) {
  const bytes = typeof data === 'string' ? letters.encode(data) : data
  const digest = await crypto.subtle.digest('SHA-256', bytes)
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** What the chain of a take begins with. @param {string} take */
export const firstOf = (take) => sha256(`ventanilla take ${take}`)

/**
 * The end of the chain once that piece is in it.
 * @param {string} head
 * @param {{ number: number, kind: string, starts: number, length: number, sha256: string }} piece
 */
export const nextHead = (head, { number, kind, starts, length, sha256: digest }) =>
  sha256(`${head} ${number} ${kind} ${starts} ${length} ${digest}`)
