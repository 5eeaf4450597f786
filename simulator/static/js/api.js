// Talking to the server: every answer, and every way of getting none, becomes one plain {kind, …}.

const TIMEOUT_MS = 15000; // a dead classroom switch must not leave a save hanging; after this its fate is unknown

const token = () => document.querySelector('meta[name="csrf-token"]');

/** The headers that every own request carries. */
export function headers(extra = {}) {
  return { 'X-CSRFToken': token().content, Accept: 'application/json', ...extra };
}

/**
 * Fetch the current page anew and take its CSRF token: after a new login the old one is refused.
 * Returns true if the token changed.
 */
async function renewToken() {
  try {
    const answer = await fetch(location.href, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const fresh = page.querySelector('meta[name="csrf-token"]')?.content;
    if (!answer.ok || answer.redirected || !fresh || fresh === token().content) return false;
    token().content = fresh;
    return true;
  } catch {
    return false;
  }
}

function late() {
  return new Promise((_, reject) => { setTimeout(() => reject(new Error('late')), TIMEOUT_MS); });
}

/** Name what an answer means for a save. `data` is its JSON, null if it had none. */
function kindOf(answer, data) {
  if (answer.redirected || answer.status === 401) return 'expired'; // sent to the login page, or told so
  if (answer.status === 403 || answer.status === 404) return 'forbidden'; // someone else is logged in here now
  if (answer.status === 409) return data ? 'conflict' : 'unreachable';
  if (answer.status === 410) return 'closed';
  if (answer.status === 423) return 'locked'; // paused, or sat in another browser: kept here, and tried again
  if (answer.ok) return data || answer.status === 204 ? 'done' : 'unreachable'; // HTML with 200 is a proxy speaking
  if (answer.status >= 500 || answer.status === 429 || answer.status === 408) return 'unreachable';
  return 'rejected';
}

/**
 * Send JSON (or nothing) and return {kind, …JSON of the answer}.
 * kind: done · conflict (409) · closed (410) · expired (401) · forbidden (403, 404) · rejected (400, 413, 422)
 * · locked (423) · unreachable (no answer, 5xx, 429: the server may or may not have acted).
 */
export async function send(url, { method = 'GET', body, keepalive = false } = {}, renewed = false) {
  let answer;
  let data = null;
  try {
    const fetching = fetch(url, {
      method,
      keepalive,
      headers: headers(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: 'same-origin',
      cache: 'no-store',
      // A keepalive request must outlive the page, so nothing of the page may abort it; we only stop waiting for it.
      signal: keepalive ? undefined : AbortSignal.timeout(TIMEOUT_MS),
    });
    answer = await (keepalive ? Promise.race([fetching, late()]) : fetching);
    if (answer.headers.get('Content-Type')?.includes('json')) data = await answer.json();
  } catch {
    return { kind: 'unreachable' };
  }
  if (answer.status === 400 && !renewed && await renewToken()) return send(url, { method, body, keepalive }, true);
  return { ...data, kind: kindOf(answer, data) };
}
