/** @typedef {{ x: number, y: number }} Point from 0 to 1 across the picture */
/** @typedef {{ data: Uint8ClampedArray, width: number, height: number }} Picture four bytes for each dot */

/** The whole picture, from its top left corner the way of the clock. @type {Point[]} */
export const WHOLE = [{ x: 0, y: 0 }, { x: 1, y: 0 }, { x: 1, y: 1 }, { x: 0, y: 1 }]

const LONGEST = 2_000 // dots of a page: small letters of A4 can be read
const CELL = 24 // dots: how finely light and shadow are told apart
const INSIDE = 0.005
const LEAST_SHARE = 0.12 // of the picture: less is no paper

/** @param {Picture} picture @returns {Uint8Array} how light each dot is */
export function greyOf({ data, width, height }) {
  const grey = new Uint8Array(width * height)
  for (let dot = 0, at = 0; dot < grey.length; dot++, at += 4) {
    grey[dot] = (data[at] * 77 + data[at + 1] * 150 + data[at + 2] * 29) >> 8
  }
  return grey
}

/**
 * Where a light paper lies on something darker; nothing when that cannot be told. A small picture is enough.
 * @param {Picture} picture
 * @returns {Point[] | null}
 */
export function cornersIn(picture) {
  const { width, height } = picture
  const grey = greyOf(picture)
  const limit = between(grey)
  const paper = largestLight(grey, width, height, limit)
  if (!paper || paper.length < LEAST_SHARE * grey.length) return null
  const corners = [[1, 1], [-1, 1], [-1, -1], [1, -1]].map(([right, down]) => {
    const far = (/** @type {number} */ dot) => right * (dot % width) + down * Math.floor(dot / width)
    const best = paper.reduce((nearest, dot) => (far(dot) < far(nearest) ? dot : nearest), paper[0])
    // A little inside: the edge itself is half table.
    return { x: (best % width) / (width - 1) + right * INSIDE, y: Math.floor(best / width) / (height - 1) + down * INSIDE }
  })
  return isFit(corners) ? corners : null
}

/** The lightness that best divides light from dark (Otsu). @param {Uint8Array} grey */
function between(grey) {
  const counts = new Uint32Array(256)
  for (const light of grey) counts[light]++
  let sum = 0
  for (let light = 0; light < 256; light++) sum += light * counts[light]
  let [below, sumBelow, best, limit] = [0, 0, -1, 128]
  for (let light = 0; light < 256; light++) {
    below += counts[light]
    sumBelow += light * counts[light]
    const above = grey.length - below
    if (!below || !above) continue
    const apart = below * above * (sumBelow / below - (sum - sumBelow) / above) ** 2
    if (apart > best) [best, limit] = [apart, light]
  }
  return limit
}

/**
 * @param {Uint8Array} grey
 * @param {number} width
 * @param {number} height
 * @param {number} limit
 * @returns {number[] | null} the dots of the largest light place
 */
function largestLight(grey, width, height, limit) {
  const seen = new Uint8Array(grey.length)
  /** @type {number[] | null} */
  let largest = null
  for (let start = 0; start < grey.length; start++) {
    if (seen[start] || grey[start] <= limit) continue
    const place = [start]
    seen[start] = 1
    for (let next = 0; next < place.length; next++) {
      const dot = place[next]
      const x = dot % width
      for (const [other, isThere] of /** @type {[number, boolean][]} */ ([
        [dot - 1, x > 0], [dot + 1, x < width - 1], [dot - width, dot >= width], [dot + width, dot < width * (height - 1)]
      ])) {
        if (!isThere || seen[other] || grey[other] <= limit) continue
        seen[other] = 1
        place.push(other)
      }
    }
    if (!largest || place.length > largest.length) largest = place
  }
  return largest
}

/** Whether the corners go round as those of a paper do. @param {Point[]} corners */
export function isFit(corners) {
  return corners.every((corner, index) => {
    const [next, after] = [corners[(index + 1) % 4], corners[(index + 2) % 4]]
    const turn = (next.x - corner.x) * (after.y - next.y) - (next.y - corner.y) * (after.x - next.x)
    return turn > 0.002
  })
}

/**
 * How large the page is that has those corners.
 * @param {Picture} picture
 * @param {Point[]} corners
 */
export function sizeOf({ width, height }, corners) {
  const long = (/** @type {number} */ from, /** @type {number} */ to) =>
    Math.hypot((corners[to].x - corners[from].x) * width, (corners[to].y - corners[from].y) * height)
  const [wide, high] = [Math.max(long(0, 1), long(3, 2)), Math.max(long(0, 3), long(1, 2))]
  const scale = Math.min(1, LONGEST / Math.max(wide, high))
  return { width: Math.max(1, Math.round(wide * scale)), height: Math.max(1, Math.round(high * scale)) }
}

/**
 * The page between the corners, as if one looked at it from straight above.
 * @param {Picture} picture
 * @param {Point[]} corners
 * @returns {Picture}
 */
export function straightened(picture, corners) {
  const { width, height } = sizeOf(picture, corners)
  const from = corners.map(({ x, y }) => ({ x: x * (picture.width - 1), y: y * (picture.height - 1) }))
  const way = projection(width - 1 || 1, height - 1 || 1, from)
  const data = new Uint8ClampedArray(width * height * 4)
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 4) {
      const depth = way[6] * x + way[7] * y + 1
      mix(picture, (way[0] * x + way[1] * y + way[2]) / depth, (way[3] * x + way[4] * y + way[5]) / depth, data, at)
    }
  }
  return { data, width, height }
}

/**
 * The four dots around a place, each as much as it is near.
 * @param {Picture} picture
 * @param {number} x
 * @param {number} y
 * @param {Uint8ClampedArray} into
 * @param {number} at
 */
