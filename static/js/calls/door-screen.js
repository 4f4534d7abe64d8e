/** @typedef {import('./call-screen.js').Screen} Screen */

/**
 * Who asks to come in, and who came by invitation: the clerk lets in and sends away.
 * @param {Screen} screen
 */
export function door({ room, part, text, on }) {
  const list = part('door')
  const template = /** @type {HTMLTemplateElement} */ (part('guest'))
  /** @type {string[]} */
  let told = []

  /** Who is new, once and without the keys: every row is made anew each time. */
  const tell = () => {
    const sentences = [...list.querySelectorAll('[data-part="who"]')].map(({ textContent }) => textContent ?? '')
    const news = sentences.filter((one) => !told.includes(one)).join(' ')
    told = sentences
    const announce = document.getElementById('announce')
    if (announce && news) announce.textContent = news
  }

  /**
   * @param {import('./room.js').Person} person
   * @param {boolean} isInside
   */
  const row = ({ id, name, role }, isInside) => {
    const found = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true))
    /** @param {string} of */
    const piece = (of) => /** @type {HTMLElement} */ (found.querySelector(`[data-part="${of}"]`))
    found.dataset.guest = id
    const sentence = text(isInside ? 'guest-inside' : 'guest-asks')
    piece('who').textContent = sentence.replace('{name}', name).replace('{role}', text(`role-${role}`))
    piece('admit').hidden = isInside
    piece('refuse').hidden = isInside
    piece('remove').hidden = !isInside
    for (const button of found.querySelectorAll('button')) button.id = `${button.dataset.part}-${id}`
    for (const [name, action] of ACTIONS) piece(name).addEventListener('click', () => room.decide(id, action).catch(() => {}))
    return found
  }

  const show = () => {
    const guests = [...room.people.values()].filter(({ role }) => !['citizen', 'clerk'].includes(role))
    const rows = [...room.door.map((person) => row(person, false)), ...guests.map((person) => row(person, true))]
    const before = [...list.querySelectorAll('[data-guest]')].map(({ outerHTML }) => outerHTML).join('')
    if (before === rows.map(({ outerHTML }) => outerHTML).join('')) return
    const focused = document.activeElement?.id
    for (const old of list.querySelectorAll('[data-guest]')) old.remove()
    list.append(...rows)
    list.hidden = !rows.length
    tell()
    if (focused && list.querySelector(`#${focused}`)) document.getElementById(focused)?.focus()
  }

  on(room, 'people', show)
}

const ACTIONS = /** @type {const} */ ([['admit', 'admit'], ['refuse', 'refuse'], ['remove', 'refuse']])
