import { fit, layout, STRIP } from './layout.js'

/** @typedef {import('../calls/here.js').Face} Face */

const SIZE = { width: 640, height: 360 }
const FRAMES = 15
const [DARK, LIGHT] = ['#10181c', '#fff']

/**
 * One picture of everybody who agreed, with their names, the screens they share and a clock. While it rests a board
 * stands there, and no picture of anybody is drawn.
 */
export class Composite {
  canvas = Object.assign(document.createElement('canvas'), SIZE)
  isResting = false
  /** @type {Face[]} */
  #faces = []
  /** @type {Map<MediaStream, HTMLVideoElement>} */
  #videos = new Map()
  #worker = new Worker(new URL('./tick-worker.js', import.meta.url), { type: 'module' })

  /** @param {{ title: string, board: string, time: () => string }} words */
  constructor(words) {
    this.words = words
    this.drawing = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext('2d', { alpha: false }))
    this.draw()
    this.#worker.onmessage = () => this.draw()
    this.#worker.postMessage(1000 / FRAMES)
    this.stream = this.canvas.captureStream(FRAMES)
  }

  /** @param {Face[]} faces */
  show(faces) {
    this.#faces = faces
    const wanted = new Set(faces.flatMap(({ stream, screen }) => [stream, screen]).filter((one) => one !== null))
    for (const [stream, video] of this.#videos) if (!wanted.has(stream)) this.#drop(stream, video)
    for (const stream of wanted) if (!this.#videos.has(stream)) this.#videos.set(stream, play(stream))
  }

  /** From the next frame on nobody is in it. @param {boolean} isResting */
  rest(isResting) {
    this.isResting = isResting
    this.draw()
  }

  draw() {
    const { drawing } = this
    drawing.fillStyle = DARK
    drawing.fillRect(0, 0, SIZE.width, SIZE.height)
    if (this.isResting) this.#board()
    else this.#people()
    this.#strip()
  }

  close() {
    this.#worker.terminate()
    for (const track of this.stream.getTracks()) track.stop()
    for (const [stream, video] of this.#videos) this.#drop(stream, video)
  }

  #board() {
    const { drawing } = this
    drawing.fillStyle = LIGHT
    drawing.font = 'bold 36px sans-serif'
    drawing.textAlign = 'center'
    drawing.fillText(this.words.board, SIZE.width / 2, SIZE.height / 2, SIZE.width - 40)
    drawing.textAlign = 'start'
  }

  #people() {
    const screens = this.#faces.filter(({ screen }) => screen)
    const places = layout(this.#faces.length, screens.length, SIZE)
    screens.forEach(({ screen, name }, index) => this.#picture(screen, name, places.screens[index], true))
    this.#faces.forEach(({ stream, name, camera }, index) => this.#picture(stream, name, places.people[index], camera))
  }

  /**
   * @param {MediaStream | null} stream
   * @param {string} name
   * @param {import('./layout.js').Box} box
   * @param {boolean} isOn
   */
  #picture(stream, name, box, isOn) {
    const { drawing } = this
    const video = stream && this.#videos.get(stream)
    if (video && isOn && video.videoWidth) {
      const { x, y, width, height } = fit({ width: video.videoWidth, height: video.videoHeight }, box)
      drawing.drawImage(video, x, y, width, height)
    }
    drawing.font = '14px sans-serif'
    const width = Math.min(box.width, drawing.measureText(name).width + 12)
    drawing.fillStyle = DARK
    drawing.fillRect(box.x, box.y + box.height - 20, width, 20)
    drawing.fillStyle = LIGHT
    drawing.fillText(name, box.x + 6, box.y + box.height - 5, box.width - 12)
  }

  #strip() {
    const { drawing, words } = this
    drawing.fillStyle = DARK
    drawing.fillRect(0, SIZE.height - STRIP, SIZE.width, STRIP)
    drawing.fillStyle = LIGHT
    drawing.font = '14px sans-serif'
    drawing.fillText(words.title, 8, SIZE.height - 7, SIZE.width / 2)
    drawing.textAlign = 'end'
    drawing.fillText(words.time(), SIZE.width - 8, SIZE.height - 7, SIZE.width / 2 - 16)
    drawing.textAlign = 'start'
  }

  /**
   * @param {MediaStream} stream
   * @param {HTMLVideoElement} video
   */
  #drop(stream, video) {
    video.srcObject = null
    this.#videos.delete(stream)
  }
}

/** @param {MediaStream} stream */
function play(stream) {
  const video = Object.assign(document.createElement('video'), { muted: true, playsInline: true, autoplay: true, srcObject: stream })
  video.play().catch(() => {})
  return video
}
