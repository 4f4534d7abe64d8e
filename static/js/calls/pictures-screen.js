import { isOn } from './room.js'

/** @typedef {import('./room.js').Room} Room */

/**
 * Picture, sound and name of everybody else in the room. Sound has an element of its own, because a
 * video element stays silent until a first picture comes, and some people have no camera.
 * @param {HTMLElement} stage
 * @param {HTMLTemplateElement} template
 * @param {{ onFirst: () => void, onRefused: () => void }} news the first picture came; the browser refused to play
 */
export function pictures(stage, template, { onFirst, onRefused }) {
  /** @type {Map<string, HTMLElement>} */
  const tiles = new Map()

  /** @param {string} id */
  const add = (id) => {
    const tile = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true))
    const video = pictureOf(tile)
    if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(onFirst)
    else video.addEventListener('loadeddata', onFirst)
    stage.append(tile)
    tiles.set(id, tile)
    return tile
  }

  /** @param {HTMLElement} tile */
  const play = (tile) => {
    for (const media of tile.querySelectorAll('video, audio')) {
      /** @type {HTMLMediaElement} */ (media).play().catch(({ name }) => {
        if (name === 'NotAllowedError') onRefused()
      })
    }
  }

  /**
   * @param {HTMLElement} tile
   * @param {MediaStream | null} stream
   */
  const give = (tile, stream) => {
    for (const media of tile.querySelectorAll('video, audio')) {
      /** @type {HTMLMediaElement} */ (media).srcObject = stream
    }
  }

  /** @param {Room} room */
  const show = ({ people, pairs }) => {
    for (const [id, tile] of tiles) {
      if (people.has(id)) continue
      give(tile, null)
      tile.remove()
      tiles.delete(id)
    }
    for (const [id, person] of people) {
      const tile = tiles.get(id) ?? add(id)
      const pair = pairs.get(id)
      tile.dataset.state = pair?.health
      tile.dataset.role = person.role
      partOf(tile, 'name').textContent = person.name
      partOf(tile, 'silent').hidden = isOn(person.microphone)
      partOf(tile, 'unseen').hidden = isOn(person.camera)
      if (pair?.stream && pictureOf(tile).srcObject !== pair.stream) {
        give(tile, pair.stream)
        play(tile)
      }
    }
    stage.dataset.people = String(people.size)
  }

  /** After a touch, the browser lets us play. */
  const playAll = () => {
    for (const tile of tiles.values()) play(tile)
  }

  return { show, playAll }
}

/** @param {HTMLElement} tile */
const pictureOf = (tile) => /** @type {HTMLVideoElement} */ (tile.querySelector('video'))

/**
 * @param {HTMLElement} tile
 * @param {string} name
 */
const partOf = (tile, name) => /** @type {HTMLElement} */ (tile.querySelector(`[data-part="${name}"]`))
