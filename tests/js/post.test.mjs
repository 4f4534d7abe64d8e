import assert from 'node:assert/strict'
import { test } from 'node:test'
import { post, Refused } from '../../static/js/core/post.js'
import { happensToTheWindow, postOffice, settle, stopTheClock } from './street.mjs'

test('a form goes as a form and anything else as JSON, both with the token', async (t) => {
  const posted = postOffice(t, () => ({}))
  await post('/one', new URLSearchParams({ event: 'join' }))
  await post('/two', { signals: [] })
  assert.deepEqual(posted.map(({ body }) => body), [{ event: 'join' }, { signals: [] }])
  assert.deepEqual(posted.map(({ headers }) => [headers['X-CSRFToken'], headers['Content-Type']]), [['the-token', undefined], ['the-token', 'application/json']])
})

test('what the network or a server in trouble loses is sent again', async (t) => {
  const pass = stopTheClock(t)
  const posted = postOffice(t, (letter, count) => {
    if (count === 1) throw new TypeError('network')
    return { status: count === 2 ? 503 : 200 }
  })
  const sending = post('/one')
  await pass(2_000)
  assert.equal((await sending).status, 200)
  assert.equal(posted.length, 3)
})

test('after the last try it says what went wrong', async (t) => {
  const pass = stopTheClock(t)
  postOffice(t, () => ({ status: 500 }))
  const sending = assert.rejects(post('/one', {}, { tries: 3 }), (error) => error instanceof Refused && error.status === 500)
  await pass(5_000)
  await sending
})

test('a refusal is final', async (t) => {
  const posted = postOffice(t, () => ({ status: 409 }))
  await assert.rejects(post('/one'), { status: 409 })
  assert.equal(posted.length, 1)
})

test('who is asked to slow down waits as long as asked', async (t) => {
  const pass = stopTheClock(t)
  const posted = postOffice(t, (letter, count) => (count === 1 ? { status: 429, after: '3' } : {}))
  const sending = post('/one')
  await settle()
  await pass(2_750)
  assert.equal(posted.length, 1)
  await pass(250)
  assert.equal((await sending).status, 200)
})

test('when the network is back nobody waits', async (t) => {
  stopTheClock(t)
  const posted = postOffice(t, (letter, count) => {
    if (count === 1) throw new TypeError('network')
  })
  const sending = post('/one')
  await settle()
  happensToTheWindow('online')
  await sending
  assert.equal(posted.length, 2)
})

test('who no longer wants the answer is let go', async (t) => {
  stopTheClock(t)
  const posted = postOffice(t, () => ({ status: 500 }))
  const leaving = new AbortController()
  const sending = assert.rejects(post('/one', {}, { tries: Infinity, signal: leaving.signal }), { name: 'AbortError' })
  await settle()
  leaving.abort()
  await sending
  assert.equal(posted.length, 1)
})

test('a try that hears nothing is given up, and the next has more patience', async (t) => {
  const pass = stopTheClock(t)
  const begun = []
  let now = 0
  t.mock.method(globalThis, 'fetch', (_, { signal }) => {
    begun.push(now)
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))))
  })
  const outcome = post('/x', {}, { tries: 3, timeout: 1_000 }).catch((error) => error.message)
  for (; now < 8_000; now += 250) await pass(250)
  assert.equal(await outcome, 'aborted')
  const waits = begun.slice(1).map((at, place) => at - begun[place])
  assert.ok(waits[1] > waits[0] + 400, String(waits))
})
