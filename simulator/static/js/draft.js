// The state of one task's answer between the fields, the outbox and the server.
//
//   fields ──touch()──▶ current ──keep()──▶ outbox (this PC)
//                          └──save()──▶ PUT {rev, response} ──▶ server
//
// Saves of a task go one at a time. What is typed while one is under way becomes exactly one follow-up.
//
// The hard case is a save without an answer: it may have arrived. Sending newer text with the same revision could then
// be refused as "older than the server's" although nobody else wrote. So the very same {rev, response} (`sent`) is
// repeated until its fate is known; the server answers a repetition with its current revision. Only then the newer text
// follows. `sent` stands in the outbox too, so this holds across a reload or a crash.
import { collect, describeDifference, fill, fingerprint } from './collect.js';
import { send } from './api.js';

const KEEPALIVE_BYTES = 60000; // browsers allow 64 KiB for all keepalive requests of a page together

/** One task's answer. `section` is null when the task is on another screen and only its outbox entry is at hand. */
export class Draft {
  /** served: {rev, response, url, label, savedAt} as the page or the outbox gave it; onChange: called after any change of state. */
  constructor({ position, section, served, outbox, onChange }) {
    Object.assign(this, { position, section, outbox, onChange });
    this.url = served.url;
    this.label = served.label;
    this.rev = served.rev;
    this.savedAt = served.savedAt;
    this.saved = fingerprint(served.response); // what the server has, as far as we know
    this.current = served.response;
    this.sent = null; // {rev, response} whose answer we have not seen
    this.busy = false;
    this.problem = ''; // '' | conflict | rejected: waits for the person, is not repeated by itself
    this.why = '';
    this.conflict = null; // the server's version {rev, response, saved_at}
    this.kept = true; // false: the browser could not store it
    this.changedAt = null; // ISO, for people
    this.changedTick = -Infinity; // performance.now(), for deciding: moving the PC's clock changes nothing
    this.dirtySince = null;
  }

  /** True while something here has not been confirmed by the server. */
  get dirty() {
    return this.sent !== null || fingerprint(this.current) !== this.saved;
  }

  /** Read the fields again after an edit. Returns true if there is something to save. */
  touch() {
    const before = fingerprint(this.current);
    if (this.section) this.current = collect(this.section);
    if (fingerprint(this.current) !== before) {
      this.changedAt = new Date().toISOString();
      this.changedTick = performance.now();
      if (this.problem === 'rejected') this.problem = ''; // edited since: worth another try
    }
    if (this.dirty) this.dirtySince ??= performance.now();
    else this.#settled();
    this.onChange(this);
    return this.dirty;
  }

  /** Write the latest content to this PC. Cheap enough to be called shortly after each edit. */
  keep() {
    if (!this.dirty) return;
    const { rev, current: response, sent, changedAt, label, url } = this;
    const page = this.section ? location.pathname : this.page;
    this.kept = this.outbox.put(this.position, { rev, response, sent, at: changedAt ?? new Date().toISOString(), label, url, page });
  }

  /**
   * Compare the outbox entry left by an earlier page with what the server has now.
   * Returns 'none' (nothing to do), 'restored' (put back, to be sent) or 'conflict'.
   */
  recover(entry) {
    const server = { rev: this.rev, response: this.current, saved_at: this.savedAt };
    this.outbox.adopt(this.position);
    this.page = entry.page;
    if (fingerprint(entry.response) === this.saved) {
      this.outbox.remove(this.position); // it had arrived; only the answer was lost
      return 'none';
    }
    this.#show(entry.response);
    this.changedAt = entry.at;
    this.dirtySince = performance.now();
    const arrived = entry.sent && fingerprint(entry.sent.response) === this.saved;
    if (entry.rev >= this.rev) this.sent = entry.sent; // nobody wrote since: repeat the open save first
    else if (!arrived) return this.#collide(server); // the server's newer text is not from here
    this.keep();
    this.onChange(this);
    return 'restored';
  }

