import assert from 'node:assert/strict'
import { test } from 'node:test'
import './street.mjs'
import { Refused } from '../../static/js/core/post.js'
import { Outbox } from '../../static/js/recordings/outbox.js'

const bytes = (words) => new TextEncoder().encode(words).buffer

/** A device with a shelf, and a house that answers as it is told. */
function place(answer = () => {}) {
  const shelf = new Map()
  const arrived = []
  const keep = { put: async (piece) => shelf.set(piece.number, piece), remove: async (number) => shelf.delete(number) }
  const send = async (piece) => {
    await answer(piece)
    arrived.push(piece)
  }
  return { outbox: new Outbox('0'.repeat(64), keep, send), shelf, arrived }
}

/** Digests are made elsewhere: wait for them too. @param {() => boolean} isSo */
const until = async (isSo) => {
  for (let turn = 0; turn < 400 && !isSo(); turn++) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** Nothing is sent any more, so that the test can end. */
const hush = ({ outbox }) => {
  outbox.isRefused = true
  outbox.hurry()
}

test('pieces arrive in order, each chained to the one before', async () => {
  const { outbox, arrived, shelf } = place()

  outbox.add('media', bytes('one'), 0, 2000.4)
  outbox.add('text', bytes('[]'), 1500, 0)
  outbox.add('media', bytes('three'), 2000.4, 1999.6)
  await outbox.drained()

  assert.deepEqual(arrived.map(({ number, kind, starts, length }) => [number, kind, starts, length]), [
    [1, 'media', 0, 2000], [2, 'text', 1500, 0], [3, 'media', 2000, 2000]
  ])
  assert.equal(new Set(arrived.map(({ head }) => head)).size, 3)
  assert.equal(outbox.head, arrived[2].head)
  assert.equal(shelf.size, 0)
})

test('what the network loses is sent again, and nothing passes it', async (t) => {
  let isUp = false
  const house = place(() => {
    if (!isUp) throw new TypeError('no network')
  })
  const { outbox, arrived, shelf } = house
  t.after(() => hush(house))

  outbox.add('media', bytes('one'), 0, 2000)
  outbox.add('media', bytes('two'), 2000, 2000)
  await until(() => shelf.size === 2)
  assert.deepEqual(arrived, [])
  assert.deepEqual([...shelf.keys()], [1, 2])
  isUp = true
  outbox.hurry()
  await outbox.drained()

  assert.deepEqual(arrived.map(({ number }) => number), [1, 2])
  assert.equal(shelf.size, 0)
})

test('what the house refuses for good is not sent for ever', async () => {
  const { outbox, arrived } = place(() => {
    throw new Refused(409)
  })
  let told = 0
  outbox.addEventListener('refused', () => told++)

  outbox.add('media', bytes('one'), 0, 2000)
  await outbox.drained()
  outbox.add('media', bytes('two'), 2000, 2000)
  await outbox.drained()

  assert.deepEqual([told, arrived.length, outbox.count], [1, 0, 1])
})

test('nothing is no piece', async () => {
  const { outbox, arrived } = place()

  await outbox.add('media', new ArrayBuffer(0), 0, 2000)
  await outbox.drained()

  assert.deepEqual([arrived.length, outbox.count], [0, 0])
})

test('a page that is loaded again sends what the last one had chained', async (t) => {
  const first = place(() => {
    throw new TypeError('no network')
  })
  t.after(() => hush(first))
  first.outbox.add('media', bytes('one'), 0, 2000)
  first.outbox.add('media', bytes('two'), 2000, 2000)
  await until(() => first.shelf.size === 2)

  const second = place()
  second.outbox.again([...first.shelf.values()])
  await second.outbox.drained()

  assert.deepEqual(second.arrived.map(({ number }) => number), [1, 2])
  assert.deepEqual([second.outbox.count, second.outbox.head], [2, first.outbox.head])
})

test('a device without room sends all the same', async () => {
  const arrived = []
  const full = { put: async () => Promise.reject(new Error('full')), remove: async () => Promise.reject(new Error('full')) }
  const outbox = new Outbox('', full, async (piece) => arrived.push(piece.number))

  outbox.add('media', bytes('one'), 0, 2000)
  await outbox.drained()

  assert.deepEqual(arrived, [1])
})
