// Play a day again: the plan follows a slider over the moments at which something happened; the table lists the same.
import { Plan, stateText } from '../home/plan.js';
import { clockAt, el, wordsOf } from '../home/words.js';

const STEP_MS = 900;

class Day {
  constructor(root) {
    this.root = root;
    this.say = wordsOf(root);
    this.log = JSON.parse(root.querySelector('[data-log]').content.textContent);
    const part = (name) => root.querySelector(`[data-${name}]`);
    Object.assign(this, { slider: part('slider'), clock: part('clock'), words: part('story'), play: part('play') });
    this.devices = new Map(this.log.home.entities.map((device) => [device.id, device]));
    this.rows = this.#happenings();
    this.moments = [...new Set([0, ...this.rows.map(({ t }) => t)])].sort((a, b) => a - b);
    this.plan = new Plan(this.log.home, this.say, `${this.say('plan')} ${this.log.title}`);
    part('plan').append(this.plan.svg);
    this.#table(part('rows'), part('kinds').dataset);
    this.slider.max = this.moments.length - 1;
    this.slider.addEventListener('input', () => { this.#stop(); this.show(Number(this.slider.value)); });
    this.play.addEventListener('click', () => (this.timer ? this.#stop() : this.#start()));
    part('player').hidden = false;
    this.show(0);
  }

  #happenings() {
    const { events, calls, states, home } = this.log;
    const changes = home.entities.flatMap(({ id }) => (states[id] ?? []).slice(1).map(([t, state, n]) => ({ t, n, kind: 'change', id, state })));
    const told = [...events.map((one) => ({ ...one, n: 0, kind: 'event' })), ...calls.map((one) => ({ ...one, kind: 'call' })), ...changes];
    return told.sort((a, b) => a.t - b.t || a.n - b.n);
  }

  #text(row) {
    const name = (id) => this.devices.get(id)?.name ?? id;
    if (row.kind === 'event') return row.say;
    if (row.kind === 'call') return [row.service, row.entities.map(name).join('、'), row.data].filter(Boolean).join(' ');
    return `${name(row.id)} → ${stateText(this.devices.get(row.id), row.state, this.say)}`;
  }

  #table(body, kinds) {
    body.replaceChildren(...this.rows.map((row) => el('tr', {}, el('td', { textContent: clockAt(this.log.start, row.t) }), el('td', { textContent: kinds[row.kind] }),
      el('td', { textContent: this.#text(row) }), el('td', { textContent: row.automation ?? '' }))));
    this.lines = [...body.rows];
  }

  show(n) {
    const t = this.moments[n];
    const states = Object.fromEntries([...this.devices.keys()].map((id) => [id, (this.log.states[id] ?? []).findLast(([when]) => when <= t)?.[1] ?? '']));
    this.plan.show(states);
    const now = this.rows.filter((row) => row.t === t);
    const words = now.filter((row) => row.kind !== 'change').map((row) => this.#text(row)).join('；') || (n === 0 ? this.say('initial') : now.map((row) => this.#text(row)).join('；'));
    this.clock.textContent = clockAt(this.log.start, t);
    this.words.textContent = words;
    this.words.hidden = false;
    this.slider.value = n;
    this.slider.setAttribute('aria-valuetext', `${this.clock.textContent} ${words}`);
    this.lines.forEach((line, place) => line.classList.toggle('homeday__now', this.rows[place].t === t));
  }

  #start() {
    if (Number(this.slider.value) >= this.moments.length - 1) this.show(0);
    this.timer = setInterval(() => {
      const next = Number(this.slider.value) + 1;
      if (next >= this.moments.length || !this.root.isConnected) this.#stop();
      else this.show(next);
    }, STEP_MS);
    this.#label('pause');
  }

  #stop() {
    clearInterval(this.timer);
    this.timer = null;
    this.#label('play');
  }

  #label(key) { this.play.querySelector('span').textContent = this.say(key); }
}

/** Bring one day to life. */
export function start(element) { new Day(element); }