  /** Take over an outbox entry of a task that is not on this page. */
  recoverUnseen(entry) {
    Object.assign(this, { current: entry.response, sent: entry.sent, changedAt: entry.at, page: entry.page });
    this.outbox.adopt(this.position);
    this.dirtySince = performance.now();
    this.saved = ''; // unknown: counts as different
  }

  /**
   * Send the open save again, or else the latest content, and return the kind of the answer ('' if nothing was to do).
   * One at a time: while a save is under way this does nothing, and the caller comes back for the follow-up.
   */
  async save({ keepalive = false } = {}) {
    if (this.busy || this.problem || !this.dirty) return '';
    this.sent ??= { rev: this.rev, response: this.current };
    const body = this.sent;
    this.busy = true;
    this.keep(); // before the request leaves: a crash in between must find `sent`
    this.onChange(this);
    const small = keepalive && byteLength(body) < KEEPALIVE_BYTES;
    const answer = await send(this.url, { method: 'PUT', body: this.#request(body), keepalive: small });
    this.busy = false;
    this.#take(answer, body);
    this.onChange(this);
    return answer.kind;
  }

  /**
   * The page is going away: send the newest text without waiting, even beside a save under way. Its answer will not be
   * seen; the outbox entry stays, and recover() sorts out on the next page what arrived.
   */
  sendLast() {
    if (this.problem || !this.dirty) return;
    this.keep();
    const body = this.busy ? { rev: this.rev, response: this.current } : this.sent ?? { rev: this.rev, response: this.current };
    if (!this.busy) this.sent = body;
    this.keep();
    if (byteLength(body) < KEEPALIVE_BYTES) send(this.url, { method: 'PUT', body: this.#request(body), keepalive: true });
  }

  /** Settle a conflict: 'mine' writes this PC's content over the server's, 'theirs' takes the server's. */
  resolve(choice) {
    const { rev, response, saved_at: savedAt } = this.conflict;
    Object.assign(this, { rev, saved: fingerprint(response), savedAt, problem: '', conflict: null, sent: null });
    if (choice === 'theirs') {
      this.#show(response);
      this.#settled();
      this.outbox.discard(this.position);
    } else {
      this.keep();
    }
    this.onChange(this);
  }

  /** Where the two versions differ, in words, for the question. */
  versions() {
    const { current, conflict: { response }, section } = this;
    return { mine: describeDifference(current, response, section), theirs: describeDifference(response, current, section) };
  }

  #request(body) {
    return { rev: body.rev, response: body.response, saved_at_client: this.changedAt ?? undefined };
  }

  #take(answer, body) {
    if (answer.kind === 'done') {
      this.sent = null;
      this.rev = answer.rev;
      this.savedAt = answer.saved_at;
      this.saved = fingerprint(body.response);
      if (this.dirty) this.keep(); // typed meanwhile: the entry now stands on the new revision
      else this.#settled();
    } else if (answer.kind === 'conflict') {
      if (fingerprint(answer.response) === fingerprint(this.current)) this.#agree(answer);
      else this.#collide(answer);
    } else if (answer.kind === 'rejected') {
      this.sent = null; // it was answered, so its fate is known: not stored
      this.problem = 'rejected';
      this.why = answer.error ?? '';
      this.keep();
    } // anything else: the answer is missing or not about this text, so `sent` stays open and is repeated
    this.answer = answer;
  }

  #agree(server) {
    Object.assign(this, { rev: server.rev, saved: fingerprint(server.response), savedAt: server.saved_at, sent: null });
    this.#settled();
  }

  #collide(server) {
    Object.assign(this, { conflict: server, problem: 'conflict', sent: null });
    this.keep();
    this.onChange(this);
    return 'conflict';
  }

  #settled() {
    this.dirtySince = null;
    this.outbox.remove(this.position);
  }

  #show(response) {
    if (this.section) fill(this.section, response);
    this.current = this.section ? collect(this.section) : response;
  }
}

function byteLength(value) {
  return new Blob([JSON.stringify(value)]).size;
}
