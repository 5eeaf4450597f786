// Trial runs: the button saves the draft and asks the server for a run; from then on its panel asks for news until the run
// has ended. The run does not depend on the page: a reload, a dead network or an expired log-in only stop the looking.
import { announce, text } from './texts.js';
import { Stream } from './stream.js';
import { ask, paragraph } from './confirm.js';
import { enliven } from './evidence.js';
import { send } from './api.js';

const FAST_MS = 400; // while something happens
const SLOW_MS = 2000;
const GROWTH = 1.3; // of the pause, with every answer that brings nothing new
const HIDDEN_MS = 60000; // a page that nobody looks at stops asking
const STOP_MS = 8000; // to wait for the end of a run that was stopped to make room

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
const sentence = ({ error, hint = '' }) => (error ? `${error}${hint}` : text('fragmentFailed'));

/** The panel of one trial run: asks for news while the run is live. */
class Panel {
  /** onChange(): the run has started or ended; say(sentence, link): why nothing moves, '' when it does. */
  constructor(element, { onChange, say }) {
    Object.assign(this, { element, onChange, say });
    const { trial: url, cancelUrl, seen, state, live, elapsedMs } = element.dataset;
    Object.assign(this, { url, cancelUrl, seen, state, live: live === 'true', gone: false, wait: FAST_MS });
    this.streams = [...element.querySelectorAll('[data-stream]')].map((box) => new Stream(box));
    this.figures = element.querySelector('[data-figures]');
    this.#setClock(Number(elapsedMs));
    if (this.live) this.#follow();
  }

  async #follow() {
    this.ticking = setInterval(() => this.#tick(), 500);
    while (this.live && !this.gone) {
      await this.#rest();
      const answer = this.live && !this.gone ? await this.#news() : null;
      if (answer && !this.gone) this.#take(answer);
    }
    clearInterval(this.ticking);
  }

  // A pause that ends early when there is reason to look: the network is back, the page is shown, a stop was asked for.
  async #rest() {
    const asleep = document.hidden && performance.now() - (this.hiddenAt ??= performance.now()) > HIDDEN_MS;
    if (!document.hidden) this.hiddenAt = undefined;
    await new Promise((resolve) => { this.wake = resolve; if (!asleep) setTimeout(resolve, this.wait); });
  }

  /** Look now. */
  look() {
    this.wait = FAST_MS;
    this.wake?.();
  }

  #news() {
    const [stdout, stderr] = this.streams.map((stream) => stream.keep);
    const have = new URLSearchParams({ seen: this.seen, stdout, stderr, figures: this.figures.children.length });
    return send(`${this.url}?${have}`);
  }

  #take(answer) {
    this.wait = Math.min(this.wait * GROWTH, SLOW_MS);
    if (answer.kind === 'unreachable') { this.say(text('trialOffline')); return; }
    if (answer.kind === 'expired') { this.say(text('trialExpired'), { label: text('expiredLink') }); return; }
    if (answer.kind !== 'done') { this.drop(); this.say(sentence(answer)); return; }
    this.say('');
    if (answer.seen) this.#show(answer);
  }

  #show(answer) {
    if (answer.state === 'leased') this.wait = FAST_MS;
    this.element.querySelector('[data-head]').innerHTML = answer.head; // our own template, autoescaped
    for (const stream of this.streams) stream.show(answer.streams[stream.name], answer.live);
    if (answer.state === 'queued') this.figures.replaceChildren(); // its worker died: it will run once more
    this.figures.insertAdjacentHTML('beforeend', answer.figures);
    this.figures.hidden = !this.figures.children.length;
    if (answer.products) {
      this.element.querySelector('[data-products]').innerHTML = answer.products;
      enliven(this.element);
    }
    if (answer.state !== this.state) announce(answer.said);
    Object.assign(this, { seen: answer.seen, state: answer.state, live: answer.live });
    this.element.dataset.live = answer.live;
    this.#setClock(answer.elapsed_ms);
    if (!this.live) this.onChange();
  }

  #setClock(elapsed) {
    this.since = performance.now() - elapsed;
    this.#tick();
  }

  #tick() {
    const face = this.element.querySelector('[data-clock]');
    if (face) face.textContent = text('seconds', { n: Math.floor((performance.now() - this.since) / 1000) });
  }

  async stop() {
    const answer = await send(this.cancelUrl, { method: 'POST' });
    if (answer.kind === 'unreachable') this.say(text('trialOffline'));
    this.look();
  }

  /** Ask no more: another run takes the place of this one. */
  drop() {
    this.gone = true;
    this.live = false;
    clearInterval(this.ticking);
    this.onChange();
  }
}

