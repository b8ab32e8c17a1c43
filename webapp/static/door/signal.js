/* Sound and vibration: yes, look and no are told apart without looking. */

const SOUNDS = { yes: [[880, 0, 0.15]], look: [[520, 0, 0.14], [520, 0.2, 0.14]], no: [[180, 0, 0.5]] }; // Hz, start, length in s
const SHAKES = { yes: [80], look: [80, 80, 80], no: [400] };
const MUTED = "door-muted";

let audio = null;
let muted = false;
try {
  muted = localStorage.getItem(MUTED) === "1";
} catch {
  // a browser that keeps nothing: it sounds
}

export function isMuted() { return muted; }

export function mute(wanted) {
  muted = wanted;
  try {
    localStorage.setItem(MUTED, wanted ? "1" : "0");
  } catch {
    // for this page only, then
  }
}

/* Browsers let a page sound only after somebody has touched it. Making it ready takes a moment, which no scan shall wait for. */
export function allowSound() {
  setTimeout(() => {
    audio ??= new AudioContext();
    audio.resume().catch(() => {});
  });
}

export function signal(kind) {
  if (!SOUNDS[kind]) return;
  navigator.vibrate?.(SHAKES[kind]);
  if (muted || !audio || audio.state !== "running") return;
  for (const [pitch, start, length] of SOUNDS[kind]) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = pitch;
    tone.type = kind === "no" ? "square" : "sine";
    volume.gain.value = 0.25;
    tone.connect(volume).connect(audio.destination);
    tone.start(audio.currentTime + start);
    tone.stop(audio.currentTime + start + length);
  }
}
