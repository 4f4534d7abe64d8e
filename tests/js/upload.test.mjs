import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle, stopTheClock } from './street.mjs'

/**
 * A town hall that takes pieces, and a line that does what the test wants of it.
 * @param {{ broken?: (asked: string, count: number) => boolean, end?: object }} world
 */
function townHall(t, { broken = () => false, end = { state: 'ready', words: '' } } = {}) {
  const house = { kept: /** @type {Uint8Array[]} */ ([]), asked: /** @type {string[]} */ ([]), offset: 0, begun: /** @type {any} */ (null), size: 0 }
  const before = globalThis.fetch
  t.after(() => (globalThis.fetch = before))
  globalThis.fetch = async (url, { body } = {}) => {
    house.asked.push(String(url))
    if (broken(String(url), house.asked.length)) throw new TypeError('network')
    const answer = (told, status = 200) => new Response(JSON.stringify(told), { status, headers: { 'Content-Type': 'application/json' } })
    const state = (more = {}) => ({ paper: 'p', state: 'receiving', offset: house.offset, name: 'a.pdf', words: '', ...more })
    if (url.endsWith('/uploads')) {
      house.begun = JSON.parse(body)
      return answer(state())
    }
    if (url.includes('/pieces')) {
      const offset = Number(new URL(url, 'http://x').searchParams.get('offset'))
      if (offset !== house.offset) return answer({ error: '', offset: house.offset, state: 'receiving' }, 409)
      const piece = new Uint8Array(await body.arrayBuffer())
      house.kept.push(piece)
      house.offset += piece.length
      return answer(state())
    }
    if (url.endsWith('/finish')) return answer(state(end))
    return answer({})
  }
  return house
}

const { Upload } = await import('../../static/js/papers/upload.js')
const content = Uint8Array.from({ length: 300_000 }, (_, index) => index % 251)
const aFile = () => new File([content], 'a.pdf')
const together = (house) => Buffer.concat(house.kept)

test('a file arrives whole, in order, with its digest', async (t) => {
  const house = townHall(t)
  const upload = new Upload('/papers', aFile())
  await upload.send()
  assert.equal(upload.step, 'ready')
  assert.deepEqual(new Uint8Array(together(house)), content)
  assert.match(house.begun.digest, /^[0-9a-f]{64}$/)
  assert.ok(house.kept.length > 1)
})

test('a line that breaks is waited for, and nothing is sent twice that has arrived', async (t) => {
  const pass = stopTheClock(t)
  const house = townHall(t, { broken: (url, count) => url.includes('/pieces') && count % 3 === 0 })
  const upload = new Upload('/papers', aFile())
  const steps = new Set()
  upload.addEventListener('change', () => steps.add(upload.step))
  const sending = upload.send()
  for (let wait = 0; wait < 60 && !upload.isOver; wait++) {
    await pass(2_000)
    await settle()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await sending
  assert.equal(upload.step, 'ready')
  assert.ok(steps.has('waiting'))
  assert.deepEqual(new Uint8Array(together(house)), content)
})

test('the same file chosen again goes on where the server says', async (t) => {
  const house = townHall(t)
  house.offset = 200_000
  await new Upload('/papers', aFile()).send()
  assert.deepEqual(new Uint8Array(together(house)), content.slice(200_000))
})

test('what is refused says why', async (t) => {
  townHall(t, { end: { state: 'refused', words: 'It has a password.' } })
  const upload = new Upload('/papers', aFile())
  await upload.send()
  assert.deepEqual([upload.step, upload.words], ['refused', 'It has a password.'])
})

test('what is no paper by its name is refused at once, and need not be tried again', async (t) => {
  const before = globalThis.fetch
  t.after(() => (globalThis.fetch = before))
  globalThis.fetch = async () => new Response(JSON.stringify({ error: 'Send a PDF.' }), { status: 415 })
  const upload = new Upload('/papers', new File([content], 'a.exe'))
  await upload.send()
  assert.deepEqual([upload.step, upload.words, upload.paper], ['refused', 'Send a PDF.', undefined])
})

test('given up, it stops at once and the server is told', async (t) => {
  const house = townHall(t)
  const upload = new Upload('/papers', aFile())
  upload.addEventListener('change', () => upload.sent > 100_000 && upload.cancel())
  await upload.send()
  await new Promise((resolve) => setTimeout(resolve, 5))
  assert.equal(upload.step, 'cancelled')
  assert.ok(house.offset < content.length)
  assert.ok(house.asked.some((url) => url.endsWith('/p/cancel')))
})
