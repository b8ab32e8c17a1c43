/* The way to the server: the signed-in desk session, its form token, and what became of a call. */

const ROOT = new URL("../../../../", import.meta.url); // these files stand under desk/scanner/files/<version>/
const PATIENCE = 15000; // milliseconds until an unanswered call counts as lost
let token = null;

export class Unreachable extends Error { name = "Unreachable"; } // no network, or a server that cannot now: later, then
export class SignedOut extends Error { name = "SignedOut"; }

/* The server understood and said no: `status`, and of its problem document `code` and `detail`. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail ?? `refused: ${status}`);
    Object.assign(this, { name: "Refused", status, code: problem.code ?? "", detail: problem.detail ?? "" });
  }
}

export function address(path) { return new URL(path, ROOT).href; }

async function asked(path, options) {
  let response;
  try {
    response = await fetch(address(path), { credentials: "same-origin", redirect: "manual", signal: AbortSignal.timeout(PATIENCE), ...options });
  } catch (error) {
    throw new Unreachable(path, { cause: error });
  }
  if (response.type === "opaqueredirect" || response.status === 401) throw new SignedOut(path); // a page sends to the sign-in
  if (response.status >= 500 || response.status === 429) throw new Unreachable(`${path}: ${response.status}`);
  return response;
}

async function refusal(response) { return new Refused(response.status, await response.json().catch(() => ({}))); }

/* The response of a GET, 200 or 304. */
export async function get(path, headers = {}) {
  const response = await asked(path, { headers, cache: "no-store" });
  if (response.ok || response.status === 304) return response;
  throw await refusal(response);
}

/* What a POST of JSON was answered. A form token that the server no longer takes (it signed us in anew) is fetched again, once:
   whatever is sent here carries its own id, so that sending it twice does no harm. */
export async function post(path, body) {
  for (let fresh = !token; ; fresh = true) {
    if (fresh) token = (await (await get("desk/scanner/session")).json()).csrf_token;
    const response = await asked(path, {
      method: "POST", body: JSON.stringify(body),
      headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": token },
    });
    if (response.ok) return response.json();
    if (fresh || ![400, 403].includes(response.status)) throw await refusal(response);
  }
}
