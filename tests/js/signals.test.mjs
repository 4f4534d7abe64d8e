import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Signals } from '../../static/js/calls/signals.js'
import { settle } from './street.mjs'

/** A postman who keeps every batch until told that it has arrived. */
function slowPostman() {
  const batches = []
  const arrivals = []
  const signals = new Signals((batch) => {
    batches.push(structuredClone(batch))
    return new Promise((resolve) => arrivals.push(resolve))
  })
  return { signals, batches, arrive: async () => (arrivals.shift()(), settle()) }
}

test('the first leaves at once, what gathers meanwhile leaves together', async () => {
  const { signals, batches, arrive } = slowPostman()
  signals.add('p2', 1, { description: { type: 'offer', sdp: 'x' } })
  await settle()
  signals.add('p2', 1, { candidates: [{ candidate: 'a' }] })
  signals.add('p2', 1, { candidates: [{ candidate: 'b' }] })
  signals.add('p3', 4, { candidates: [{ candidate: 'c' }] })
  assert.equal(batches.length, 1)
  await arrive()
  assert.deepEqual(batches[1], [
    { to: 'p2', to_incarnation: 1, seq: 2, candidates: [{ candidate: 'a' }, { candidate: 'b' }] },
    { to: 'p3', to_incarnation: 4, seq: 3, candidates: [{ candidate: 'c' }] }
  ])
})

test('what is said in one breath leaves in one batch', async () => {
  const { signals, batches } = slowPostman()
  signals.add('p2', 1, { description: { type: 'offer', sdp: 'x' } })
  signals.add('p3', 1, { description: { type: 'offer', sdp: 'y' } })
  await settle()
  assert.deepEqual(batches.map((batch) => batch.map(({ seq }) => seq)), [[1, 2]])
})

test('a candidate for a new window is not mixed with those for the old one', async () => {
  const { signals, batches, arrive } = slowPostman()
  signals.add('p2', 1, { description: { type: 'offer', sdp: 'x' } })
  await settle()
  signals.add('p2', 1, { candidates: [{ candidate: 'a' }] })
  signals.add('p2', 2, { candidates: [{ candidate: 'b' }] })
  await arrive()
  assert.deepEqual(batches[1].map((signal) => signal.to_incarnation), [1, 2])
})

test('a batch stays far below what the server takes', async () => {
  const { signals, batches, arrive } = slowPostman()
  for (let person = 0; person < 4; person++) signals.add(`p${person}`, 1, { description: { type: 'offer', sdp: 'x'.repeat(20_000) } })
  await settle()
  await arrive()
  assert.deepEqual(batches.map((batch) => batch.map(({ seq }) => seq)), [[1, 2], [3, 4]])
})
