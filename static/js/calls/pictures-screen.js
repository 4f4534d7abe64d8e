/** @typedef {import('./room.js').Room} Room */
/** @typedef {import('./room.js').Person} Person */

/**
 * Picture, sound and name of everybody else in the room, and the screens they share. Sound has an element of its own,
 * because a video element stays silent until a first picture comes, and some people have no camera.
 * @param {HTMLElement} stage
 * @param {{ tile: HTMLTemplateElement, shared: HTMLTemplateElement }} templates
 * @param {(name: string) => string} text
 * @param {{ onFirst: () => void, onRefused: () => void }} news the first picture came; the browser refused to play
 */
export function pictures(stage, templates, text, { onFirst, onRefused }) {
  /** @type {Map<string, HTMLElement>} */
  const tiles = new Map()
  const sound = { volume: 1, speaker: '' }

  /**
   * @param {string} key
   * @param {HTMLTemplateElement} template
   */
  const tileFor = (key, template) => {
    const known = tiles.get(key)
    if (known) return known
    const tile = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true))
    const video = /** @type {HTMLVideoElement} */ (tile.querySelector('video'))
    if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(onFirst)
    else video.addEventListener('loadeddata', onFirst)
    stage.append(tile)
    tiles.set(key, tile)
    setSound(tile)
    return tile
  }

  /** @param {HTMLElement} tile */
  const play = (tile) => {
    for (const media of mediaIn(tile)) {
      media.play().catch(({ name }) => {
        if (name === 'NotAllowedError') onRefused()
      })
    }
  }

  /** @param {HTMLElement} tile */
  const setSound = (tile) => {
    for (const audio of tile.querySelectorAll('audio')) {
      audio.volume = sound.volume
      if (sound.speaker && audio.setSinkId) audio.setSinkId(sound.speaker).catch(() => {})
    }
  }

  /**
   * @param {HTMLElement} tile
   * @param {MediaStream | null | undefined} stream
   */
  const give = (tile, stream) => {
    if (!stream || mediaIn(tile)[0].srcObject === stream) return
    for (const media of mediaIn(tile)) media.srcObject = stream
    play(tile)
  }

  /** @param {Set<string>} wanted */
  const clear = (wanted) => {
    for (const [key, tile] of tiles) {
      if (wanted.has(key)) continue
      for (const media of mediaIn(tile)) media.srcObject = null
      tile.remove()
      tiles.delete(key)
    }
  }

  /** @param {Room} room */
  const show = (room) => {
    const sharing = [...room.people.values()].filter(({ id, screen }) => screen && room.line(id)?.screen)
    clear(new Set([...room.people.keys(), ...sharing.map(({ id }) => screenOf(id))]))
    for (const [id, person] of room.people) {
      const tile = tileFor(id, templates.tile)
      describe(tile, person)
      give(tile, room.line(id)?.stream)
    }
    for (const { id, name } of sharing) {
      const tile = tileFor(screenOf(id), templates.shared)
      partOf(tile, 'name').textContent = name
      give(tile, room.line(id)?.screen)
    }
    stage.dataset.people = String(tiles.size)
    const pinned = stage.querySelectorAll('[data-pinned]').length
    stage.dataset.pinned = String(pinned < tiles.size ? pinned : 0)
    feel(room)
  }

  /**
   * @param {HTMLElement} tile
   * @param {Person} person
   */
  const describe = (tile, person) => {
    tile.dataset.role = person.role
    tile.toggleAttribute('data-pinned', person.role === 'interpreter')
    partOf(tile, 'name').textContent = person.name || text(`role-${person.role}`)
    partOf(tile, 'role').textContent = person.name && text(`role-${person.role}`)
    partOf(tile, 'office').textContent = text(`office-${person.role}`) && `· ${text(`office-${person.role}`)}`
    partOf(tile, 'silent').hidden = person.microphone
    partOf(tile, 'unseen').hidden = person.camera
  }

  /** What changes twice a second: who speaks, and whose line is poor. @param {Room} room */
  const feel = (room) => {
    for (const [id, person] of room.people) {
      const [tile, line] = [tiles.get(id), room.line(id)]
      if (!tile || !line) continue
      tile.dataset.state = line.health
      tile.toggleAttribute('data-speaking', line.isSpeaking && person.microphone)
      partOf(tile, 'speaks').hidden = !(line.isSpeaking && person.microphone)
      partOf(tile, 'still').hidden = !(line.isStill && person.camera)
    }
  }

  /** After a touch, the browser lets us play. */
  const playAll = () => {
    for (const tile of tiles.values()) play(tile)
  }

  /** How loud, and by which loudspeaker. @param {Partial<typeof sound>} wish */
  const hearBy = (wish) => {
    Object.assign(sound, wish)
    for (const tile of tiles.values()) setSound(tile)
  }

  return { show, feel, playAll, hearBy }
}

/** @param {string} id */
const screenOf = (id) => `${id} screen`

/** @param {HTMLElement} tile */
const mediaIn = (tile) => /** @type {NodeListOf<HTMLMediaElement>} */ (tile.querySelectorAll('video, audio'))

/**
 * @param {HTMLElement} tile
 * @param {string} name
 */
const partOf = (tile, name) => /** @type {HTMLElement} */ (tile.querySelector(`[data-part="${name}"]`))
