import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Look } from '../../static/js/papers/look.js'
import { pdfOf } from '../../static/js/papers/pdf.js'
import { cleaned, cornersIn, isFit, projection, sizeOf, straightened, turned, WHOLE } from '../../static/js/papers/straighten.js'

/** A picture of one lightness for each dot. */
function picture(width, height, light) {
  const data = new Uint8ClampedArray(width * height * 4).fill(255)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.fill(light(x, y), (y * width + x) * 4, (y * width + x) * 4 + 3)
  }
  return { data, width, height }
}
const near = (one, other, by = 0.02) => assert.ok(Math.abs(one - other) <= by, `${one} is not near ${other}`)
const at = ({ data, width }, x, y) => data[(y * width + x) * 4]

test('the corners of a light paper on a dark table are found', () => {
  const found = cornersIn(picture(200, 100, (x, y) => (x > 40 && x < 160 && y > 20 && y < 90 ? 230 : 40)))
  const [topLeft, , bottomRight] = found
  near(topLeft.x, 41 / 199)
  near(topLeft.y, 21 / 99)
  near(bottomRight.x, 159 / 199)
  near(bottomRight.y, 89 / 99)
})

test('what is no paper has no corners', () => {
  assert.equal(cornersIn(picture(100, 100, () => 90)), null)
  assert.equal(cornersIn(picture(100, 100, (x, y) => (x < 10 && y < 10 ? 255 : 0))), null)
})

test('corners that cross each other make no page', () => {
  assert.equal(isFit(WHOLE), true)
  assert.equal(isFit([WHOLE[0], WHOLE[2], WHOLE[1], WHOLE[3]]), false)
  assert.equal(isFit([WHOLE[0], WHOLE[0], WHOLE[0], WHOLE[0]]), false)
})

test('each corner of the page comes from its corner in the picture', () => {
  const to = [{ x: 12, y: 8 }, { x: 90, y: 20 }, { x: 80, y: 95 }, { x: 5, y: 70 }]
  const way = projection(50, 70, to)
  for (const [index, [x, y]] of [[0, 0], [50, 0], [50, 70], [0, 70]].entries()) {
    const depth = way[6] * x + way[7] * y + 1
    near((way[0] * x + way[1] * y + way[2]) / depth, to[index].x, 1e-6)
    near((way[3] * x + way[4] * y + way[5]) / depth, to[index].y, 1e-6)
  }
})

test('a page that lies aslant is upright afterwards', () => {
  const slanted = picture(100, 100, (x, y) => (x > 20 + y / 5 && x < 70 + y / 5 ? 255 : 0))
  const corners = [{ x: 0.22, y: 0.02 }, { x: 0.69, y: 0.02 }, { x: 0.88, y: 0.98 }, { x: 0.41, y: 0.98 }]
  const page = straightened(slanted, corners)
  for (const y of [1, Math.floor(page.height / 2), page.height - 2]) assert.ok(at(page, Math.floor(page.width / 2), y) > 250)
  assert.ok(at(page, 1, Math.floor(page.height / 2)) > 200)
})

test('a page is never larger than it needs to be', () => {
  assert.deepEqual(sizeOf({ width: 4_000, height: 3_000 }, WHOLE), { width: 2_000, height: 1_500 })
  assert.deepEqual(sizeOf({ width: 300, height: 400 }, WHOLE), { width: 300, height: 400 })
})

test('a shadow becomes white and ink stays black', () => {
  const shaded = picture(240, 120, (x, y) => {
    const light = 230 - x / 2 // from light to half of it
    return y % 24 === 12 && x % 12 < 4 ? light * 0.25 : light
  })
  const page = cleaned(shaded)
  for (const x of [6, 120, 234]) assert.ok(at(page, x, 3) > 240)
  for (const x of [1, 121, 229]) assert.ok(at(page, x, 12) < 30)
})

test('a quarter turn goes the way of the clock, and four of them do nothing', () => {
  const arrow = picture(3, 2, (x, y) => (x === 0 && y === 0 ? 9 : 200))
  const once = turned(arrow)
  assert.deepEqual([once.width, once.height], [2, 3])
  assert.equal(at(once, 1, 0), 9)
  assert.deepEqual(turned(turned(turned(once))).data, arrow.data)
})

