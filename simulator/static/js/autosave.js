// When drafts are sent: 1.5 s after the last change, at least every 15 s while typing goes on, when the page is hidden or
// left, and again and again (with growing pauses) while the server cannot be reached. Also the one status line.
import { Draft } from './draft.js';
import { collect } from './collect.js';
import { announce, banner, text } from './texts.js';

const IDLE_MS = 1500; // after the last change
const LONGEST_MS = 15000; // while somebody types without a pause
const JITTER_MS = 3000; // taken off LONGEST_MS at random, so that a class does not save in step
const KEEP_MS = 250; // to the outbox
const AT_ONCE = 2; // saves under way at a time: a replay of 190 tasks must not choke the server
const RETRY_MS = [1000, 2000, 4000, 8000, 15000, 30000];

/** All drafts of the page, and those of other screens that still wait in the outbox. */
export class Autosave {
  constructor({ outbox, user, urls, onConflict, onClock, onClosed, onState }) {
    Object.assign(this, { outbox, user, urls, onConflict, onClock, onClosed, onState });
    this.drafts = new Map();
    this.timers = new Map();
    this.trouble = ''; // '' | locked | unreachable | expired | forbidden: of the whole page, not of one task
    this.failures = 0;
    this.closed = false;
  }

  /** Watch the tasks of the page, put back what earlier pages could not send, and send it. */
  start(sections) {
    for (const section of sections) this.#adopt(section);
    for (const entry of this.outbox.all()) if (!this.drafts.has(entry.position)) this.#adoptUnseen(entry);
    addEventListener('online', () => this.pump());
    addEventListener('focus', () => this.trouble && this.pump()); // back from the login tab
    document.addEventListener('visibilitychange', () => (document.hidden ? this.#hidden() : this.pump()));
    addEventListener('pagehide', () => this.#each((draft) => draft.sendLast()));
    addEventListener('beforeunload', (event) => this.#warn(event));
    this.#paint();
    return this.pump();
  }

  #adopt(section) {
    const { position, rev, saveUrl: url, label, savedAt } = section.dataset;
    const response = collect(section, { asServed: true });
    const served = { rev: Number(rev), response, url, label, savedAt };
    const draft = this.#add({ position: Number(position), section, served });
    const entry = this.outbox.get(draft.position);
    const found = entry ? draft.recover(entry) : 'none';
    if (found === 'conflict') this.onConflict(draft);
    if (found === 'restored') announce(text('restored'));
    if (found === 'none') this.edited(draft); // typed before this script ran, or put back by the browser itself
    const edited = () => this.edited(draft);
    section.addEventListener('input', edited);
    section.addEventListener('change', edited);
  }

  #adoptUnseen(entry) {
    const draft = this.#add({ position: entry.position, section: null, served: { ...entry, savedAt: '' } });
    draft.recoverUnseen(entry);
  }

  #add(parts) {
    const draft = new Draft({ ...parts, outbox: this.outbox, onChange: (one) => { this.onState(one); this.#paint(); } });
    this.drafts.set(draft.position, draft);
    return draft;
  }

  /** A field of `draft` has changed. */
  edited(draft) {
    if (this.closed || !draft.touch()) return;
    this.#later(draft, 'keep', KEEP_MS, () => draft.keep());
    const waited = performance.now() - draft.dirtySince;
    const rest = LONGEST_MS - Math.random() * JITTER_MS - waited;
    this.#later(draft, 'save', Math.max(0, Math.min(IDLE_MS, rest)), () => this.#saveAll([draft]));
  }

  #later(draft, what, delay, act) {
    const name = `${what}${draft.position}`;
    clearTimeout(this.timers.get(name));
    this.timers.set(name, setTimeout(act, delay));
  }

  /** Drafts that wait to be sent (conflicts and refused ones wait for the person instead). */
  get waiting() {
    return [...this.drafts.values()].filter((draft) => draft.dirty && !draft.problem);
  }

  /** Everything the server has not confirmed. */
  get unsent() {
    return [...this.drafts.values()].filter((draft) => draft.dirty);
  }

  /** Send all that waits now. While the server is out of reach, one task goes ahead to see whether it is back. */
  async pump() {
    if (this.closed) return;
    if (this.trouble && this.waiting.length) await this.#saveAll([this.waiting[0]]);
    if (!this.trouble) await this.#saveAll(this.waiting);
  }

  async #saveAll(drafts) {
    const queue = [...drafts];
    const worker = async () => {
      do await this.#save(queue.shift()); while (queue.length && !this.trouble); // one failure: the rest would fail too
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, queue.length) }, worker));
  }

  async #save(draft, options = {}) {
    if (this.closed || draft.busy) return; // the loop of the save under way sends the follow-up
    let kind = '';
    do {
      kind = await draft.save(options);
      if (kind === 'closed') this.close();
      else if (['done', 'conflict', 'rejected'].includes(kind)) this.#reached(draft);
      else if (kind) this.#troubled(kind);
    } while (kind === 'done' && draft.dirty && this.#due(draft));
  }

  // After an answer: what was typed meanwhile goes at once only if its pause is over; else its timer is still running.
  #due(draft) {
    const now = performance.now();
    return this.flushing || now - draft.changedTick >= IDLE_MS || now - draft.dirtySince >= LONGEST_MS - JITTER_MS;
  }

  // The server has spoken about a draft: it is in reach again, whatever it said.
  #reached(draft) {
    if (draft.answer.kind === 'done') this.savedAt = draft.savedAt;
    if (draft.answer.remaining_ms !== undefined) this.onClock(draft.answer.remaining_ms);
    if (draft.conflict) this.onConflict(draft);
    this.failures = 0;
    if (this.trouble) {
      if (this.trouble !== 'unreachable') banner('');
      this.trouble = '';
      announce(text('backOnline'));
      queueMicrotask(() => this.pump());
    }
    this.#paint();
  }

  #troubled(kind) {
    if (this.trouble !== kind) this.#tell(kind);
    this.trouble = kind;
    const pause = RETRY_MS[Math.min(this.failures, RETRY_MS.length - 1)];
    this.failures += 1;
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.pump(), pause * (0.75 + Math.random() / 2));
    this.#paint();
  }

  #tell(kind) {
    const login = { href: this.urls.login, label: text('expiredLink'), newTab: true };
    if (kind === 'expired') banner(`${text('expired')}${text('expiredAfter')}`, login);
    else if (kind === 'forbidden') banner(text('otherUser', { user: this.user }), login);
    else if (kind === 'unreachable') announce(text('offline')); // locked: the next sign of life says why
  }

  /** The server takes no more: stop, and say so. The outbox is left alone; the result page deals with leftovers. */
  close() {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.retry);
    this.#each((draft) => draft.keep());
    this.onClosed();
    this.#paint();
  }

  /** Send everything, for at most `limit` milliseconds. Returns the drafts that remain unsent. */
  async flush(limit) {
    const until = performance.now() + limit;
    this.flushing = true;
    this.#each((draft) => draft.section && draft.touch());
    while (this.waiting.length && !this.closed && performance.now() < until) {
      const rest = new Promise((resolve) => { setTimeout(resolve, Math.min(400, until - performance.now())); });
      await Promise.race([this.pump(), rest]);
      if (this.trouble && !navigator.onLine) break; // certainly no network: waiting would not help
      if (this.waiting.length) await rest; // one under way, or a retry: never spin
    }
    this.flushing = false;
    return this.unsent;
  }

  #each(act) {
    for (const draft of this.drafts.values()) act(draft);
  }

  #hidden() {
    this.#each((draft) => draft.keep());
    for (const draft of this.waiting) this.#save(draft, { keepalive: true });
  }

  // Only when leaving could cost text: nothing confirmed it and the network, or the local store, is not there.
  #warn(event) {
    const risky = this.unsent.some((draft) => draft.problem || !draft.kept);
    if (this.closed || this.leaving || !this.unsent.length || !(risky || this.trouble)) return;
    event.preventDefault();
    event.returnValue = true; // Chromium before 119 asks for this
  }

  #paint() {
    const line = document.getElementById('save-state');
    const [kind, sentence] = this.#status();
    line.dataset.kind = kind;
    document.getElementById('save-text').textContent = sentence;
  }

  #status() {
    const { unsent } = this;
    const find = (problem) => unsent.find((draft) => draft.problem === problem);
    if (this.closed) return ['failed', text('closed')];
    if (find('conflict')) return ['failed', text('conflict', { label: find('conflict').label })];
    if (find('rejected')) return ['failed', text('failed', { why: find('rejected').why })];
    if (this.trouble && unsent.length) return ['offline', text(unsent.every((draft) => draft.kept) ? 'offline' : 'offlineUnkept')];
    if (unsent.some((draft) => draft.busy)) return ['busy', text('saving')];
    if (unsent.length) return ['editing', text('editing')];
    const latest = this.savedAt ?? [...this.drafts.values()].map((draft) => draft.savedAt).filter(Boolean).sort().at(-1);
    return latest ? ['saved', text('saved', { time: latest })] : ['idle', text('idle')];
  }
}
