/**
 * The screen of the hall. Written for televisions of ten years ago: no modules, no promises, no arrows.
 * It listens to the stream where there is one and asks every few seconds in any case; a new number chimes
 * and, where the television can speak the language, is spoken.
 */
(function () {
  'use strict'
  var hall = /** @type {HTMLElement} */ (document.getElementById('hall'))
  var said = /** @type {HTMLElement} */ (document.getElementById('said'))
  var sound = /** @type {HTMLElement} */ (document.getElementById('sound'))
  var part = hall.getAttribute('data-part') || ''
  var stream = hall.getAttribute('data-stream') || ''
  var lang = hall.getAttribute('data-lang') || ''
  var EVERY = 10000
  var known = callsOnScreen()
  /** @type {AudioContext | null} */
  var audio = null
  var asking = false

  function callsOnScreen() {
    var rows = hall.querySelectorAll('[data-call]')
    /** @type {Record<string, string>} */
    var found = {}
    for (var i = 0; i < rows.length; i++) {
      var words = rows[i].querySelector('.called__said')
      found[rows[i].getAttribute('data-call') || ''] = words ? words.textContent || '' : ''
    }
    return found
  }

  function look() {
    if (asking) return
    asking = true
    var request = new XMLHttpRequest()
    request.open('GET', part)
    request.timeout = 8000
    request.onload = function () {
      asking = false
      if (request.status === 200) show(request.responseText)
    }
    request.onerror = request.ontimeout = function () {
      asking = false
    }
    request.send()
  }

  /** @param {string} html */
  function show(html) {
    hall.innerHTML = html
    var now = callsOnScreen()
    var news = []
    for (var call in now) if (!(call in known)) news.push(now[call])
    known = now
    if (news.length) announce(news.join(' '))
  }

  /** @param {string} words */
  function announce(words) {
    said.textContent = words
    chime()
    speak(words)
  }

  function chime() {
    if (!audio) return
    var begin = audio.currentTime
    var tones = [784, 587]
    for (var i = 0; i < tones.length; i++) {
      var tone = audio.createOscillator()
      var volume = audio.createGain()
      tone.frequency.value = tones[i]
      volume.gain.setValueAtTime(0.25, begin + i * 0.4)
      volume.gain.exponentialRampToValueAtTime(0.001, begin + i * 0.4 + 0.9)
      tone.connect(volume)
      volume.connect(audio.destination)
      tone.start(begin + i * 0.4)
      tone.stop(begin + i * 0.4 + 1)
    }
  }

  /** Only with a voice of that language: a number read in another one is worse than a chime. @param {string} words */
  function speak(words) {
    if (!audio || !window.speechSynthesis) return
    var voices = window.speechSynthesis.getVoices()
    for (var i = 0; i < voices.length; i++) {
      if (voices[i].lang.slice(0, 2).toLowerCase() !== lang.slice(0, 2)) continue
      var utterance = new SpeechSynthesisUtterance(words)
      utterance.voice = voices[i]
      utterance.lang = voices[i].lang
      utterance.rate = 0.9
      window.speechSynthesis.speak(utterance)
      return
    }
  }

  /** Browsers let a page sound only after somebody has touched it. */
  function turnOn() {
    var Audio = window.AudioContext || /** @type {any} */ (window).webkitAudioContext
    if (!Audio) return
    audio = new Audio()
    sound.hidden = true
    chime()
  }

  if (window.AudioContext || /** @type {any} */ (window).webkitAudioContext) {
    sound.hidden = false
    sound.onclick = turnOn
  }
  if (window.EventSource) new EventSource(stream).addEventListener('hall', look)
  setInterval(look, EVERY)
})()
