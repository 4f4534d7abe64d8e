/** @typedef {{ jpeg: Uint8Array, width: number, height: number, isGrey?: boolean }} Page a photograph that has been made straight */

const WIDTH = 595 // points: A4 standing
const LONGEST = 842

/**
 * Pages as one PDF: each is its JPEG as it is, filling a page as wide or as high as A4.
 * @param {Page[]} pages
 * @returns {Blob}
 */
export function pdfOf(pages) {
  const writer = new Writer()
  const kids = pages.map((_, index) => `${3 + 3 * index} 0 R`).join(' ')
  writer.object('<< /Type /Catalog /Pages 2 0 R >>')
  writer.object(`<< /Type /Pages /Count ${pages.length} /Kids [${kids}] >>`)
  pages.forEach((page, index) => put(writer, page, 3 + 3 * index))
  return writer.close()
}

/**
 * @param {Writer} writer
 * @param {Page} page
 * @param {number} number
 */
function put(writer, { jpeg, width, height, isGrey = false }, number) {
  const scale = Math.min(WIDTH / Math.min(width, height), LONGEST / Math.max(width, height))
  const [wide, high] = [width, height].map((side) => Number((side * scale).toFixed(2)))
  const drawing = `q ${wide} 0 0 ${high} 0 0 cm /Page Do Q`
  writer.object(
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${wide} ${high}] /Contents ${number + 1} 0 R ` +
      `/Resources << /XObject << /Page ${number + 2} 0 R >> >> >>`
  )
  writer.object(`<< /Length ${drawing.length} >>`, drawing)
  writer.object(
    `<< /Type /XObject /Subtype /Image /Width ${width} /Height ${height} /ColorSpace /${isGrey ? 'DeviceGray' : 'DeviceRGB'} ` +
      `/BitsPerComponent 8 /Filter /DCTDecode /Length ${jpeg.length} >>`,
    jpeg
  )
}

/** Objects one after the other, and at the end where each of them begins. */
class Writer {
  /** @type {BlobPart[]} */
  #parts = []
  #length = 0
  /** @type {number[]} */
  #places = []

  constructor() {
    this.#add('%PDF-1.4\n')
  }

  /**
   * @param {string} words
   * @param {string | Uint8Array} [stream]
   */
  object(words, stream) {
    this.#places.push(this.#length)
    this.#add(`${this.#places.length} 0 obj\n${words}\n`)
    if (stream !== undefined) {
      this.#add('stream\n')
      this.#add(stream)
      this.#add('\nendstream\n')
    }
    this.#add('endobj\n')
  }

  close() {
    const start = this.#length
    const rows = this.#places.map((place) => `${String(place).padStart(10, '0')} 00000 n \n`)
    const count = this.#places.length + 1
    this.#add(`xref\n0 ${count}\n0000000000 65535 f \n${rows.join('')}`)
    this.#add(`trailer\n<< /Size ${count} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`)
    return new Blob(this.#parts, { type: 'application/pdf' })
  }

  /** @param {string | Uint8Array} part all letters are of one byte */
  #add(part) {
    this.#parts.push(/** @type {BlobPart} */ (part))
    this.#length += part.length
  }
}
