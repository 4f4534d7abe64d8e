import { Conversation, isSettled, Pen, withinReason } from './text.js'

/** @typedef {import('./call-screen.js').Screen} Screen */

/**
 * What is written in the call, letter by letter. A finished line goes to the log, which is read aloud once; what
 * somebody is just writing stands below it and is not, or a reader aloud would never be silent.
 * @param {Screen} screen
 */
export function writing({ room, role, part, text, on }) {
  const conversation = new Conversation()
  const pen = new Pen((reader) => wayTo(reader))
  const panel = part('text')
  const field = /** @type {HTMLTextAreaElement} */ (part('pen'))
  const names = new Map([[role, text('role-own')]])
  const windows = new Map()
  const incarnations = new Map()
  let composing = ''

  const other = { citizen: 'clerk', clerk: 'citizen' }[role]

  /** @param {string} reader @returns {import('./text.js').Way} */
  const wayTo = (reader) => {
    const [id] = [...room.people.keys()].filter((key) => room.keyOf(key) === reader)
    if (id && room.line(id)?.isOpen) return { isDirect: true, send: (letters) => room.write(id, letters) }
    return reader === other ? { isDirect: false, send: (letters) => room.writeThrough(letters) } : null
  }

  const meet = () => {
    for (const [id, person] of room.people) {
      const reader = room.keyOf(id)
      names.set(reader, person.name || text(`role-${person.role}`))
      if ((incarnations.get(reader) ?? person.incarnation) !== person.incarnation) pen.breakOff(reader) // a window that knows nothing
      incarnations.set(reader, person.incarnation)
    }
    pen.readBy([...(other ? [other] : []), ...[...room.people.keys()].map((id) => room.keyOf(id))])
  }

  /** @param {string} who */
  const nameOf = (who) => names.get(who) || text(`role-${who}`)

  /**
   * @param {string} who
   * @param {string} words
   */
  const paragraph = (who, words) => {
    const line = document.createElement('p')
    const name = document.createElement('strong')
    name.textContent = `${nameOf(who)}:`
    line.append(name, ' ', words)
    line.toggleAttribute('data-own', who === role)
    return line
  }

  const scroll = () => (part('log').scrollTop = part('log').scrollHeight)

  /** @param {{ line: import('./text.js').Line }} news */
  const showLine = ({ line }) => {
    part('log').append(paragraph(line.who, line.text))
    part('keep')?.removeAttribute('hidden')
    scroll()
  }

  const showWriting = () => {
    const others = [...conversation.writing].filter(([who, words]) => words && who !== role)
    part('writing').replaceChildren(...others.map(([who, words]) => paragraph(who, words)))
    if (others.length) open(false)
    scroll()
  }

  /** @param {boolean} [isWanted] whether to go there and write */
  const open = (isWanted = true) => {
    if (panel.hidden) {
      panel.hidden = false
      showToggles()
    }
    if (isWanted) field.focus()
  }

  const showToggles = () => {
    for (const toggle of toggles) toggle.setAttribute('aria-expanded', String(!panel.hidden))
  }
  const toggles = [part('write'), part('write-early')]

  const type = () => {
    const sane = withinReason(pen.draft, field.value)
    if (sane !== field.value) {
      field.value = sane
      part('pasted').hidden = false
    }
    const lines = sane.split('\n')
    for (const line of lines.slice(0, -1)) {
      pen.write(line)
      conversation.hear(role, `${pen.endLine()}\u2028`)
    }
    const last = lines.at(-1) ?? ''
    if (lines.length > 1) field.value = last
    pen.write(last)
  }

  const keep = () => {
    const words = conversation.transcript(nameOf, (at) => at.toLocaleTimeString([], { timeStyle: 'short' }))
    const link = document.createElement('a')
    link.href = URL.createObjectURL(new Blob([words], { type: 'text/plain;charset=utf-8' }))
    link.download = `${text('transcript')}.txt`
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
  }

  on(conversation, 'line', showLine)
  on(conversation, 'writing', showWriting)
  /** @param {{ from: string, window?: string, text: string }} letters */
  const read = ({ from, window, text: letters }) => {
    if (window && windows.get(from) !== window) {
      if (windows.has(from)) conversation.turnPage(from)
      windows.set(from, window)
    }
    conversation.hear(from, letters)
    open(false)
  }
  on(room, 'letters', read)
  on(room, 'broken', ({ from }) => {
    conversation.breakOff(from)
    pen.breakOff(from)
    pen.flush()
  })
  on(room, 'way', meet)
  on(field, 'compositionupdate', ({ data }) => (composing = data ?? ''))
  on(field, 'compositionend', () => {
    composing = ''
    type()
  })
  on(field, 'input', ({ isComposing }) => (!isComposing || isSettled(composing)) && type())
  const toggle = () => {
    if (panel.hidden) return open()
    panel.hidden = true
    showToggles()
  }
  if (part('keep')) on(part('keep'), 'click', keep)
  meet()

  return { close: () => pen.close(), read, toggle, conversation, nameOf }
}
