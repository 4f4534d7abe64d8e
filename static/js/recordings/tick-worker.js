/** A clock that goes on while the page is out of sight: there the page's own would stutter. */
export {}

/** @type {ReturnType<typeof setInterval> | undefined} */
let timer
onmessage = ({ data }) => {
  clearInterval(timer)
  if (data) timer = setInterval(() => postMessage(0), data)
}
