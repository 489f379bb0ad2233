/** The visited tree: every path that was looked at, joined where they begin alike. Choosing a node goes there; its future stays. */
import { html, nothing, svg } from './vendor/lit-html/lit-html.js';
import { repeat } from './vendor/lit-html/directives/repeat.js';
import { label } from './label.js';
import { rowsOf } from './visited.js';

const HEIGHT = 30;

/** A column of rails, in pixels. */
const COLUMN = 16;

/** Forks of forks of forks stand no further to the right than this. */
const COLUMNS = 14;

/** @typedef {import('./visited.js').Node} Node */

/** @type {{ version: number, rows: import('./visited.js').Row[] }} */
let drawn = { version: -1, rows: [] };

/** @param {import('./app.js').App} app */
export function tree(app) {
  const { visited } = app;
  if (drawn.version !== visited.version) drawn = { version: visited.version, rows: rowsOf(visited) };
  const { rows } = drawn;
  const header = app.header;
  /** @type {Set<Node>} */
  const onPath = new Set();
  /** @type {Node | null} */
  let here = null;
  if (header) {
    for (let node = /** @type {Node | null} */ (visited.add(header.id)); node; node = node.parent) {
      onPath.add(node);
      if (node.depth === app.at) here = node;
    }
  }
  const [first, end] = app.rows.range('tree', rows.length, HEIGHT);
  const key = `${header?.id} ${app.at}`;
  if (here && app.revealed.tree !== key) {
    app.revealed.tree = key;
    app.rows.reveal('tree', { y: rows.findIndex((row) => row.node === here) * HEIGHT, height: HEIGHT });
  }
  const columns = Math.min(COLUMNS, rows.reduce((most, row) => Math.max(most, row.column), 0)) + 1;
  return html`
    <div class="scroll visited" data-scroller="tree" tabindex="0" role="region" aria-label="Visited tree">
      <div class="sheet" role="tree" aria-label="Every path that was looked at" .style=${`height:${rows.length * HEIGHT}px`}>
        ${repeat(rows.slice(first, end), (/** @type {any} */ row) => row.node, (/** @type {any} */ row, /** @type {number} */ i) => rowOf(app, row, (first + i) * HEIGHT, columns, onPath, here))}
      </div>
    </div>`;
}

/**
 * @param {import('./app.js').App} app @param {import('./visited.js').Row} row @param {number} y @param {number} columns @param {Set<Node>} onPath @param {Node | null} here
 */
function rowOf(app, row, y, columns, onPath, here) {
  const { node } = row;
  if (node.depth > 0 && !node.step) wantStep(app, node);
  const isHere = node === here;
  const isOn = onPath.has(node);
  const { step } = node;
  const broken = step?.turned.filter((turn) => turn.after === 'violated') ?? [];
  const name = (/** @type {number} */ i) => app.model?.properties[i]?.name ?? '';
  const go = () => {
    if (isOn) app.goTo(node.depth, true);
    else app.open(app.visited.id(app.visited.end(node), true), node.depth);
  };
  const isEnd = !node.children.length || node.loops.size > 0;
  // Within reach of the Tab key: where we are, where other ways begin, and where they end.
  const isStop = isHere || (!isOn && (isEnd || node.parent === null || onPath.has(node.parent)));
  return html`
    <div role="treeitem" class=${isOn ? '' : 'off'} aria-level=${Math.min(row.column, COLUMNS) + 1} aria-selected=${isHere} aria-current=${isHere ? 'step' : 'false'} data-node=${node.code} data-step=${node.depth} data-column=${row.column} data-on-path=${isOn} data-current=${isHere}
      tabindex=${isStop ? 0 : -1} .style=${`top:${y}px`} title=${step?.label ?? ''} @click=${go}>
      ${rails(row, columns, isOn, broken.length > 0)}
      <span class="label"><span class="dim">${node.depth}</span> ${node.depth === 0 ? 'start' : step ? label(step) : '…'}${node.loops.size ? html` <span class="dim">↺ goes on at ${[...node.loops].join(', ')}</span>` : nothing}</span>
      <span class="more">${broken.map((turn) => html`<span class="chip bad" title=${name(turn.property)}>✗ ${name(turn.property)}</span>`)}
        ${isEnd && !isOn ? html`<button class="plain jump" data-compare=${node.code} title="Compare with the path that is looked at"
          @click=${(/** @type {Event} */ event) => { event.stopPropagation(); app.go({ vs: app.visited.id(node, true), tab: 'compare' }); }}>compare</button>` : nothing}</span>
    </div>`;
}

/** Asks what a node's step says, when it is seen for the first time. @param {import('./app.js').App} app @param {Node} node */
function wantStep(app, node) {
  app.paths.get(app.visited.id(app.visited.end(node)), node.depth);
}

/** @param {import('./visited.js').Row} row @param {number} columns @param {boolean} isOn @param {boolean} isBroken */
function rails({ node, column, rails: past, fork, last }, columns, isOn, isBroken) {
  const x = (/** @type {number} */ c) => Math.min(c, COLUMNS) * COLUMN + 9;
  const middle = HEIGHT / 2;
  const on = isOn ? 'on' : '';
  return html`
    <svg class="rails" width=${columns * COLUMN + 4} height=${HEIGHT} aria-hidden="true">
      ${[...new Set(past)].map((c) => svg`<path d="M${x(c)} 0V${HEIGHT}"/>`)}
      ${node.depth === 0 ? nothing : fork
        ? svg`<path class=${on} d="M${x(column - 1)} 0C${x(column - 1)} ${middle} ${x(column - 1)} ${middle} ${x(column)} ${middle}"/>`
        : svg`<path class=${on} d="M${x(column)} 0V${middle}"/>`}
      ${last ? nothing : svg`<path class=${on} d="M${x(column)} ${middle}V${HEIGHT}"/>`}
      <circle class="${on} ${isBroken ? 'broken' : ''}" cx=${x(column)} cy=${middle} r="4"/>
    </svg>`;
}
