import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStream } from '../../static/js/core/stream.js'
import { happensToTheWindow, Source, stopTheClock } from './street.mjs'

function listening(t) {
  const pass = stopTheClock(t)
  const heard = []
  const first = Source.all.length
  const stream = openStream('/room/stream?participant=p1', { state: (data) => heard.push(data) }, { after: 12 })
  t.after(() => stream.close())
  return { pass, heard, stream, opened: () => Source.all.length - first }
}

test('a stream starts after the place it is given and hands on what it hears', (t) => {
  const { heard } = listening(t)
  assert.equal(Source.last.url.search, '?participant=p1&after=12')
  Source.last.tell('state', { status: 'called' }, 13)
  assert.deepEqual(heard, [{ status: 'called' }])
})

test('a broken stream opens again after the last news, from half a second on', async (t) => {
  const { pass, opened } = listening(t)
  Source.last.tell('state', {}, 15)
  Source.last.onerror()
  await pass(250)
  assert.equal(opened(), 1)
  await pass(250)
  assert.equal(opened(), 2)
  assert.equal(Source.last.url.searchParams.get('after'), '15')
})

test('a server that stays away is asked less and less often', async (t) => {
  const { pass, opened } = listening(t)
  for (const wait of [500, 1_000, 2_000, 4_000, 8_000, 8_000]) {
    const before = opened()
    Source.last.onerror()
    await pass(wait - 250)
    assert.equal(opened(), before)
    await pass(250)
    assert.equal(opened(), before + 1)
  }
})

test('after it has opened, it starts again from half a second', async (t) => {
  const { pass, opened } = listening(t)
  Source.last.onerror()
  await pass(500)
  Source.last.onerror()
  await pass(1_000)
  Source.last.onopen()
  Source.last.onerror()
  await pass(500)
  assert.equal(opened(), 4)
})

test('thirty-five seconds without a word mean that it is dead; a ping is a word', async (t) => {
  const { pass, opened } = listening(t)
  Source.last.onopen()
  await pass(30_000)
  Source.last.tell('ping', {})
  await pass(34_500)
  assert.equal(opened(), 1)
  await pass(500)
  assert.equal(opened(), 2)
})

test('when the network is back it asks at once', (t) => {
  const { opened } = listening(t)
  Source.last.onerror()
  happensToTheWindow('online')
  assert.equal(opened(), 2)
})

test('a closed stream stays closed', async (t) => {
  const { pass, opened, stream } = listening(t)
  Source.last.onerror()
  stream.close()
  happensToTheWindow('online')
  await pass(60_000)
  assert.equal(opened(), 1)
})

test('a stream that does not open is asked for anew, with more and more patience', async (t) => {
  const { pass, opened } = listening(t)
  await pass(4_000)
  assert.equal(opened(), 2)
  await pass(7_500)
  assert.equal(opened(), 2)
  await pass(500)
  assert.equal(opened(), 3)
})
