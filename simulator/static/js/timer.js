// The countdown. The server sends milliseconds that remain; from then on only performance.now() differences count, so
// moving the PC's clock changes nothing. Re-set by every save, each minute, and when the PC wakes.
import { announce, banner, text } from './texts.js';

const MILESTONES_MIN = [30, 10, 5, 1];
const ALWAYS_SHOWN_MS = 5 * 60000; // hidden or not, the last five minutes are seen
const EXTENDED_MS = 20000; // more than any delay of the network: somebody has given time
const TICK_MS = 250;
const PREFERENCE = 'timer-hidden';

export class Timer {
  /** onZero is called once each time the countdown, and the overtime after it if there is any, runs out. */
  constructor({ onZero, onStalled, onOvertime }) {
    this.element = document.getElementById('timer');
    this.face = document.getElementById('timer-text');
    this.toggle = document.getElementById('timer-toggle');
    Object.assign(this, { onZero, onStalled, onOvertime });
    this.overtime = Number(document.getElementById('exam').dataset.overtimeMs);
    this.hidden = sessionStorage.getItem(PREFERENCE) === 'yes';
    // The page was counted when its first byte left the server; loading may have taken seconds since.
    const { responseStart = 0 } = performance.getEntriesByType('navigation')[0] ?? {};
    this.end = responseStart + Number(this.element.dataset.remainingMs);
    this.spoken = this.remaining;
    this.toggle.addEventListener('click', () => this.#hide(!this.hidden));
    this.lastWall = Date.now();
    this.lastTick = performance.now();
    setInterval(() => this.#tick(), TICK_MS);
    this.#tick();
  }

  /** Milliseconds that remain, never below 0. */
  get remaining() {
    return this.held ?? Math.max(0, this.end - performance.now());
  }

  /** Stand still, or go on. */
  hold(on) {
    if (on && this.held === undefined) this.held = this.remaining;
    if (!on && this.held !== undefined) { this.end = performance.now() + this.held; this.held = undefined; }
  }

  /** The server says that `ms` remain now. */
  set(ms) {
    if (ms === 0 && this.late) return; // the overtime goes on counting
    if (ms - this.remaining > EXTENDED_MS) announce(text('extended', { time: clock(ms) }));
    this.end = performance.now() + ms;
    if (this.held !== undefined) this.held = ms;
    if (ms > 0 && this.over) { this.over = false; banner(''); }
    this.spoken = Math.max(this.spoken, ms);
    this.#tick();
  }

  #hide(hidden) {
    this.hidden = hidden;
    sessionStorage.setItem(PREFERENCE, hidden ? 'yes' : 'no');
    this.#tick();
  }

  #tick() {
    const left = this.remaining;
    const shown = !this.hidden || left <= ALWAYS_SHOWN_MS;
    const face = shown ? clock(left) : text('hidden');
    if (this.face.textContent !== face) this.face.textContent = face;
    this.toggle.hidden = left <= ALWAYS_SHOWN_MS;
    this.toggle.textContent = text(this.hidden ? 'show' : 'hide');
    this.toggle.setAttribute('aria-pressed', String(this.hidden));
    this.element.dataset.level = left <= 60000 ? 'last' : left <= ALWAYS_SHOWN_MS ? 'low' : '';
    this.#speak(left);
    this.#watchSleep();
    if (left > 0) { this.late = false; return; }
    const late = performance.now() - this.end;
    if (late < this.overtime) {
      this.face.textContent = `+${clock(late)}`;
      if (!this.late) { this.late = true; this.onOvertime(); }
    } else if (!this.over) {
      this.over = true;
      this.onZero();
    }
  }

  #speak(left) {
    for (const minutes of MILESTONES_MIN) {
      if (left <= minutes * 60000 && this.spoken > minutes * 60000) announce(text('left', { n: minutes }));
    }
    this.spoken = left;
  }

  // performance.now() stands still while some systems sleep; the wall clock does not. A gap between the two means: ask.
  #watchSleep() {
    const wall = Date.now();
    const tick = performance.now();
    if (Math.abs(wall - this.lastWall - (tick - this.lastTick)) > 2000) this.onStalled();
    this.lastWall = wall;
    this.lastTick = tick;
  }
}

/** "1:02:05" or "02:05" of milliseconds, rounded up so that 00:00 means over. */
export function clock(ms) {
  const seconds = Math.ceil(ms / 1000);
  const two = (n) => String(n).padStart(2, '0');
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return seconds >= 3600 ? `${Math.floor(seconds / 3600)}:${rest}` : rest;
}
