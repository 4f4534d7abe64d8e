import { Digits } from './digits.js'

/**
 * The ten keys of the screen write into the field; a keyboard may too.
 * @type {import('../core/mount.js').Mount}
 */
export function mount(form) {
  const gone = new AbortController()
  const field = /** @type {HTMLInputElement} */ (form.querySelector('.pad__input'))
  const groups = (form.dataset.groups ?? '').split(' ').map(Number)
  const digits = new Digits(Number(form.dataset.most), groups, field.value)
  const show = () => { field.value = digits.shown }
  /** Whoever only hears the keys hears what stands there, digit by digit. */
  const tell = () => {
    const announce = document.getElementById('announce')
    if (announce) announce.textContent = [...digits.typed].join(' ')
  }

  /** @param {MouseEvent} event */
  const press = ({ target }) => {
    const key = target instanceof Element ? target.closest('button') : null
    if (!key) return
    if (key.dataset.digit) digits.add(key.dataset.digit)
    else if ('back' in key.dataset) digits.takeBack()
    else return
    show()
    tell()
  }
  const retype = () => {
    digits.typed = new Digits(digits.most, groups, field.value).typed
    show()
  }

  form.addEventListener('click', press, { signal: gone.signal })
  field.addEventListener('input', retype, { signal: gone.signal })
  show()
  form.dataset.ready = ''
  return () => gone.abort()
}
