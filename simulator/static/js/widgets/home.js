// The smart-home field: floor plan, form and YAML. The textarea holds the answer; the form is another look at the same text.
import { ask, paragraph } from '../confirm.js';
import { starterOf } from '../collect.js';
import { text } from '../texts.js';
import { Plan } from '../home/plan.js';
import { wordsOf } from '../home/words.js';
import { Card } from './home/card.js';
import { lint } from './home/lint.js';
import { Sheet, valueOf } from './home/sheet.js';

class HomeField {
  constructor(field, home) {
    Object.assign(this, { field, home, say: wordsOf(field) });
    const part = (name) => field.querySelector(`[data-${name}]`);
    Object.assign(this, { area: part('value'), list: part('list'), note: part('form-note'), tabs: part('tabs'), add: part('add'), lintLine: part('lint') });
    this.area.addEventListener('input', () => this.#check());
    field.addEventListener('field:filled', () => { this.#check(); if (this.tab === 'form') this.#paint(); });
    part('restore')?.addEventListener('click', () => this.#restore());
    if (part('restore')) part('restore').hidden = false;
    this.#check();
    if (!home) { this.area.before(paragraph(this.say('no_home'))); return; }
    this.#drawPlan(part('plan'));
    this.#startTabs();
    this.add.addEventListener('click', () => this.#insert());
    this.#open(document.activeElement === this.area ? 'yaml' : 'form');
  }

  #drawPlan(box) {
    const plan = new Plan(this.home, this.say, this.say('plan'));
    plan.show(Object.fromEntries(this.home.entities.map(({ id, state }) => [id, { true: 'on', false: 'off' }[state] ?? String(state)])));
    box.append(plan.svg);
    box.hidden = false;
  }

  #startTabs() {
    this.tabs.hidden = false;
    this.buttons = [...this.tabs.querySelectorAll('[data-tab]')];
    for (const button of this.buttons) button.addEventListener('click', () => this.#open(button.dataset.tab));
    this.tabs.addEventListener('keydown', (event) => {
      if (!['ArrowLeft', 'ArrowRight'].includes(event.key)) return;
      const other = this.buttons.find((button) => button.dataset.tab !== this.tab);
      this.#open(other.dataset.tab);
      other.focus();
    });
  }

  #open(tab) {
    this.tab = tab;
    for (const button of this.buttons) {
      button.setAttribute('aria-selected', String(button.dataset.tab === tab));
      button.tabIndex = button.dataset.tab === tab ? 0 : -1;
    }
    for (const panel of this.field.querySelectorAll('[data-panel]')) panel.hidden = panel.dataset.panel !== tab;
    if (tab === 'form') this.#paint();
  }

  #check() {
    const { error, hints, count } = lint(this.area.value, this.say);
    this.area.setAttribute('aria-invalid', String(Boolean(error)));
    this.lintLine.classList.toggle('wrong', Boolean(error || hints.length));
    this.lintLine.textContent = error || hints[0] || this.say('fine', { n: count });
  }

  #paint() {
    const open = this.sheet?.items.map((item) => item.open) ?? [];
    this.sheet = new Sheet(this.area.value);
    this.sheet.items.forEach((item, n) => { item.open = open[n] ?? this.sheet.items.length <= 2; });
    const usable = this.sheet.whole;
    this.note.textContent = this.sheet.error ? `${this.say('broken')} ${this.lintLine.textContent}` : this.say('not_list');
    this.add.hidden = !usable;
    this.usable = usable;
    this.#draw();
  }

  #draw() {
    this.note.hidden = this.usable && this.sheet.items.length > 0;
    if (this.usable) this.note.textContent = this.say('empty');
    this.cards = this.usable ? this.sheet.items.map((item, n) => this.#card(item, n)) : [];
    this.list.replaceChildren(...this.cards.map(({ node }) => node));
  }

  #card(item, n) {
    const acts = { copy: () => this.#copy(n), remove: () => this.#remove(n), up: () => this.#move(n, n - 1), down: () => this.#move(n, n + 1) };
    return new Card({ item, number: n + 1, home: this.home, say: this.say, changed: () => this.#write(), acts, last: n === this.sheet.items.length - 1 });
  }

  #write() {
    this.area.value = this.sheet.toString();
    this.#check();
    this.area.dispatchEvent(new Event('change', { bubbles: true }));
  }

  #again(focus) {
    this.#write();
    this.#draw();
    (this.cards[Math.min(focus, this.cards.length - 1)]?.node.querySelector('input') ?? this.add).focus();
  }

  #insert() {
    this.sheet.insert(this.sheet.items.length, { alias: this.say('new_alias'), triggers: [], conditions: [], actions: [] });
    this.sheet.items.at(-1).open = true;
    this.#again(this.sheet.items.length - 1);
  }

  #copy(n) {
    this.sheet.copy(n, this.say('copied', { name: this.cards[n].name }));
    this.sheet.items[n + 1].open = true;
    this.#again(n + 1);
  }

  #move(from, to) {
    this.sheet.move(from, to);
    this.#again(to);
  }

  async #remove(n) {
    const buttons = [{ value: '', label: this.say('cancel') }, { value: 'yes', label: this.say('remove'), kind: 'danger' }];
    const content = paragraph(this.say('remove_text', { name: this.cards[n].name }));
    if (await ask({ title: this.say('remove_title'), content, buttons }) !== 'yes') return;
    this.sheet.remove(n);
    this.#again(n);
  }

  async #restore() {
    const buttons = [{ value: '', label: text('cancel') }, { value: 'yes', label: text('restore'), kind: 'danger' }];
    if (await ask({ title: text('restoreTitle'), content: paragraph(text('restoreText')), buttons }) !== 'yes') return;
    this.area.value = starterOf(this.field);
    this.area.dispatchEvent(new Event('input', { bubbles: true }));
    if (this.tab === 'form') this.#paint();
  }
}

async function homeOf({ homeUrl }) {
  try {
    const answer = await fetch(homeUrl);
    return answer.ok ? valueOf(await answer.text()) : null;
  } catch { return null; }
}

/** Bring every smart-home field of the page to life. */
export function start() {
  for (const field of document.querySelectorAll('[data-widget=home]')) homeOf(field.dataset).then((home) => new HomeField(field, home));
}
