import { HIGHEST, megabytesEachMinute, SPARING } from './line.js'

/** @typedef {import('./call-screen.js').Screen} Screen */

/**
 * What is seldom wanted: the other camera, our screen, how loud and from where, and sparing data. What this browser
 * cannot do is not shown.
 * @param {Screen & { hearBy: (wish: { volume?: number, speaker?: string }) => void }} screen
 */
export function options({ room, devices, part, text, on, hearBy }) {
  const canShare = !!navigator.mediaDevices?.getDisplayMedia
  const canChoose = 'setSinkId' in HTMLMediaElement.prototype
  const panel = part('options')
  const speaker = /** @type {HTMLSelectElement} */ (part('speaker'))
  const saving = /** @type {HTMLInputElement} */ (part('saving'))
  const volume = /** @type {HTMLInputElement} */ (part('volume'))
  const share = part('share')

  const lookAround = async () => {
    part('turn').hidden = (await devices.cameras()).length < 2
    const found = canChoose ? await (navigator.mediaDevices?.enumerateDevices?.() ?? []) : []
    const speakers = found.filter(({ kind, label }) => kind === 'audiooutput' && label)
    part('speakers').hidden = speakers.length < 2
    const chosen = speaker.value
    speaker.replaceChildren(...speakers.map(({ deviceId, label }) => new Option(label, deviceId, false, deviceId === chosen)))
  }

  /** How much data it takes, and took. */
  const count = () => {
    const lines = [...room.people.keys()].map((id) => room.line(id))
    const others = Math.max(1, lines.length)
    const used = lines.reduce((sum, line) => sum + (line?.reading.bytes ?? 0), 0) / 1e6
    part('data').textContent = text('data')
      .replace('{usual}', String(megabytesEachMinute(HIGHEST, others)))
      .replace('{sparing}', String(megabytesEachMinute(SPARING, others)))
      .replace('{used}', used.toFixed(0))
  }

  const showShare = () => share?.setAttribute('aria-pressed', String(!!devices.local.screen))

  const toggle = () => {
    panel.hidden = !panel.hidden
    part('more').setAttribute('aria-expanded', String(!panel.hidden))
    if (panel.hidden) return
    // They stand before the key that opened them: whoever hears the keys would go on without them.
    const first = /** @type {HTMLElement | null} */ (panel.querySelector('button:not([hidden]), input'))
    first?.focus()
    lookAround()
    count()
  }
  on(panel, 'keydown', ({ key }) => {
    if (key !== 'Escape') return
    toggle()
    part('more').focus()
  })
  on(part('turn'), 'click', () => devices.turnCamera())
  if (share) {
    share.hidden = !canShare
    on(share, 'click', () => devices.share())
    on(devices, 'change', showShare)
  }
  on(volume, 'input', () => hearBy({ volume: Number(volume.value) / 100 }))
  on(speaker, 'change', () => hearBy({ speaker: speaker.value }))
  on(saving, 'change', () => room.show({ ...showing(), saving: saving.checked }))
  on(room, 'quality', () => panel.hidden || count())

  const showing = () => ({ camera: devices.isOn('camera'), microphone: devices.isOn('microphone') })

  /** Whoever told their telephone to spare data has told us too. */
  const spare = () => {
    saving.checked = true
    room.show({ ...showing(), saving: true })
  }

  return { toggle, spare }
}
