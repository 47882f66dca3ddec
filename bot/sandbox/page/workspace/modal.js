// Modals: the topmost open view of the visitor, as a form.

import { h } from '../dom.js';
import { blockNodes } from './blocks.js';
import { words } from './choices.js';
import { openDialog } from './dialog.js';
import { redraw } from './draw.js';
import { inputBlock, Filled, problems } from './inputs.js';
import { attempt, interact, trouble } from './interactions.js';

export class Modals {
  constructor(ws) {
    this.ws = ws;
    this.open = null;
  }

  /** Shows the topmost view, or none; what was typed into a view stays while the view is open. */
  update() {
    const { store } = this.ws;
    const top = store.state.views.filter((view) => view.user === store.person).at(-1);
    if (!top) return this._drop();
    if (!this.open) this.open = new Form(this.ws, top.id);
    // A view that is pushed on another, or comes to light again below it, takes over the dialog.
    if (this.open.id !== top.id) this.open = this.open.next(top.id);
    return this.open.show(top);
  }

  _drop() {
    this.open?.dialog.close();
    this.open = null;
  }
}

const kept = new Map();

/** One view in the dialog. */
class Form {
  constructor(ws, id, dialog = null) {
    this.ws = ws;
    this.id = id;
    if (!kept.has(id)) kept.set(id, new Filled());
    this.filled = kept.get(id);
    this.own = {};
    this.general = '';
    this.busy = false;
    this.view = null;
    this.dialog = dialog ?? openDialog(ws, { title: '', oncancel: () => this.dialog.cancel() });
    this.dialog.cancel = () => this.cancel();
    this.dialog.form.onsubmit = () => this.submit();
  }

  next(id) {
    return new Form(this.ws, id, this.dialog);
  }

  show(view) {
    const first = this.view === null;
    const before = JSON.stringify(this.view?.body.blocks);
    const inside = this.dialog.node.contains(document.activeElement);
    this.view = view;
    this.draw();
    // A skeleton that becomes a form: whoever waited in the dialog goes on in its first field.
    const filled =
      before !== JSON.stringify(view.body.blocks) && inside && !this.dialog.body.contains(document.activeElement);
    if (first || filled) this.dialog.focusFirst();
  }

  get errors() {
    return { ...this.view.errors, ...this.own };
  }

  /** What is wrong with no field in particular. */
  get trouble() {
    return this.general || this.errors[''] || '';
  }

  draw() {
    const { body } = this.view;
    this.dialog.heading.textContent = words(body.title) || 'Muster';
    redraw(this.dialog.body, [this.id, body.blocks, this.errors, this.trouble], () => this._fields());
    redraw(this.dialog.footer, [this.id, body.submit, body.close, this.busy], () => this._buttons());
  }

  _fields() {
    const form = {
      filled: this.filled,
      errors: this.errors,
      touched: (block) => this._forget(block.block_id),
      dispatch: (element, value) => interact(this.ws, { view: this.id }, element, value),
    };
    const trouble = this.trouble ? h('p', { class: 'ws-error', role: 'alert' }, this.trouble) : null;
    return [
      trouble,
      ...blockNodes(this.ws, this.view.body.blocks, { view: this.id }, (block) => inputBlock(this.ws, block, form)),
    ];
  }

  /** A sentence about a field is forgotten with the next try, not with the next key: nothing jumps while somebody types. */
  _forget(blockId) {
    const wrong = this.dialog.body.querySelector(`[data-block="${CSS.escape(blockId)}"]`);
    wrong?.classList.remove('ws-input-wrong');
  }

  _buttons() {
    const { body } = this.view;
    const close = h(
      'button',
      { type: 'button', class: 'ws-button', 'data-focus': 'cancel', onclick: () => this.cancel() },
      words(body.close) || 'Close',
    );
    const submit = body.submit
      ? h(
          'button',
          {
            type: 'submit',
            class: 'ws-button ws-button-primary',
            'data-focus': 'submit',
            'aria-busy': String(this.busy),
          },
          words(body.submit),
        )
      : null;
    return [close, submit];
  }

  async submit() {
    const { blocks, submit } = this.view.body;
    if (this.busy || !submit) return;
    this.own = problems(blocks, this.filled);
    this.general = '';
    if (Object.keys(this.own).length === 0) await this._send(this.filled.collect(blocks));
    if (this.ws.modals.open !== this) return;
    this.draw();
    this.dialog.body.querySelector('[aria-invalid="true"], .ws-input-wrong .ws-picker, .ws-input-wrong input')?.focus();
  }

  async _send(values) {
    this.busy = true;
    this.draw();
    try {
      const answer = await this.ws.store.act({ do: 'submit', user: this.ws.store.person, view_id: this.id, values });
      this.general = trouble(answer);
      this.own = answer?.body?.response_action === 'errors' ? answer.body.errors : {};
    } catch (error) {
      this.general = error.message;
    }
    this.busy = false;
  }

  cancel() {
    attempt(this.ws, { do: 'close_view', view_id: this.id });
  }
}
