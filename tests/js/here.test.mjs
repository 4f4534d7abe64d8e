import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Call } from '../../static/js/calls/call.js'
import { CallHere, openHere, withTheCall } from '../../static/js/calls/here.js'
import { Conversation } from '../../static/js/calls/text.js'
import { someLocal, Stream, Track } from './street.mjs'

/** A room with Maria, who is us, and Anna, whose way is open or not. */
function aCall({ isOpen = true } = {}) {
  const room = Object.assign(new EventTarget(), {
    own: { id: 'p-maria', role: 'citizen', name: 'Maria', camera: true, microphone: true },
    people: new Map([['p-anna', { id: 'p-anna', role: 'clerk', name: '', camera: false, microphone: true, screen: true }]]),
    sent: [],
    line: () => ({ stream: 'voice', screen: 'screen' }),
    tell: (id, text) => isOpen && !!room.sent.push([id, text])
  })
  const devices = Object.assign(new EventTarget(), { local: someLocal() })
  const written = { conversation: new Conversation(), nameOf: (who) => `the ${who}` }
  const here = new CallHere({ role: 'citizen', call: new Call(), room, devices, text: (name) => name })
  here.follow(written)
  const heard = []
  for (const name of ['people', 'state', 'line', 'writing', 'told', 'way']) here.addEventListener(name, (event) => heard.push(event))
  return { here, room, devices, written, heard, names: () => heard.map(({ type }) => type) }
}

test('everybody is there with their streams, ourselves first', () => {
  const { here, devices } = aCall()
  devices.local.screen = new Track('video')

  const [own, anna] = here.people

  assert.deepEqual([own.id, own.isOwn, own.stream], ['p-maria', true, devices.local.stream])
  assert.ok(own.screen instanceof Stream)
  assert.equal(here.people[0].screen, own.screen) // the same one, until another is shared
  assert.deepEqual(anna, { id: 'p-anna', role: 'clerk', name: 'role-clerk', isOwn: false, camera: false, microphone: true, stream: 'voice', screen: 'screen' })
})

test('what a piece tells reaches the same piece of the others, as it was', () => {
  const { here, room, heard } = aCall()

  assert.deepEqual(here.tell('papers', { page: 3 }), ['p-anna'])
  room.dispatchEvent(Object.assign(new Event('told'), { id: 'p-anna', text: room.sent[0][1] }))

  assert.deepEqual([heard[0].topic, heard[0].from, heard[0].data], ['papers', 'p-anna', { page: 3 }])
  assert.deepEqual(here.tell('papers', 1, 'p-somebody-else'), [])
})

test('who cannot be reached is not in the answer', () => {
  assert.deepEqual(aCall({ isOpen: false }).here.tell('papers', 1), [])
})

for (const text of ['', '{', '3', 'null', '{"topic":"Papers <b>"}', '{"data":1}', JSON.stringify({ topic: 'papers', data: 'x'.repeat(20_000) })]) {
  test(`nothing is made of ${text.slice(0, 20) || 'nothing'} from another browser`, () => {
    const { room, heard } = aCall()
    room.dispatchEvent(Object.assign(new Event('told'), { id: 'p-anna', text }))
    assert.deepEqual(heard, [])
  })
}

test('what is too long or has no name is refused at home', () => {
  const { here } = aCall()
  assert.throws(() => here.tell('papers', 'x'.repeat(20_000)), RangeError)
  assert.throws(() => here.tell('No Name', 1), RangeError)
})

test('lines that are written are told with who wrote them', () => {
  const { written, heard } = aCall()
  written.conversation.hear('clerk', 'Bo día\u2028')
  written.conversation.hear('citizen', 'Ola')
  const told = heard.map(({ type, name, text, isOwn }) => [type, name, text, isOwn])
  assert.deepEqual(told, [['line', 'the clerk', 'Bo día', false], ['writing', 'the citizen', 'Ola', true]])
})

test('a piece that comes before the call or after it gets the same one', () => {
  const { here } = aCall()
  const got = []
  const stop = withTheCall((call) => got.push(call))
  const close = openHere(here)
  withTheCall((call) => got.push(call))()
  stop()
  close()
  openHere(here)()
  assert.deepEqual(got, [here, here])
})
