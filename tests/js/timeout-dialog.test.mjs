import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Countdown, mount } from '../../static/js/ui/timeout-dialog.js'

const TEXTS = { 60: 'One minute is left.', 30: '30 seconds are left.', 10: '10 seconds are left.', failed: 'The line failed.' }

/** A countdown on a clock that moves when it is told to. */
function aCountdown(seconds = 600, warnBefore = 120) {
  let time = 0
  const countdown = new Countdown(seconds, warnBefore, () => time)
  return { countdown, pass: (/** @type {number} */ gone) => { time += gone * 1_000 } }
}

test('nothing is said while there is time', () => {
  const { countdown, pass } = aCountdown()

  pass(479)

  assert.equal(countdown.isNear, false)
  assert.equal(countdown.takeMark(), null)
})

test('two minutes before the end it is near, and not over', () => {
  const { countdown, pass } = aCountdown()

  pass(480)

  assert.equal(countdown.isNear, true)
  assert.equal(countdown.isOver, false)
  assert.equal(countdown.clock, '2:00')
})

test('it speaks at 60, 30 and 10 seconds, each once', () => {
  const { countdown, pass } = aCountdown(61)
  const said = []

  for (let second = 0; second < 61; second++) {
    pass(1)
    const mark = countdown.takeMark()
    if (mark) said.push(mark)
  }

  assert.deepEqual(said, [60, 30, 10])
})

test('after a sleep it says only the last mark it passed', () => {
  const { countdown, pass } = aCountdown(600)

  pass(592)

  assert.equal(countdown.takeMark(), 10)
  assert.equal(countdown.takeMark(), null)
})

test('a sleep beyond the end is the end', () => {
  const { countdown, pass } = aCountdown(600)

  pass(4_000)

  assert.equal(countdown.isOver, true)
  assert.equal(countdown.clock, '0:00')
})

test('with more time, everything begins again', () => {
  const { countdown, pass } = aCountdown(60)
  countdown.takeMark()

  pass(55)
  countdown.restart(600)
  pass(545)

  assert.equal(countdown.left, 55)
  assert.equal(countdown.takeMark(), 60)
})

/** The dialog of a page, as far as the script sees it. */
function aDialog({ endsIn = 100 } = {}) {
  const part = () => Object.assign(new EventTarget(), { textContent: '', disabled: false })
  const parts = { clock: part(), said: part(), more: part() }
  const dialog = Object.assign(new EventTarget(), {
    dataset: { endsIn: String(endsIn), warnBefore: '120', extendUrl: '/extend', overUrl: '/over' },
    open: false,
    showModal() { this.open = true },
    close() { this.open = false },
    querySelector: (/** @type {string} */ selector) => parts[/** @type {keyof typeof parts} */ (selector.slice(12, -2))],
    getAttribute: (/** @type {string} */ name) => TEXTS[/** @type {keyof typeof TEXTS} */ (name.slice(10))]
  })
  return { dialog, ...parts }
}

/**
 * @param {import('node:test').TestContext} t
 * @param {() => Promise<Response>} answer
 */
function aBrowser(t, answer) {
  const before = Object.getOwnPropertyDescriptors(globalThis)
  /** @type {string[]} */
  const went = []
  Object.assign(globalThis, {
    document: Object.assign(new EventTarget(), { querySelector: () => null }),
    location: { assign: (/** @type {string} */ url) => went.push(url) },
    addEventListener() {},
    removeEventListener() {},
    fetch: answer
  })
  t.after(() => {
    for (const name of ['document', 'location', 'addEventListener', 'removeEventListener', 'fetch']) {
      const was = before[name]
      if (was) Object.defineProperty(globalThis, name, was)
      else Reflect.deleteProperty(globalThis, name)
    }
  })
  t.mock.timers.enable({ apis: ['setInterval', 'Date'] })
  return went
}

const soon = () => new Promise((resolve) => setImmediate(resolve))

test('the dialog opens two minutes before the end, not earlier', (t) => {
  aBrowser(t, async () => new Response())
  const { dialog, clock } = aDialog({ endsIn: 600 })
  const undo = mount(/** @type {any} */ (dialog))

  t.mock.timers.tick(479_000)
  assert.equal(dialog.open, false)
  t.mock.timers.tick(1_000)

  assert.equal(dialog.open, true)
  assert.equal(clock.textContent, '2:00')
  undo()
})

test('one touch gives the time that the server says', async (t) => {
  aBrowser(t, async () => new Response(null, { status: 204, headers: { 'X-Session-Seconds': '600' } }))
  const { dialog, more, said } = aDialog({ endsIn: 60 })
  const undo = mount(/** @type {any} */ (dialog))
  assert.equal(said.textContent, TEXTS[60])

  more.dispatchEvent(new Event('click'))
  await soon()

  assert.equal(dialog.open, false)
  t.mock.timers.tick(479_000)
  assert.equal(dialog.open, false)
  undo()
})

test('Escape asks for more time too, and does not close by itself', async (t) => {
  aBrowser(t, async () => new Response(null, { status: 204, headers: { 'X-Session-Seconds': '600' } }))
  const { dialog } = aDialog({ endsIn: 60 })
  const undo = mount(/** @type {any} */ (dialog))
  const escape = new Event('cancel', { cancelable: true })

  dialog.dispatchEvent(escape)
  assert.equal(escape.defaultPrevented, true)
  await soon()

  assert.equal(dialog.open, false)
  undo()
})

test('at the end it goes to the page that explains it', (t) => {
  const went = aBrowser(t, async () => new Response())
  const { dialog } = aDialog({ endsIn: 20 })
  mount(/** @type {any} */ (dialog))

  for (let second = 0; second < 20; second++) t.mock.timers.tick(1_000)

  assert.deepEqual(went, ['/over'])
})

test('when nothing is kept any more, asking leads to the same page', async (t) => {
  const went = aBrowser(t, async () => new Response(null, { status: 409 }))
  const { dialog, more } = aDialog({ endsIn: 60 })
  mount(/** @type {any} */ (dialog))

  more.dispatchEvent(new Event('click'))
  await soon()

  assert.deepEqual(went, ['/over'])
})

test('taken from the page, it does nothing more', (t) => {
  const went = aBrowser(t, async () => new Response())
  const { dialog } = aDialog({ endsIn: 20 })

  mount(/** @type {any} */ (dialog))()
  t.mock.timers.tick(60_000)

  assert.deepEqual(went, [])
})