/** The section of one run on the exam screen: its buttons and the panel of its last trial. */
class Run {
  constructor(section, { saveFirst, login }) {
    Object.assign(this, { section, saveFirst, login });
    this.start = section.querySelector('[data-start]');
    this.stop = section.querySelector('[data-stop]');
    this.out = section.querySelector('[data-out]');
    this.start.addEventListener('click', () => (this.chat ? this.chat.send() : this.run()));
    this.stop.addEventListener('click', () => this.panel.stop()); // stays enabled: a disabled button would lose the focus
    const field = section.closest('[data-task]').querySelector(`[data-field="${section.dataset.of}"]`);
    // Before the editor sees it: there Ctrl+Enter would add a line.
    for (const event of ['input', 'change']) {
      section.querySelector('[data-engine]')?.addEventListener(event, (one) => one.stopPropagation()); // no part of the answer
    }
    if (!('chat' in section.dataset)) field.addEventListener('keydown', (event) => this.#key(event), true);
    this.#mount();
  }

  #key(event) {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat) this.run();
  }

  #mount() {
    const element = this.out.querySelector('[data-trial]');
    const parts = { onChange: () => this.#paint(), say: (...words) => this.say(...words) };
    this.panel = element ? new Panel(element, parts) : null;
    this.#paint();
  }

  #paint() {
    const live = Boolean(this.panel?.live);
    if (!live && document.activeElement === this.stop) this.start.focus();
    this.stop.hidden = !live;
    this.chat?.follow(live);
  }

  /** Show no trial any more, and let the server forget the last one. */
  async clear() {
    const { panel } = this;
    panel?.drop();
    this.out.replaceChildren();
    this.#mount();
    this.say('');
    if (panel) await send(panel.url, { method: 'DELETE' });
  }

  say(words, link = null) {
    const box = this.section.querySelector('[data-say]');
    if (words === this.said) return;
    this.said = words;
    box.replaceChildren(words);
    const anchor = { href: this.login, target: '_blank', rel: 'noopener', textContent: link?.label };
    if (link) box.append(' ', Object.assign(document.createElement('a'), anchor));
    box.hidden = !words;
    if (words) announce(words);
  }

  /**
   * Save, ask for a run (with the turns of a conversation, if any), and show it; true if it was accepted.
   * A press while another goes on offers to stop that one.
   */
  async run(input) {
    if (this.asking || this.start.disabled) return false;
    this.asking = true;
    this.section.setAttribute('aria-busy', 'true');
    this.say('');
    const slow = setTimeout(() => this.say(text('working')), 500);
    try {
      const refusal = await this.saveFirst(this.start);
      clearTimeout(slow);
      this.say(refusal);
      return !refusal && await this.#ask(this.#wishes(input));
    } finally {
      clearTimeout(slow);
      this.asking = false;
      this.section.removeAttribute('aria-busy');
    }
  }

  /** What is asked for, besides the run: turns of a conversation, and an engine where there is a choice. */
  #wishes(input) {
    const engine = this.section.querySelector('[data-engine] :checked')?.value;
    return input === undefined && !engine ? undefined : { ...(input && { input }), ...(engine && { engine }) };
  }

  async #ask(body) {
    let answer = await send(this.section.dataset.run, { method: 'POST', body });
    if (answer.kind === 'conflict' && await this.#makeRoom(answer)) answer = await this.#askAgain(answer.cancel_url, body);
    if (answer.panel) this.#show(answer.panel);
    else if (answer.kind === 'conflict') return false; // the other one goes on, as was wished
    else if (answer.kind === 'expired') this.say(text('expired'), { label: text('expiredLink') });
    else this.say(sentence(answer));
    return Boolean(answer.panel);
  }

  async #makeRoom(answer) {
    const buttons = [{ value: '', label: text('trialWait'), focus: true }, { value: 'stop', label: text('trialReplace'), kind: 'danger' }];
    return await ask({ title: answer.error, content: paragraph(answer.hint), buttons }) === 'stop';
  }

  async #askAgain(cancelUrl, body) {
    await send(cancelUrl, { method: 'POST' });
    const until = performance.now() + STOP_MS;
    let answer;
    do {
      await pause(FAST_MS);
      answer = await send(this.section.dataset.run, { method: 'POST', body });
    } while (answer.kind === 'conflict' && performance.now() < until);
    return answer.kind === 'conflict' ? { ...answer, kind: 'late' } : answer;
  }

  #show(html) {
    this.panel?.drop();
    this.out.innerHTML = html; // our own template, autoescaped
    enliven(this.out);
    this.#mount();
    this.section.scrollIntoView({ block: 'nearest' }); // asked for by a key, it may be far below
    announce(this.out.querySelector('[data-head]').textContent.trim());
  }
}

/** Make the runs of the page live. saveFirst(button): '' once the draft is saved, else why not; login: where to log in again. */
export async function start({ saveFirst, login }) {
  const runs = [...document.querySelectorAll('[data-run]')].map((section) => new Run(section, { saveFirst, login }));
  const chats = runs.filter(({ section }) => 'chat' in section.dataset);
  if (chats.length) (await import('./chat.js')).start(chats);
  enliven(document);
  const look = () => { for (const { panel } of runs) panel?.look(); };
  for (const event of ['online', 'focus', 'pageshow']) addEventListener(event, look);
  document.addEventListener('visibilitychange', () => document.hidden || look());
}
