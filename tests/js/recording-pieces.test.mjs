import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstOf, nextHead, sha256 } from '../../static/js/recordings/chain.js'
import { fit, layout, STRIP } from '../../static/js/recordings/layout.js'
import { voiceFor } from '../../static/js/recordings/reading-aloud.js'

const CANVAS = { width: 640, height: 360 }

test('the browser and the house count the same chain', async () => {
  const first = await firstOf('bbbbbbbbbbbb')
  const digest = await sha256('picture')
  const piece = { number: 1, kind: 'media', starts: 0, length: 2000, sha256: digest }

  assert.equal(first, 'ec4f7b5702639c409c821733eb5516a27804fcaf0227e6ae9cbbb4af768b69f4')
  assert.equal(digest, '2cea274d0bedc39ec4ab6ba9e59ec889e3ed6fb56a1cf088a64d9b383378dc97')
  assert.equal(await nextHead(first, piece), 'beb3231ea49ac4dcfdc2b0888e857a83f86b85540628a2c682553236b5b912e8')
})

for (const [people, screens] of [[1, 0], [2, 0], [3, 0], [5, 0], [2, 1], [5, 1], [5, 2], [0, 1], [0, 0]]) {
  test(`${people} people and ${screens} screens stand beside each other, above the clock`, () => {
    const places = layout(people, screens, CANVAS)
    const all = [...places.people, ...places.screens]

    assert.deepEqual([places.people.length, places.screens.length], [people, screens])
    for (const { x, y, width, height } of all) {
      assert.ok(x >= 0 && y >= 0 && width > 0 && height > 0)
      assert.ok(x + width <= CANVAS.width && y + height <= CANVAS.height - STRIP)
    }
    for (const one of all) {
      for (const other of all) {
        const isApart = one.x + one.width <= other.x || other.x + other.width <= one.x || one.y + one.height <= other.y || other.y + other.height <= one.y
        assert.ok(one === other || isApart)
      }
    }
  })
}

test('a shared screen has most of the room', () => {
  const { people, screens } = layout(2, 1, CANVAS)

  assert.ok(screens[0].width * screens[0].height > 4 * people[0].width * people[0].height)
})

test('a picture keeps its shape, whole and in the middle of its box', () => {
  const box = { x: 10, y: 20, width: 100, height: 100 }

  assert.deepEqual(fit({ width: 1280, height: 640 }, box), { x: 10, y: 45, width: 100, height: 50 })
  assert.deepEqual(fit({ width: 50, height: 100 }, box), { x: 35, y: 20, width: 50, height: 100 })
  assert.equal(fit({ width: 0, height: 0 }, box).width, 0)
})

test('only a voice of this device reads the text aloud, in its own language', () => {
  const far = { lang: 'ca-ES', localService: false }
  const near = { lang: 'ca_ES', localService: true }
  const spanish = { lang: 'es-ES', localService: true }

  assert.equal(voiceFor('ca', [far, spanish, near]), near)
  assert.equal(voiceFor('ca-valencia', [far, spanish, near]), near)
  assert.equal(voiceFor('ca', [far, spanish]), undefined)
  assert.equal(voiceFor('oc-aranes', [near, spanish]), undefined)
})