test('pages become one PDF, each object where its table says', async () => {
  const pages = [1, 2, 3].map((number) => ({ jpeg: new Uint8Array([255, 216, 255, number]), width: 600, height: 800 }))
  const text = Buffer.from(await pdfOf(pages).arrayBuffer()).toString('latin1')
  const table = Number(/startxref\n(\d+)/.exec(text)[1])
  const places = [...text.slice(table).matchAll(/(\d{10}) 00000 n/g)].map(([, place]) => Number(place))
  assert.equal(places.length, 11)
  places.forEach((place, index) => assert.ok(text.slice(place).startsWith(`${index + 1} 0 obj`)))
  assert.match(text, /\/Count 3/)
})

const STATE = { paper: 'p', by: 'clerk', page: 1, zoom: 100, left: 0.5, top: 0, marks: [], said: '', version: 1 }
const both = () => [new Look('clerk', 3, STATE), new Look('citizen', 3, STATE)]

test('the other one follows the one who shows', () => {
  const [clerk, citizen] = both()
  let shown = 0
  clerk.addEventListener('shown', () => shown++)
  clerk.turn(1)
  citizen.hear({ ...STATE, ...clerk.view, version: 2 })
  assert.deepEqual([shown, clerk.who, citizen.who, citizen.view.page], [1, 'mine', 'theirs', 2])
})

test('whoever only follows may look alone, and follow again', () => {
  const [, citizen] = both()
  citizen.turn(2)
  citizen.hear({ ...STATE, page: 2, version: 2 })
  assert.deepEqual([citizen.who, citizen.view.page], ['alone', 3])
  citizen.follow()
  assert.deepEqual([citizen.who, citizen.view.page], ['theirs', 2])
})

test('what comes late or from beyond the paper changes nothing', () => {
  const [clerk, citizen] = both()
  citizen.hear({ ...STATE, page: 3, version: 5 })
  citizen.hear({ ...STATE, page: 1, version: 4 })
  assert.equal(citizen.view.page, 3)
  citizen.glimpse({ page: 99, zoom: NaN, left: -1, top: 'x' })
  assert.deepEqual(citizen.view, { page: 3, zoom: 100, left: 0, top: 0 })
  clerk.turn(-5)
  clerk.near(-9)
  assert.deepEqual([clerk.view.page, clerk.view.zoom], [1, 100])
})

test('our own state that comes back does not move us', () => {
  const [clerk] = both()
  clerk.go({ page: 2 })
  clerk.go({ page: 3 })
  clerk.hear({ ...STATE, page: 2, version: 2 })
  assert.equal(clerk.view.page, 3)
})

test('a mark outlives the news of what was before it', () => {
  const [clerk, citizen] = both()
  clerk.turn(1)
  clerk.mark({ x: 0.5, y: 0.5 }, { x: 0.5, y: 0.5 })
  clerk.hear({ ...STATE, page: 2, version: 2 })
  assert.equal(clerk.marksHere.length, 1)
  citizen.hear({ ...STATE, ...clerk.view, marks: clerk.state.marks, version: 3 })
  assert.equal(citizen.marksHere.length, 1)
})

test('marks go with whoever shows: who takes over has what the server has, and another paper has none', () => {
  const [clerk, citizen] = both()
  clerk.mark({ x: 0.5, y: 0.5 }, { x: 0.5, y: 0.5 })
  clerk.hear({ ...STATE, by: 'citizen', version: 2 })
  assert.equal(clerk.marksHere.length, 0)
  citizen.hear({ ...STATE, by: 'citizen', marks: [{ page: 1, left: 0, top: 0, width: 0.3, height: 0.1 }], version: 2 })
  assert.equal(citizen.marksHere.length, 1)
  citizen.hear({ ...STATE, paper: 'q', by: 'citizen', version: 3 })
  assert.equal(citizen.marksHere.length, 0)
})

test('whoever begins to show goes on from what they look at', () => {
  const [, citizen] = both()
  citizen.turn(2)
  citizen.hear({ ...STATE, by: 'citizen', page: 1, version: 2 })
  assert.deepEqual([citizen.who, citizen.view.page], ['mine', 3])
})

test('a mark is a stretch of the page, and a press is a band around it', () => {
  const [clerk] = both()
  clerk.mark({ x: 0.6, y: 0.5 }, { x: 0.2, y: 0.4 })
  clerk.mark({ x: 0.99, y: 0.01 }, { x: 0.99, y: 0.01 })
  const [stretch, band] = clerk.marksHere
  assert.deepEqual([stretch.left, stretch.top].map((side) => side.toFixed(2)), ['0.20', '0.40'])
  assert.ok(band.left + band.width <= 1)
  assert.ok(band.top >= 0)
  clerk.unmark()
  clerk.turn(1)
  assert.equal(clerk.marksHere.length, 0)
  assert.equal(clerk.state.marks.length, 1)
})
