/** The help: all keys, and what the signs mean. */
import { html, nothing, svg } from './vendor/lit-html/lit-html.js';
import * as glyphs from './glyphs.js';

/** @type {[string[], string][]} */
const KEYS = [
  [['j', '↓'], 'one step on'],
  [['k', '↑'], 'one step back'],
  [['Home'], 'to the start'],
  [['End'], 'to the end'],
  [['v'], 'to the next violation of this path'],
  [['V'], 'to the next property’s counterexample'],
  [['u', 'U'], 'on, or back, to where a verdict changes'],
  [['n', '1–9'], 'take an action'],
  [['c'], 'causal cone of the step: what it depends on, and what depends on it'],
  [['h'], 'hide the chosen actor, or show it'],
  [['d'], 'what changed, or whole states'],
  [['/'], 'find steps; Enter goes to the next'],
  [['t'], 'the next tab'],
  [['?'], 'this help'],
  [['Esc'], 'close, or clear cone and filter'],
];

/** @type {[unknown, string][]} */
const SIGNS = [
  [svg`<circle class="mark" cx="18" cy="10" r="4.5"/>`, 'something is handled'],
  [svg`<circle class="mark open" cx="18" cy="10" r="6"/><path class="hand" d="M18 6V10H21"/>`, 'a timer fires'],
  [svg`<path class="mark open" d="M18 4L24 10L18 16L12 10Z"/>`, 'a random choice'],
  [svg`<circle class="mark open" cx="18" cy="10" r="7"/><circle class="mark" cx="18" cy="10" r="3"/>`, 'delivered, and a copy stays in flight'],
  [svg`<path class="mark fault" d="M12 4L24 16M12 16L24 4"/>`, 'a crash, or the end of a lost message'],
  [svg`<circle class="mark open" cx="18" cy="10" r="5"/>`, 'it starts again'],
  [svg`<path class="band" d="M2 10H36"/>`, 'it happens to all: a partition, a tick'],
  [svg`<path class="arrow" d="M2 4L34 16"/>`, 'a message, from where it is sent to where it arrives'],
  [svg`<path class="arrow left" d="M2 4L34 16"/>`, 'still in flight in the end'],
  [svg`<path class="arrow through" d="M2 4L34 16"/>`, 'through actors that are hidden'],
  [svg`<path class="gone" d="M18 0V20"/>`, 'the actor is down'],
  [svg`<path class="bracket" d="M24 17H12V3H24"/>`, 'this repeats for ever'],
];

/** @param {import('./app.js').App} app */
export function help(app) {
  const close = () => {
    app.ui.help = false;
    app.draw();
  };
  return html`
    <dialog id="help" aria-labelledby="help-title" @close=${close} @click=${(/** @type {Event} */ event) => event.target === event.currentTarget && close()}>
      <header><h2 id="help-title">Help</h2><button class="plain icon" aria-label="Close" data-command="close-help" @click=${close}>${glyphs.close()}</button></header>
      ${app.ui.help ? body() : nothing}
    </dialog>`;
}

function body() {
  return html`
      <div class="body">
        <section><h3>Keys</h3><dl>${KEYS.map(([keys, what]) => html`<dt>${keys.map((key) => html`<kbd>${key}</kbd> `)}</dt><dd>${what}</dd>`)}</dl></section>
        <section class="spacetime"><h3>Signs</h3><ul class="legend">${SIGNS.map(([sign, what]) => html`<li><svg width="36" height="20" aria-hidden="true">${sign}</svg><span>${what}</span></li>`)}</ul></section>
        <section class="wide"><h3>How to read it</h3>
          <p>Time goes downwards. Everything on the page is about the position that is looked at: the step with the frame. Going back keeps what comes
            after; taking another action forks, and the visited tree keeps both ways. The address in the browser holds all of it: reload, Back and Forward
            restore it, and a trace file can be dropped anywhere.</p></section>
      </div>`;
}

/** Opens or closes the dialog, after a drawing. @param {import('./app.js').App} app */
export function showHelp(app) {
  const dialog = /** @type {HTMLDialogElement | null} */ (document.getElementById('help'));
  if (!dialog) return;
  if (app.ui.help && !dialog.open) dialog.showModal();
  else if (!app.ui.help && dialog.open) dialog.close();
}
