// Notices that the computer has slept or the page was frozen: connections from before are dead, and nobody tells.

const BEAT = 5000;
// Pages in the background are woken once a minute.
const ASLEEP = 90_000;

export function onWaking(act) {
  let last = Date.now();
  setInterval(() => {
    const now = Date.now();
    if (now - last > ASLEEP) act();
    last = now;
  }, BEAT);
  document.addEventListener("resume", act);
}
