import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Call } from '../../static/js/calls/call.js'

const callIn = (...states) => {
  const call = new Call()
  for (const state of states) call.go(state)
  return call
}

test('a citizen waits, is called, enters, talks and hangs up', () => {
  const call = new Call()
  const seen = []
  call.addEventListener('change', () => seen.push(call.state))
  call.follow('waiting')
  call.follow('called')
  call.go('connecting')
  call.follow('in_service')
  call.feel(['talking'])
  call.go('over', 'left')
  assert.deepEqual(seen, ['waiting', 'ringing', 'connecting', 'talking', 'over'])
  assert.equal(call.reason, 'left')
})

test('a call that is over stays over', () => {
  const call = callIn('over')
  call.follow('called')
  call.feel(['talking'])
  assert.equal(call.state, 'over')
  assert.throws(() => call.go('talking'))
})

test('a state is told once', () => {
  const call = callIn('waiting')
  let changes = 0
  call.addEventListener('change', () => changes++)
  call.follow('waiting')
  assert.equal(changes, 0)
})

test('who is put back in the waiting room stops ringing', () => {
  const call = callIn('ringing')
  call.follow('waiting')
  assert.equal(call.state, 'waiting')
})

for (const status of ['served', 'cancelled', 'no_show', 'left', 'expired']) {
  test(`a visit that is ${status} ends the call, and says why`, () => {
    const call = callIn('connecting', 'talking')
    call.follow(status)
    assert.deepEqual([call.state, call.reason], ['over', status])
  })
}

test('with several people the best line tells', () => {
  const call = callIn('connecting')
  call.feel(['lost', 'talking', 'unsteady'])
  assert.equal(call.state, 'talking')
  call.feel(['lost', 'unsteady'])
  assert.equal(call.state, 'unsteady')
  call.feel(['lost'])
  assert.equal(call.state, 'lost')
})

test('when everybody else leaves, one waits for them inside', () => {
  const call = callIn('connecting', 'talking')
  call.feel([])
  assert.equal(call.state, 'connecting')
})

test('lines change nothing before entering', () => {
  const call = callIn('waiting')
  call.feel(['lost'])
  assert.equal(call.state, 'waiting')
})

test('that the line is back is said, and then it is a call as before', () => {
  const call = callIn('connecting', 'talking', 'unsteady')
  call.feel(['talking'])
  assert.equal(call.state, 'back')
  call.feel(['talking'])
  assert.equal(call.state, 'back')
  call.settle()
  assert.equal(call.state, 'talking')
  call.settle()
  assert.equal(call.state, 'talking')
})

test('a visit that goes on by telephone ends the call, and says why', () => {
  const call = callIn('connecting', 'talking')
  call.follow('in_service', { channel: 'phone' })
  assert.deepEqual([call.state, call.reason], ['over', 'phone'])
})

test('who is invited may come in at any time, and leaves with the visit', () => {
  const call = new Call()
  call.follow('waiting', { isInvited: true })
  assert.equal(call.state, 'ringing')
  call.go('connecting')
  call.follow('in_service', { isInvited: true })
  assert.equal(call.state, 'connecting')
  call.follow('served', { isInvited: true })
  assert.equal(call.state, 'over')
})
