/**
 * A file is chosen or dropped: its digest is worked out here, so that the file stays on this device.
 * With digests to compare with it says at once; without, it fills the field of the form and sends it.
 * @param {HTMLElement} root
 */
export function mount(root) {
  const drop = /** @type {HTMLElement} */ (root.querySelector('[data-part="drop"]'))
  const state = /** @type {HTMLElement} */ (root.querySelector('[data-part="state"]'))
  const input = /** @type {HTMLInputElement} */ (drop.querySelector('input[type="file"]'))
  const known = root.dataset.digests?.split(' ')
  let turn = 0
  root.hidden = false
  drop.hidden = false

  /** @param {string} [text] @param {string} [kind] */
  function say(text = '', kind = '') {
    state.textContent = text
    state.dataset.state = kind
  }

  /** @param {File} file */
  async function look(file) {
    const mine = ++turn
    try {
      const digest = await digestOf(file, (part) => {
        if (mine === turn) say(root.dataset.textReading?.replace('{percent}', `${Math.floor(part * 100)} %`))
      })
      if (mine === turn) tell(digest)
    } catch {
      if (mine === turn) say(root.dataset.textUnread, 'other')
    }
  }

  /** @param {string} digest */
  function tell(digest) {
    if (known) {
      const same = known.includes(digest)
      say(same ? root.dataset.textSame : root.dataset.textOther, same ? 'same' : 'other')
      return
    }
    const field = /** @type {HTMLInputElement} */ (root.querySelector('[name="sha256"]'))
    field.value = digest
    say(root.dataset.textDone)
    if (root instanceof HTMLFormElement) root.requestSubmit()
  }

  const onChoice = () => { if (input.files?.length) look(input.files[0]) }
  /** @param {DragEvent} event */
  const onOver = (event) => {
    event.preventDefault()
    drop.dataset.state = 'over'
  }
  const onLeave = () => { delete drop.dataset.state }
  /** @param {DragEvent} event */
  const onDrop = (event) => {
    event.preventDefault()
    onLeave()
    const file = event.dataTransfer?.files[0]
    if (file) look(file)
  }
  input.addEventListener('change', onChoice)
  drop.addEventListener('dragover', onOver)
  drop.addEventListener('dragleave', onLeave)
  drop.addEventListener('drop', onDrop)
  return () => {
    turn++
    input.removeEventListener('change', onChoice)
    drop.removeEventListener('dragover', onOver)
    drop.removeEventListener('dragleave', onLeave)
    drop.removeEventListener('drop', onDrop)
  }
}

/** What is shorter goes to the browser's own function in one piece. */
const SHORT = 32 * 1024 * 1024

/**
 * @param {File} file
 * @param {(part: number) => void} onPart
 */
async function digestOf(file, onPart) {
  onPart(0)
  if (file.size <= SHORT && globalThis.crypto?.subtle) {
    const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()))
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  }
  const { sha256 } = await import('./sha256.js')
  const sum = sha256()
  const reader = file.stream().getReader()
  for (let read = 0; ;) {
    const { done, value } = await reader.read()
    if (done) return sum.hex()
    sum.add(value)
    read += value.length
    onPart(read / file.size)
  }
}