function mix({ data, width, height }, x, y, into, at) {
  const left = Math.min(Math.max(Math.floor(x), 0), width - 1)
  const top = Math.min(Math.max(Math.floor(y), 0), height - 1)
  const right = Math.min(left + 1, width - 1)
  const bottom = Math.min(top + 1, height - 1)
  const [across, down] = [Math.min(Math.max(x - left, 0), 1), Math.min(Math.max(y - top, 0), 1)]
  const places = [(top * width + left) * 4, (top * width + right) * 4, (bottom * width + left) * 4, (bottom * width + right) * 4]
  for (let colour = 0; colour < 3; colour++) {
    const above = data[places[0] + colour] * (1 - across) + data[places[1] + colour] * across
    const below = data[places[2] + colour] * (1 - across) + data[places[3] + colour] * across
    into[at + colour] = above * (1 - down) + below * down
  }
  into[at + 3] = 255
}

/**
 * From a place on the straight page to its place in the picture.
 * @param {number} wide
 * @param {number} high
 * @param {Point[]} to
 * @returns {number[]} eight numbers
 */
export function projection(wide, high, to) {
  const from = [[0, 0], [wide, 0], [wide, high], [0, high]]
  const rows = from.flatMap(([x, y], index) => [
    [x, y, 1, 0, 0, 0, -x * to[index].x, -y * to[index].x, to[index].x],
    [0, 0, 0, x, y, 1, -x * to[index].y, -y * to[index].y, to[index].y]
  ])
  for (let step = 0; step < 8; step++) {
    const pivot = rows.slice(step).reduce((best, row, index) => (Math.abs(row[step]) > Math.abs(rows[best][step]) ? step + index : best), step)
    ;[rows[step], rows[pivot]] = [rows[pivot], rows[step]]
    for (const row of rows) {
      if (row === rows[step] || !row[step]) continue
      const times = row[step] / rows[step][step]
      for (let place = step; place < 9; place++) row[place] -= times * rows[step][place]
    }
  }
  return rows.map((row, step) => row[8] / row[step])
}

/**
 * Black on white: what is as light as the paper around it becomes white, whatever shadow lies there.
 * @param {Picture} picture
 * @returns {Picture}
 */
export function cleaned({ data, width, height }) {
  const grey = greyOf({ data, width, height })
  const [across, down] = [Math.max(1, Math.ceil(width / CELL)), Math.max(1, Math.ceil(height / CELL))]
  const light = smoothed(cells(grey, width, height, across, down), across, down)
  const clean = new Uint8ClampedArray(data.length)
  for (let y = 0, dot = 0; y < height; y++) {
    const row = Math.min(Math.max(y / CELL - 0.5, 0), down - 1)
    const [above, below] = [Math.floor(row), Math.min(Math.floor(row) + 1, down - 1)]
    for (let x = 0; x < width; x++, dot++) {
      const column = Math.min(Math.max(x / CELL - 0.5, 0), across - 1)
      const [left, right] = [Math.floor(column), Math.min(Math.floor(column) + 1, across - 1)]
      const [over, aside] = [row - above, column - left]
      const paper =
        (light[above * across + left] * (1 - aside) + light[above * across + right] * aside) * (1 - over) +
        (light[below * across + left] * (1 - aside) + light[below * across + right] * aside) * over
      const share = grey[dot] / Math.max(paper, 24)
      const shown = Math.min(Math.max((share - 0.45) / 0.42, 0), 1) * 255
      clean[dot * 4] = clean[dot * 4 + 1] = clean[dot * 4 + 2] = shown
      clean[dot * 4 + 3] = 255
    }
  }
  return { data: clean, width, height }
}

/**
 * How light the paper is in each cell: its light dots, not the ink.
 * @param {Uint8Array} grey
 * @param {number} width
 * @param {number} height
 * @param {number} across
 * @param {number} down
 */
function cells(grey, width, height, across, down) {
  const light = new Float32Array(across * down)
  const counts = new Uint16Array(256)
  for (let row = 0; row < down; row++) {
    for (let column = 0; column < across; column++) {
      counts.fill(0)
      let all = 0
      for (let y = row * CELL; y < Math.min(height, (row + 1) * CELL); y++) {
        for (let x = column * CELL; x < Math.min(width, (column + 1) * CELL); x++, all++) counts[grey[y * width + x]]++
      }
      let [level, above] = [255, 0]
      while (level > 0 && (above += counts[level]) < all * 0.2) level--
      light[row * across + column] = level
    }
  }
  return light
}

/**
 * A cell that is all ink or picture is as light as those around it.
 * @param {Float32Array} light
 * @param {number} across
 * @param {number} down
 */
function smoothed(light, across, down) {
  const smooth = new Float32Array(light.length)
  for (let row = 0; row < down; row++) {
    for (let column = 0; column < across; column++) {
      let most = 0
      let sum = 0
      let count = 0
      for (let y = Math.max(0, row - 2); y <= Math.min(down - 1, row + 2); y++) {
        for (let x = Math.max(0, column - 2); x <= Math.min(across - 1, column + 2); x++) {
          const here = light[y * across + x]
          most = Math.max(most, here)
          sum += here
          count++
        }
      }
      smooth[row * across + column] = Math.max(sum / count, most * 0.8)
    }
  }
  return smooth
}

/** A quarter turn the way of the clock. @param {Picture} picture @returns {Picture} */
export function turned({ data, width, height }) {
  const into = new Uint8ClampedArray(data.length)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [from, to] = [(y * width + x) * 4, (x * height + (height - 1 - y)) * 4]
      for (let part = 0; part < 4; part++) into[to + part] = data[from + part]
    }
  }
  return { data: into, width: height, height: width }
}
