import assert from 'node:assert/strict'
import { test } from 'node:test'

import { mount, written } from '../../static/js/ui/timeout-dialog.js'

const soon = () => new Promise((resolve) => setImmediate(resolve))

/** A dialog that watches a session, and the page around it. */
function aPage(t, { endsIn = 60, left = 60, status = 204, live = false, forms = [] } = {}) {
  const before = Object.getOwnPropertyDescriptors(globalThis)
  const asked = []
  const went = []
  const page = { left, status, live }
  Object.assign(globalThis, {
    document: Object.assign(new EventTarget(), {
      forms,
      querySelector: () => null,
      querySelectorAll: () => (page.live ? [{ srcObject: { active: true } }] : [])
    }),
    location: { href: 'https://vilaclara.test/desk/x', assign: (url) => went.push(url) },
    FormData: class { constructor(form) { this.form = form } * [Symbol.iterator]() { for (const one of this.form.elements) yield [one.name, one.value] } },
    addEventListener() {},
    removeEventListener() {},
    fetch: async (url, { method = 'GET', body } = {}) => {
      asked.push(`${method} ${url}${body?.size ? ` ${body}` : ''}`)
      if (page.status === 0) throw new TypeError('no line')
      if (url.startsWith('/keep')) return new Response(JSON.stringify({ next: '/sign-in?next=/kept/1' }))
      return new Response(null, { status: page.status, headers: { 'X-Session-Seconds': String(page.left) } })
    }
  })
  t.after(() => {
    for (const name of ['document', 'location', 'FormData', 'addEventListener', 'removeEventListener', 'fetch']) {
      const was = before[name]
      if (was) Object.defineProperty(globalThis, name, was)
      else Reflect.deleteProperty(globalThis, name)
    }
  })
  t.mock.timers.enable({ apis: ['setInterval', 'setTimeout', 'Date'] })
  const part = () => Object.assign(new EventTarget(), { textContent: '', disabled: false })
  const parts = { clock: part(), said: part(), more: part() }
  const dialog = Object.assign(new EventTarget(), {
    dataset: { endsIn: String(endsIn), warnBefore: '120', extendUrl: '/more', overUrl: '/over', checkUrl: '/left', keepUrl: '/keep' },
    open: false,
    showModal() { this.open = true },
    close() { this.open = false },
    querySelector: (selector) => parts[selector.slice(12, -2)],
    getAttribute: () => 'said'
  })
  return { dialog, asked, went, page, ...parts }
}

const aForm = (fields, method = 'post') => ({ method, action: 'https://vilaclara.test/desk/outcome?x=1', elements: fields })
const aField = (value, defaultValue = '', type = 'text', name = 'outcome') => ({ name, type, value, defaultValue })

test('whoever works in another window is not disturbed in this one', async (t) => {
  const { dialog, asked } = aPage(t, { left: 3_600 })
  const undo = mount(dialog)
  await soon()

  t.mock.timers.tick(60_000)

  assert.deepEqual(asked, ['GET /left'])
  assert.equal(dialog.open, false)
  undo()
})

test('when the house says that it is near, it is asked here', async (t) => {
  const { dialog } = aPage(t, { left: 60 })
  const undo = mount(dialog)
  await soon()

  assert.equal(dialog.open, true)
  undo()
})

test('without a line the page counts by itself', async (t) => {
  const { dialog, went } = aPage(t, { status: 0, endsIn: 20 })
  mount(dialog)
  await soon()
  assert.equal(dialog.open, true)

  for (let second = 0; second < 20; second++) t.mock.timers.tick(1_000)

  assert.deepEqual(went, ['/over'])
})

test('a session that was closed elsewhere leads to the door', async (t) => {
  const { dialog, went } = aPage(t, { status: 401 })
  mount(dialog)
  await soon()

  t.mock.timers.tick(1_000)

  assert.deepEqual(went, ['/over'])
})

test('what cannot be made longer is not asked for again', async (t) => {
  const { dialog, more } = aPage(t, { left: 60 })
  const undo = mount(dialog)
  await soon()
  more.dispatchEvent(new Event('click'))
  await soon()

  t.mock.timers.tick(10_000)

  assert.equal(dialog.open, false)
  undo()
})

test('a call is never interrupted nor left', async (t) => {
  const { dialog, asked, went, page } = aPage(t, { live: true, left: 60 })
  const undo = mount(dialog)
  await soon()
  assert.deepEqual(asked, ['POST /more'])

  for (let second = 0; second < 90; second++) t.mock.timers.tick(1_000)
  await soon()
  assert.equal(dialog.open, false)
  assert.deepEqual(went, [])
  page.live = false
  t.mock.timers.tick(31_000)
  await soon()

  assert.notDeepEqual([dialog.open, went], [false, []])
  undo()
})

test('what was written is handed over a moment before the end', async (t) => {
  const forms = [aForm([aField('', '', 'hidden', 'csrf_token')], 'post'), aForm([aField('Half an answer')])]
  const { dialog, asked, went } = aPage(t, { endsIn: 10, left: 10, forms })
  mount(dialog)
  await soon()

  for (let second = 0; second < 7; second++) t.mock.timers.tick(1_000)
  await soon()
  await soon()

  assert.deepEqual(asked.slice(1), ['POST /keep?for=%2Fdesk%2Foutcome%3Fx%3D1 outcome=Half+an+answer'])
  assert.deepEqual(went, ['/sign-in?next=/kept/1'])
})

test('only what somebody changed counts as written', (t) => {
  aPage(t)
  const page = (...forms) => /** @type {any} */ ({ forms })

  assert.equal(written(page(aForm([aField('as it was', 'as it was')]))), null)
  assert.equal(written(page(aForm([aField('x', '', 'hidden')]))), null)
  assert.equal(written(page(aForm([aField('words')], 'get'))), null)
  assert.equal(written(page(aForm([{ name: 'a', type: 'checkbox', checked: true, defaultChecked: false, value: 'on' }])))?.action, '/desk/outcome?x=1')
  assert.equal(written(page(aForm([{ name: 'a', type: 'select-one', value: 'b', options: [{ selected: true, defaultSelected: false }] }])))?.fields.get('a'), 'b')
})

test('when the server hangs up the page looks whether its session is over', async (t) => {
  const { dialog, asked, went, page } = aPage(t, { endsIn: 3_600, left: 3_600 })
  mount(dialog)

  document.dispatchEvent(new Event('over'))
  await soon()
  t.mock.timers.tick(1_000)
  assert.deepEqual(asked, ['GET /left'])
  assert.deepEqual(went, []) // another window has shown who it is: this one goes on

  page.status = 401
  document.dispatchEvent(new Event('over'))
  await soon()
  t.mock.timers.tick(1_000)
  assert.deepEqual(went, ['/over'])
})
