import { post } from '../core/post.js'
import { newsOf } from './news.js'
import { Upload } from './upload.js'

const REMEMBERED = 'text/plain' // what is dragged within the page is no file
const SHOWN_FOR = 6_000

/**
 * The papers of a visit: sends files, photographs pages, keeps the list fresh, and looks at one together.
 * @type {import('../core/mount.js').Mount}
 */
export function mount(desk) {
  const { base = '', side = '', cursor } = desk.dataset
  const most = Number(desk.dataset.most)
  const gone = new AbortController()
  const news = newsOf(base, cursor)
  /** @type {Set<Upload>} */
  const uploads = new Set()
  /** @type {Map<Upload, HTMLElement>} */
  const rows = new Map()
  /** @type {{ show: (state: any) => void, hear: (name: string, told: any) => void, close: () => void } | undefined} */
  let look
  /** @type {Promise<typeof import('./look-screen.js')> | undefined} */
  let looking

  /** @param {string} name */
  const part = (name) => /** @type {HTMLElement} */ (desk.querySelector(`[data-part="${name}"]`))
  /** @param {string} name @param {Record<string, string | number>} [words] */
  const text = (name, words = {}) =>
    Object.entries(words).reduce((said, [word, value]) => said.replace(`{${word}}`, String(value)), desk.getAttribute(`data-text-${name}`) ?? '')
  /** @param {EventTarget} target @param {string} event @param {(event: any) => void} act */
  const on = (target, event, act) => target.addEventListener(event, act, { signal: gone.signal })
  /** @param {string} words */
  const say = (words) => (part('said').textContent = words)
  const refresh = () => document.body.dispatchEvent(new Event('papers'))

  /** @param {Iterable<File>} files */
  const sendAll = async (files) => {
    for (const upload of [...uploads]) if (upload.isOver) end(upload, rows.get(upload))
    for (const file of files) send(await readable(file))
  }

  /** @param {File} file */
  const send = (file) => {
    if (file.size > most) return say(text('too-large'))
    const upload = new Upload(base, file)
    const row = rowOf(upload)
    uploads.add(upload)
    rows.set(upload, row)
    part('sending').append(row)
    part('sending').hidden = false
    let said = ''
    on(upload, 'change', () => {
      const words = { name: upload.name, share: upload.share }
      const sentence = text(upload.step, words)
      show(row, upload, sentence)
      // A reader of screens hears each step once, and no figures in between.
      if (said !== upload.step) say(upload.step === 'sending' ? text('sending', words) : sentence)
      said = upload.step
      if (upload.step === 'ready' || upload.step === 'refused') refresh()
      // A refusal that the list shows too need not stay; one of which the server knows nothing does.
      const isOnTheList = upload.step === 'refused' && !!upload.paper
      if (upload.step === 'ready' || upload.step === 'cancelled' || isOnTheList) setTimeout(() => end(upload, row), SHOWN_FOR)
    })
    upload.send()
  }

  /** @param {Upload} upload @param {HTMLElement | undefined} row */
  const end = (upload, row) => {
    if (!row?.isConnected) return
    const hadFocus = row.contains(document.activeElement)
    uploads.delete(upload)
    row.remove()
    part('sending').hidden = !uploads.size
    if (hadFocus) part('file').focus()
  }

  /** @param {Upload} upload */
  const rowOf = (upload) => {
    const row = document.createElement('li')
    row.className = 'sending'
    const words = Object.assign(document.createElement('span'), { className: 'sending__words' })
    const bar = Object.assign(document.createElement('progress'), { className: 'sending__bar', max: 100, value: 0 })
    bar.setAttribute('aria-label', upload.name)
    const button = Object.assign(document.createElement('button'), { type: 'button', className: 'button button--quiet', textContent: text('cancel') })
    on(button, 'click', () => {
      if (!upload.isOver) return upload.cancel()
      end(upload, row)
      if (upload.step === 'failed') send(upload.file)
    })
    row.append(words, bar, button)
    return row
  }

  /** @param {HTMLElement} row @param {Upload} upload @param {string} sentence */
  const show = (row, upload, sentence) => {
    const [words, bar, button] = /** @type {[HTMLElement, HTMLProgressElement, HTMLButtonElement]} */ ([...row.children])
    row.dataset.step = upload.step
    words.textContent = upload.words && ['refused', 'failed'].includes(upload.step) ? `${sentence} ${upload.words}` : sentence
    bar.hidden = upload.isOver
    if (upload.step === 'checking') bar.removeAttribute('value')
    else bar.value = upload.share
    button.hidden = ['ready', 'cancelled', 'refused', 'checking'].includes(upload.step)
    if (upload.step === 'failed') button.textContent = text('again')
  }

  const photograph = async () => {
    const { openCamera } = await import('./camera-screen.js')
    const template = /** @type {HTMLTemplateElement} */ (part('camera-screen'))
    part('ways').hidden = true
    openCamera(part('camera'), template, {
      lend: lendCamera,
      done: (file) => {
        part('ways').hidden = false
        part('photograph').focus()
        if (file) send(new File([file], `${text('photograph')}.pdf`, { type: 'application/pdf' }))
      }
    })
  }

  /** Many telephones open one camera at a time: the call rests its own meanwhile. Answers how to give it back. */
  const lendCamera = async () => {
    const { withTheCall } = await import('../calls/here.js')
    /** @type {(() => void) | undefined} */
    let giveBack
    withTheCall(({ devices }) => {
      if (!devices.local.video) return
      devices.rest()
      giveBack = () => devices.recover()
    })()
    return () => giveBack?.()
  }

  /** @param {any} state */
  const lookAt = async (state) => {
    looking ??= import('./look-screen.js')
    const { openLook } = await looking
    if (gone.signal.aborted) return
    if (look) return look.show(state)
    look = await openLook(part('look'), { base, side, state, closed: () => (look = undefined) })
  }

  on(news.target, 'paper', ({ news: told }) => {
    refresh()
    if (told.side !== side && told.state === 'ready') say(text('came'))
  })
  for (const name of ['look', 'point']) {
    on(news.target, name, ({ news: told }) => {
      if (look) look.hear(name, told)
      else if (name === 'look' && !told.over) lookAt(told)
    })
  }
  const isBeside = !!desk.closest('.papers-beside')
  // Beside a call nothing leads away from it: what is read alone is read in a window of its own.
  on(desk, 'click', ({ target }) => {
    const link = target.closest('a[href]')
    if (isBeside && link && !link.download) link.target = '_blank'
  })
  on(desk, 'submit', async (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target)
    if (!form.dataset.show) return
    event.preventDefault()
    const answer = await post(form.action).catch(() => undefined)
    if (answer) lookAt(await answer.json())
    else if (!isBeside) form.submit()
  })

  if (part('ways')) {
    const form = /** @type {HTMLFormElement} */ (part('form'))
    const file = /** @type {HTMLInputElement} */ (part('file'))
    part('send').hidden = true
    part('drag').hidden = matchMedia('(pointer: coarse)').matches
    part('photograph').hidden = !navigator.mediaDevices?.getUserMedia
    on(part('photograph'), 'click', photograph)
    on(file, 'change', () => {
      sendAll([...(file.files ?? [])])
      file.value = ''
    })
    on(form, 'submit', (event) => event.preventDefault())
    on(desk, 'dragover', (event) => {
      if (!event.dataTransfer?.types.includes('Files') || event.dataTransfer.types.includes(REMEMBERED)) return
      event.preventDefault()
      desk.toggleAttribute('data-drop', true)
    })
    for (const name of ['dragleave', 'drop']) on(desk, name, () => desk.removeAttribute('data-drop'))
    on(desk, 'drop', (event) => {
      if (!event.dataTransfer?.files.length) return
      event.preventDefault()
      sendAll([...event.dataTransfer.files])
    })
  }
  // What is on its way would be lost with the page; it can go on later, but only by choosing it again.
  on(window, 'beforeunload', (event) => {
    if ([...uploads].some((upload) => !upload.isOver)) event.preventDefault()
  })
  if (desk.dataset.look) lookAt(undefined)
  desk.dataset.ready = 'yes'

  return () => {
    gone.abort()
    news.close()
    look?.close()
    for (const upload of uploads) upload.cancel()
  }
}

/** A photograph of a kind that only its own telephone reads becomes a JPEG, where the browser can. @param {File} file @returns {Promise<File>} */
async function readable(file) {
  if (!/\.hei[cf]$/i.test(file.name) && !/^image\/hei[cf]/.test(file.type)) return file
  try {
    const picture = await createImageBitmap(file)
    const canvas = Object.assign(document.createElement('canvas'), { width: picture.width, height: picture.height })
    canvas.getContext('2d')?.drawImage(picture, 0, 0)
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.9))
    return new File([blob], file.name.replace(/\.hei[cf]$/i, '.jpg'), { type: 'image/jpeg' })
  } catch {
    return file // the server says what to do
  }
}
