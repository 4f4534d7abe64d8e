/** @param {Blob | ArrayBuffer} content @returns {Promise<string>} its SHA-256 in hexadecimal digits */
export async function sha256(content) {
  const bytes = content instanceof Blob ? await content.arrayBuffer() : content
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
