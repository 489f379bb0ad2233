/** Under the centre: the way through the path, with where it is violated, where faults are, and what repeats. */
import { html, nothing, svg } from './vendor/lit-html/lit-html.js';
import { live } from './vendor/lit-html/directives/live.js';
import * as glyphs from './glyphs.js';
import { number } from './words.js';

/** More ticks than this say nothing. */
const TICKS = 400;

/** @param {import('./app.js').App} app */
export function scrubber(app) {
  const { header, at } = app;
  if (!header) return html`<div class="scrub"></div>`;
  const n = header.n_steps;
  const end = at >= n && !header.loop;
  return html`
    <div class="scrub" role="group" aria-label="Position">
      <div class="moves">
        <button class="plain icon" data-command="first" title="Start (Home)" aria-label="Start" ?disabled=${at === 0} @click=${() => app.goTo(0, true)}>${glyphs.first()}</button>
        <button class="plain icon" data-command="back" title="One step back (k or ↑)" aria-label="One step back" ?disabled=${at === 0} @click=${() => app.backward()}>${glyphs.back()}</button>
        <button class="plain icon" data-command="forward" title="One step on (j or ↓)" aria-label="One step on" ?disabled=${end} @click=${() => app.forward()}>${glyphs.forward()}</button>
        <button class="plain icon" data-command="last" title="End (End)" aria-label="End" ?disabled=${at >= n} @click=${() => app.goTo(n, true)}>${glyphs.last()}</button>
      </div>
      <div class="track">
        ${ticks(header)}
        <input type="range" min="0" max=${Math.max(n, 1)} step="1" aria-label="Step" aria-valuetext=${`step ${at} of ${n}`} data-scrubber ?disabled=${n === 0} .value=${live(String(at))}
          @input=${(/** @type {Event} */ event) => app.goTo(Number(/** @type {HTMLInputElement} */ (event.target).value))}>
      </div>
      <output data-position=${at}>step <b>${number(at)}</b> of ${number(n)}${header.loop ? html` <span title="after the last step it goes on at the start of the loop">↺ ${header.loop.start}</span>` : nothing}</output>
    </div>`;
}

/** @param {import('./types.js').Path} header */
function ticks(header) {
  const n = Math.max(header.n_steps, 1);
  const at = (/** @type {number} */ step) => (1000 * step) / n;
  const violated = header.loop ? [] : header.counterexamples.filter((one) => one.verdict === 'violated').map((one) => one.step);
  const faults = header.faults.length > TICKS ? [] : header.faults;
  return html`
    <svg class="ticks" viewBox="0 0 1000 8" preserveAspectRatio="none" aria-hidden="true">
      ${header.loop ? svg`<rect class="loop" x=${at(header.loop.start)} y="5" width=${1000 - at(header.loop.start)} height="3"/>` : nothing}
      ${faults.map((step) => svg`<path class="fault" d="M${at(step)} 1V7"/>`)}
      ${violated.map((step) => svg`<rect class="violated" x=${at(step) - 4} y="0" width="8" height="8"/>`)}
    </svg>`;
}
