/* Reads QR codes from the camera.

   const scanner = await startScanner(video, { onCode: (text) => …, repeatMs: 4000, vendor: "…/static/vendor/" });
   scanner.hasTorch(); scanner.pause(); scanner.resume(); scanner.forget(); await scanner.torch(true); scanner.stop();

   `video` is a <video muted playsinline>. `onCode` gets the text of each code once: the same text again only after it was out of sight
   for `repeatMs` milliseconds (the guest lingers before the lens) or after `forget()`. Codes that arrive while an earlier
   `onCode` promise is pending are dropped. `startScanner` throws CameraRefused; its `reason` is "denied", "missing", "busy",
   "insecure" (no https) or "failed", so that the page can say what to do. The camera rests while the page is hidden.

   The browser's own BarcodeDetector is used where it reads QR codes, else zxing-wasm from `vendor` (MIT), loaded only
   then. Its page needs the content security policy script-src 'self' 'wasm-unsafe-eval'. */

const REASONS = { NotAllowedError: "denied", SecurityError: "denied", NotFoundError: "missing", OverconstrainedError: "missing", NotReadableError: "busy", AbortError: "busy" };
const PAUSE = 80; // milliseconds between two looks: quick enough for a hand, kind to the battery

export class CameraRefused extends Error {
  constructor(reason, cause) {
    super(`camera: ${reason}`, { cause });
    this.name = "CameraRefused";
    this.reason = reason;
  }
}

/* A detector with `detect(video)`. */
async function detector(vendor) {
  const own = globalThis.BarcodeDetector;
  if (own && (await own.getSupportedFormats().catch(() => [])).includes("qr_code")) return new own({ formats: ["qr_code"] });
  if (!globalThis.BarcodeDetectionAPI) await load(new URL("barcode-detector-3.2.2.js", vendor));
  const { BarcodeDetector, prepareZXingModule } = globalThis.BarcodeDetectionAPI;
  await prepareZXingModule({ overrides: { locateFile: () => new URL("zxing_reader-3.1.3.wasm", vendor).href }, fireImmediately: true });
  return new BarcodeDetector({ formats: ["qr_code"] });
}

function load(address) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address.href;
    script.onload = resolve;
    script.onerror = () => { script.remove(); reject(new Error(`cannot load ${address.pathname}`)); };
    document.head.append(script);
  });
}

async function camera() {
  if (!navigator.mediaDevices?.getUserMedia) throw new CameraRefused("insecure");
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } } });
  } catch (error) {
    throw new CameraRefused(REASONS[error.name] ?? "failed", error);
  }
}

export async function startScanner(video, { onCode, repeatMs = 4000, vendor }) {
  const loading = detector(new URL(vendor, location.href));
  loading.catch(() => {}); // awaited below, after the camera
  let stream = await camera();
  let stopped = false;
  let paused = false;
  let seen = new Map(); // text → when it was last in sight

  const release = () => { stream?.getTracks().forEach((track) => track.stop()); stream = null; video.srcObject = null; };
  const show = async () => { video.srcObject = stream; await video.play(); };

  let reader;
  try {
    await show();
    reader = await loading;
  } catch (error) {
    release();
    throw new CameraRefused("failed", error);
  }

  async function look() {
    if (paused || document.hidden || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
    const codes = await reader.detect(video);
    const now = performance.now();
    for (const [text, last] of seen) if (now - last > repeatMs) seen.delete(text);
    for (const { rawValue: text } of codes) {
      const known = seen.has(text);
      seen.set(text, now);
      if (known || paused || stopped) continue;
      try { await onCode(text); } finally { seen.set(text, performance.now()); }
    }
  }

  async function run() {
    while (!stopped) {
      const begun = performance.now();
      await look().catch((error) => console.warn("scanner", error)); // one bad frame or answer does not end the door
      const rest = Math.max(PAUSE, performance.now() - begun); // a slow phone has half of its time for everything else
      await new Promise((resolve) => setTimeout(resolve, rest));
    }
  }

  async function onVisibility() {
    if (document.hidden) release();
    else if (!stopped && !stream) {
      stream = await camera().catch(() => null);
      if (stopped || document.hidden) release();
      else if (stream) await show().catch(release);
    }
  }

  document.addEventListener("visibilitychange", onVisibility);
  run();
  return {
    pause() { paused = true; },
    resume() { paused = false; },
    forget() { seen = new Map(); },
    hasTorch() { return Boolean(stream?.getVideoTracks()[0]?.getCapabilities?.().torch); },
    /* Light on or off; resolves to false where the camera has none. */
    async torch(on) {
      const track = stream?.getVideoTracks()[0];
      if (!track?.getCapabilities?.().torch) return false;
      await track.applyConstraints({ advanced: [{ torch: on }] });
      return true;
    },
    stop() {
      stopped = true;
      document.removeEventListener("visibilitychange", onVisibility);
      release();
    },
  };
}
