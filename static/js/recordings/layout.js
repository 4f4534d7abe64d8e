/** @typedef {{ x: number, y: number, width: number, height: number }} Box */

/** The strip below the pictures, for the clock and the town. */
export const STRIP = 24
const SIDE = 4 // of the width, for people beside a shared screen

/**
 * Where each picture stands: people side by side; beside a shared screen, one above the other.
 * @param {number} people
 * @param {number} screens
 * @param {{ width: number, height: number }} canvas
 * @returns {{ people: Box[], screens: Box[] }}
 */
export function layout(people, screens, { width, height }) {
  const room = { x: 0, y: 0, width, height: height - STRIP }
  if (!screens) return { people: grid(people, room), screens: [] }
  const side = people ? Math.round(width / SIDE) : 0
  return {
    screens: grid(screens, { ...room, width: width - side }),
    people: column(people, { ...room, x: width - side, width: side })
  }
}

/**
 * @param {number} count
 * @param {Box} room
 * @returns {Box[]}
 */
function grid(count, room) {
  const columns = Math.ceil(Math.sqrt(count))
  const rows = Math.ceil(count / (columns || 1))
  const [width, height] = [Math.floor(room.width / (columns || 1)), Math.floor(room.height / (rows || 1))]
  return Array.from({ length: count }, (_, index) => ({
    x: room.x + (index % columns) * width,
    y: room.y + Math.floor(index / columns) * height,
    width,
    height
  }))
}

/**
 * @param {number} count
 * @param {Box} room
 * @returns {Box[]}
 */
function column(count, room) {
  const height = Math.floor(room.height / (count || 1))
  return Array.from({ length: count }, (_, index) => ({ ...room, y: room.y + index * height, height }))
}

/**
 * A picture inside a box, whole and in its own shape.
 * @param {{ width: number, height: number }} picture
 * @param {Box} box
 * @returns {Box}
 */
export function fit({ width, height }, box) {
  if (!width || !height) return { ...box, width: 0, height: 0 }
  const scale = Math.min(box.width / width, box.height / height)
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)]
  return { x: box.x + Math.round((box.width - w) / 2), y: box.y + Math.round((box.height - h) / 2), width: w, height: h }
}
