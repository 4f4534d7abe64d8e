import { Captioner, captionIn, howToWrite } from './captions.js'

/** @typedef {import('./call-screen.js').Screen} Screen */
/** @typedef {import('./here.js').CallHere} CallHere */

const LINES = 3
const FADES = 8_000
const lang = () => document.documentElement.lang

/**
 * Our own words, written by our own device for the others: offered only where the device can do it alone.
 * @param {Screen & { here: CallHere }} screen
 */
export async function captioning({ devices, part, on, here }) {
  const way = part('captioning') && (await howToWrite(lang()))
  if (!way) return
  const box = /** @type {HTMLInputElement} */ (part('captioning'))
  const captioner = new Captioner(lang(), () => (devices.isOn('microphone') ? devices.local.audio : null))
  part('captioning-box').hidden = false
  part('captioning-fetch').hidden = way.isHere
  on(box, 'change', () => (box.checked ? captioner.turnOn() : captioner.turnOff()))
  on(captioner, 'caption', ({ caption }) => here.tell('captions', caption))
  on(captioner, 'end', () => (box.checked = false))
  on(devices, 'change', () => captioner.follow())
  on(here, 'state', () => here.isInside || captioner.turnOff())
}

/**
 * What the devices of the others wrote down, the last lines of it. It is not read aloud: it is for those who do not hear.
 * @param {Pick<Screen, 'part' | 'on'> & { here: CallHere }} screen
 */
export function captions({ part, on, here }) {
  const place = part('captions')
  /** @type {Map<string, HTMLElement>} the line each person is at */
  const open = new Map()
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer

  /** @param {{ topic: string, from: string, data: unknown }} event */
  const hear = ({ topic, from, data }) => {
    const caption = topic === 'captions' && captionIn(data)
    const person = here.people.find(({ id }) => id === from)
    if (!caption || !person) return
    const line = open.get(from) ?? document.createElement('p')
    const name = document.createElement('strong')
    name.textContent = `${person.name}:`
    line.replaceChildren(name, ' ', caption.text)
    if (caption.isFinal) open.delete(from)
    else open.set(from, line)
    if (!line.isConnected) part('captions-lines').append(line)
    while (part('captions-lines').childElementCount > LINES) part('captions-lines').firstElementChild?.remove()
    place.hidden = false
    clearTimeout(timer)
    timer = setTimeout(clear, FADES)
  }
  const clear = () => {
    open.clear()
    part('captions-lines').replaceChildren()
    place.hidden = true
  }
  on(here, 'told', hear)
  return hear
}
