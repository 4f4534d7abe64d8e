import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Conversation, difference, ERASE, isSettled, LONGEST_PASTE, MISSING, NEW_LINE, Pen, withinReason } from '../../static/js/calls/text.js'
import './street.mjs'
import { settle } from './street.mjs'

test('what is sent turns the one text into the other', () => {
  assert.equal(difference('', 'Bon'), 'Bon')
  assert.equal(difference('Bon dia', 'Bona'), `${ERASE.repeat(4)}a`)
  assert.equal(difference('hola', 'ola'), `${ERASE.repeat(4)}ola`)
  assert.equal(difference('a👍', 'a'), ERASE)
  assert.equal(difference('same', 'same'), '')
})

test('whatever is written and taken back, the reader sees the same', () => {
  const reader = new Conversation()
  let before = ''
  for (const draft of ['B', 'Bon', 'Bo', 'Bon dia 👍', 'Bon dia', 'Bona nit', '', 'à']) {
    reader.hear('maria', difference(before, draft))
    before = draft
    assert.equal(reader.writing.get('maria') ?? '', draft)
  }
})

test('each line is finished once and keeps its writer', () => {
  const talk = new Conversation()
  const finished = []
  talk.addEventListener('line', ({ line }) => finished.push([line.who, line.text]))
  talk.hear('maria', 'Bon')
  talk.hear('anna', `Hola${NEW_LINE}Di`)
  talk.hear('maria', ` dia${NEW_LINE}${NEW_LINE}`)
  assert.deepEqual(finished, [['anna', 'Hola'], ['maria', 'Bon dia']])
  assert.deepEqual([...talk.writing], [['maria', ''], ['anna', 'Di']])
})

test('taking back more than there is does no harm, and controls are no letters', () => {
  const talk = new Conversation()
  talk.hear('maria', `a${ERASE}${ERASE}b\u0007\u001b`)
  assert.equal(talk.writing.get('maria'), 'b')
})

test('after a break the mark says that something is missing', () => {
  const talk = new Conversation()
  talk.hear('maria', 'Vull em')
  talk.breakOff('maria')
  talk.hear('maria', 'Vull empadronar')
  talk.breakOff('anna')
  talk.hear('anna', 'Sí')
  assert.deepEqual(talk.lines.map(({ text }) => text), [`Vull em${MISSING}`])
  assert.deepEqual([...talk.writing], [['maria', 'Vull empadronar'], ['anna', `${MISSING}Sí`]])
})

test('what was written can be kept, with who and when', () => {
  const talk = new Conversation()
  assert.equal(talk.isEmpty, true)
  talk.hear('citizen', `Bon dia${NEW_LINE}I`)
  const text = talk.transcript((who) => ({ citizen: 'Maria' })[who], () => '10:05')
  assert.equal(text, '[10:05] Maria: Bon dia\r\n[10:05] Maria: I\r\n')
  assert.equal(talk.isEmpty, false)
})

test('a composition of a telephone counts by the letter, kana and accents to come do not', () => {
  assert.deepEqual(['hola', 'Ñandú', '', '12', '´', 'にほ', '한'].map(isSettled), [true, true, true, true, false, false, false])
})

test('no more is pasted than a reader can follow', () => {
  const long = 'x'.repeat(2_000)
  assert.equal(withinReason('ab', `ab${long}`).length, 2 + LONGEST_PASTE)
  assert.equal(withinReason('', 'short'), 'short')
})

/** A pen whose readers are reached by these ways. */
function penTo(t, ways) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const sent = []
  const pen = new Pen((reader) => ways[reader] && { isDirect: ways[reader] === 'line', send: async (text) => sent.push([reader, text]) })
  t.after(() => pen.close())
  const pass = async (milliseconds) => {
    t.mock.timers.tick(milliseconds)
    await settle()
  }
  return { pen, sent, pass }
}

test('the first letter leaves at once, the next within a tenth of a second and together', async (t) => {
  const { pen, sent, pass } = penTo(t, { anna: 'line' })
  pen.readBy(['anna'])
  pen.write('B')
  assert.deepEqual(sent, [['anna', 'B']])
  pen.write('Bo')
  pen.write('Bon')
  assert.equal(sent.length, 1)
  await pass(100)
  assert.deepEqual(sent[1], ['anna', 'on'])
})

test('each reader gets all of it by whatever way is open', async (t) => {
  const ways = { anna: 'server', marta: 'line' }
  const { pen, sent, pass } = penTo(t, ways)
  pen.readBy(['anna', 'marta'])
  pen.write('Hola')
  await pass(100)
  pen.endLine()
  await pass(100)
  for (const reader of ['anna', 'marta']) assert.equal(sent.filter(([who]) => who === reader).map(([, text]) => text).join(''), `Hola${NEW_LINE}`)
})

test('what could not leave follows when a way opens', async (t) => {
  const ways = {}
  const { pen, sent, pass } = penTo(t, ways)
  pen.readBy(['anna'])
  pen.write('Hola')
  await pass(500)
  assert.deepEqual(sent, [])
  ways.anna = 'line'
  pen.flush()
  assert.deepEqual(sent, [['anna', 'Hola']])
})

test('after a break the line we are at is sent again, whole', async (t) => {
  const ways = { anna: 'line' }
  const { pen, sent, pass } = penTo(t, ways)
  pen.readBy(['anna'])
  pen.write('Hola')
  await pass(200)
  ways.anna = ''
  pen.breakOff('anna')
  pen.write('Hola!')
  ways.anna = 'server'
  await pass(200)
  pen.flush()
  assert.equal(sent.slice(1).map(([, text]) => text).join(''), 'Hola!')
})

test('somebody who comes later begins with the line we are at', async (t) => {
  const { pen, sent, pass } = penTo(t, { anna: 'line', marta: 'line' })
  pen.readBy(['anna'])
  pen.write('Bon d')
  await pass(200)
  pen.readBy(['anna', 'marta'])
  assert.deepEqual(sent.at(-1), ['marta', 'Bon d'])
})
