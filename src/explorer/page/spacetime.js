/**
 * The space-time diagram: a lane for each actor, time downwards, a row a step. Every position is the server's; this only draws, and of a long path
 * only the rows that are seen.
 */
import { html, nothing, svg } from './vendor/lit-html/lit-html.js';
import { repeat } from './vendor/lit-html/directives/repeat.js';
import * as api from './api.js';
import { found } from './find.js';
import * as glyphs from './glyphs.js';
import { violations } from './paths.js';
import { cut } from './words.js';

/** The head with the names of the lanes, in pixels. */
const HEAD = 40;

/** Numbers and the bracket of a loop stand left of this, and stay there when the diagram is scrolled sideways. */
const GUTTER = 60;

/** Above the row of the initial state. */
const ABOVE = 26;

/** A column of text, and what stands between a mark and its label. */
const COLUMN = 7.25;
const ROOM = 14;

/** Lanes stand no closer than this, in pixels. */
const LANES_MIN = 96;

/** Left of the first and right of the last lane is at least this, besides half of its name. */
const EDGE = 30;

/** An arrow's piece is no wider. */
const PIECE = 44;

/** Where there is room, lanes stand so far apart. */
const LANES_ROOMY = 220;

/** Fewer characters of a label say nothing. */
const LABEL_MIN = 8;

/** So many may go over the next lane. */
const LABEL_OVER = 24;

/** @typedef {import('./types.js').Spacetime} Spacetime */

/**
 * Lanes are moved closer where the window is narrower than the diagram; heights stay.
 * @typedef {{ x: (x: number) => number, width: number, label: (one: import('./types.js').DiagramEvent, isCurrent: boolean) => string }} Fit
 */

/** @param {Spacetime} space @param {number} room how wide the window is @returns {Fit} */
function fit(space, room) {
  const names = space.lanes.map((lane) => lane.name.length * COLUMN + 22);
  // Where the diagram can give way: left of the lanes, between two, right of them; and how far each may.
  const ends = [GUTTER, ...space.lanes.map((lane) => lane.x), space.width];
  const gaps = ends.slice(1).map((end, i) => end - ends[i]);
  const least = gaps.map((gap, i) => {
    const isBetween = i > 0 && i < names.length;
    const need = isBetween ? Math.max(LANES_MIN, (names[i - 1] + names[i]) / 2 + 26) : names[Math.min(i, names.length - 1)] / 2 + EDGE;
    return Math.min(gap, need);
  });
  // All give way by the same factor, none further than it may: the largest factor that fits.
  const wide = (/** @type {number} */ by) => gaps.map((gap, i) => Math.max(least[i], gap * by));
  const sum = (/** @type {number[]} */ widths) => widths.reduce((all, one) => all + one, 0);
  const target = room - GUTTER - 6;
  let [low, high] = [0, 1];
  if (sum(gaps) <= target) low = 1;
  else for (let i = 0; i < 20; i += 1) [low, high] = sum(wide((low + high) / 2)) <= target ? [(low + high) / 2, high] : [low, (low + high) / 2];
  const by = low;
  // What is left over goes to the narrowest first.
  const isBetween = (/** @type {number} */ i) => i > 0 && i < names.length;
  const filled = (/** @type {number} */ to) => wide(by).map((gap, i) => (isBetween(i) ? Math.max(gap, to) : gap));
  let [level, most] = [0, LANES_ROOMY];
  for (let i = 0; i < 20; i += 1) [level, most] = sum(filled((level + most) / 2)) <= target ? [(level + most) / 2, most] : [level, (level + most) / 2];
  const places = [GUTTER];
  filled(level).forEach((gap, i) => places.push(places[i] + gap));
  const x = (/** @type {number} */ at) => {
    const i = Math.max(0, Math.min(gaps.length - 1, ends.findIndex((end) => end >= at) - 1));
    return Math.round(places[i] + ((at - ends[i]) * (places[i + 1] - places[i])) / Math.max(1, gaps[i]));
  };
  const lanes = space.lanes.map((lane) => x(lane.x));
  const width = Math.max(x(space.width), room - 6);
  return {
    x,
    width,
    label: (one, isCurrent) => {
      if (by === 1 || one.mark === 'band') return one.label;
      const from = x(one.x);
      // As far as the next lane; a short one over it too, since nothing else is written in a row.
      const left = lanes.filter((lane) => lane < from - 4);
      const [end, edge] = one.label_left
        ? [from - (left[left.length - 1] ?? GUTTER), from - GUTTER]
        : [(lanes.find((lane) => lane > from + 4) ?? width) - from, width - from];
      const columns = (/** @type {number} */ pixels) => Math.floor((pixels - ROOM - 8) / COLUMN);
      const fits = Math.max(LABEL_MIN, columns(end), Math.min(isCurrent ? Infinity : LABEL_OVER, columns(edge)));
      return cut(one.label, fits);
    },
  };
}

/** What was drawn last: its lanes and its height stay while another part of the same diagram is awaited. @type {{ of: string, space: Spacetime | null }} */
let drawn = { of: '', space: null };

/**
 * The windows of the diagram that are seen, as one.
 * @param {import('./app.js').App} app @returns {{ space: Spacetime | null, error: api.Problem | null, stale: boolean }}
 */
function windows(app) {
  const header = app.header;
  if (!header) return { space: null, error: null, stale: true };
  const hide = app.route.hide.filter((lane) => app.model?.lanes[lane]).join(',');
  const cone = app.route.cone && app.at > 0 ? app.at : null;
  const row = 36;
  const [first, end] = app.rows.range('spacetime', header.n_steps + 1, row, HEAD + ABOVE);
  const froms = new Set([api.windowOf(Math.max(1, first)), api.windowOf(Math.max(1, Math.min(end, header.n_steps)))]);
  /** @type {Spacetime | null} */
  let space = null;
  let stale = false;
  /** @type {api.Problem | null} */
  let error = null;
  for (const from of froms) {
    const key = `space ${app.paths.number(header.id)} ${from} ${hide} ${cone ?? ''}`;
    const answer = app.resources.keep(`space ${from}`, key, () => api.spacetime(header.id, from, { hide, cone }));
    stale ||= answer.stale || answer.loading;
    error ??= answer.error ?? null;
    const one = /** @type {Spacetime | undefined} */ (answer.value);
    if (one) space = space ? joined(space, one) : one;
  }
  const of = `${header.id} ${hide}`;
  if (space) drawn = { of, space };
  // Without it the diagram would be gone for a moment, and how far it was scrolled with it.
  else if (drawn.of === of && !error) space = drawn.space;
  return { space, error, stale };
}

/** What was worked out last: most drawings are of the same windows in the same room. @type {{ a?: Spacetime, b?: Spacetime, both?: Spacetime, space?: Spacetime, room?: number, fit?: Fit }} */
const last = {};

/** Two windows of the same diagram. @param {Spacetime} a @param {Spacetime} b @returns {Spacetime} */
function joined(a, b) {
  if (last.a !== a || last.b !== b || !last.both) Object.assign(last, { a, b, both: join(a, b) });
  return /** @type {Spacetime} */ (last.both);
}

/** @param {Spacetime} a @param {Spacetime} b @returns {Spacetime} */
function join(a, b) {
  if (a.path !== b.path) return b;
  const seen = new Set(a.edges.map(edgeKey));
  return { ...a, events: [...a.events, ...b.events], edges: [...a.edges, ...b.edges.filter((edge) => !seen.has(edgeKey(edge)))] };
}

/** @param {import('./types.js').Edge} edge */
const edgeKey = (edge) => `${edge.kind} ${edge.from.x} ${edge.from.y} ${edge.to.x} ${edge.to.y} ${edge.title}`;

/** @param {import('./app.js').App} app */
export function spacetime(app) {
  const { space, error, stale } = windows(app);
  if (error && !space) return html`<p class="empty bad">${error.message}</p>`;
  if (!space) return html`<p class="empty">Drawing …</p>`;
  const shift = ABOVE - space.start_y;
  const height = space.height + shift + 24;
  const { top, height: high, width: room } = app.rows.of('spacetime');
  if (last.space !== space || last.room !== room || !last.fit) Object.assign(last, { space, room, fit: fit(space, room) });
  const fitted = /** @type {Fit} */ (last.fit);
  reveal(app, space, shift, fitted);
  const from = top - HEAD - shift - 240;
  const to = top + high - HEAD - shift + 240;
  const events = space.events.filter((one) => one.y >= from && one.y <= to);
  const edges = space.edges.filter((one) => Math.max(one.from.y, one.to.y) >= from && Math.min(one.from.y, one.to.y) <= to);
  return html`
    <div class="scroll spacetime" data-scroller="spacetime" tabindex="0" role="region" aria-label="Space-time diagram" aria-busy=${stale}
      data-diagram data-steps=${space.n_steps} data-cone=${space.cone?.step ?? ''}>
      <div class="lanes-head" .style=${`width:${fitted.width}px`}>${repeat(space.lanes, (/** @type {any} */ lane) => lane.lane, (/** @type {any} */ lane) => laneHead(app, lane, fitted, space.lanes.length < 2))}</div>
      <div class="sheet" .style=${`width:${fitted.width}px;height:${height}px`}>
        <svg width=${fitted.width} height=${height} viewBox="0 ${-shift} ${fitted.width} ${height}" role="group" aria-label="Events, from the first to the last">
          <defs>
            <marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path class="head" d="M0 0L8 4L0 8Z"/></marker>
            <marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" markerUnits="userSpaceOnUse" orient="auto"><path class="tip" d="M0 0L8 4L0 8Z"/></marker>
            <marker id="turn" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path class="turn" d="M0 0L8 4L0 8Z"/></marker>
          </defs>
          ${hits(app, space, events, fitted)}
          ${space.lanes.map((lane) => svg`<path class="lane ${lane.lane === app.actor ? 'chosen' : ''}" d="M${fitted.x(lane.x)} ${space.start_y}V${space.height}"/>`)}
          ${space.down.map((one) => svg`<g data-down=${one.lane}><path class="down" d="M${fitted.x(one.x)} ${one.from_y}V${one.to_y}"/><path class="gone" d="M${fitted.x(one.x)} ${one.from_y}V${one.to_y}"/></g>`)}
          ${repeat(edges, edgeKey, (/** @type {any} */ edge) => arrow(app, edge, fitted))}
          ${start(app, space, fitted)}
          ${repeat(events, (/** @type {any} */ one) => one.step, (/** @type {any} */ one) => eventOf(app, one, fitted))}
        </svg>
        ${gutter(app, space, events, height, shift)}
      </div>
    </div>`;
}

/** Brings the row that is looked at into sight, once for every place that was gone to. @param {import('./app.js').App} app @param {Spacetime} space @param {number} shift @param {Fit} fitted */
function reveal(app, space, shift, fitted) {
  const { at } = app;
  const key = `${space.path} ${at} ${space.hidden.join()}`;
  if (app.revealed.spacetime === key || space.path !== app.header?.id) return;
  app.revealed.spacetime = key;
  const event = space.events.find((one) => one.step === at);
  const y = event?.y ?? space.start_y + at * space.row;
  const x = at === 0 ? 0 : event && fitted.x(event.x);
  app.rows.reveal('spacetime', { y: y + shift + HEAD - space.row / 2, height: space.row, x, head: HEAD });
}

/** @param {import('./app.js').App} app @param {Spacetime['lanes'][number]} lane @param {Fit} fitted @param {boolean} only whether there is no other */
function laneHead(app, lane, fitted, only) {
  const isChosen = app.actor === lane.lane;
  return html`
    <span class="lane-at" .style=${`left:${fitted.x(lane.x)}px`}>
      <button class="lane-head" data-actor=${lane.title} data-lane=${lane.lane} aria-pressed=${isChosen} title=${`Show the state of ${lane.title}`}
        @click=${() => app.go({ actor: lane.lane })}>${lane.name}</button>
 ${only ? nothing : html`<button class="plain icon lane-hide" data-hide=${lane.lane} aria-label=${`Hide ${lane.title}`} title=${`Hide ${lane.title} (h hides the chosen one)`} @click=${() => app.toggleHide(lane.lane)}>${glyphs.hidden()}</button>`}
    </span>`;
}

/**
 * The rows that are drawn: those of the events, the start, and where we are, should that be a hidden actor's.
 * @param {import('./app.js').App} app @param {Spacetime} space @param {import('./types.js').DiagramEvent[]} events @returns {{ step: number, y: number }[]}
 */
function rowsOf(app, space, events) {
  const rows = [{ step: 0, y: space.start_y }, ...events];
  const { at } = app;
  if (space.path === app.header?.id && !rows.some((one) => one.step === at)) rows.push({ step: at, y: space.start_y + at * space.row });
  return rows;
}

/** The backgrounds of the rows, below everything else. @param {import('./app.js').App} app @param {Spacetime} space @param {import('./types.js').DiagramEvent[]} events @param {Fit} fitted */
function hits(app, space, events, fitted) {
  const half = space.row / 2 - 1;
  const rows = rowsOf(app, space, events);
  return repeat(rows, (/** @type {any} */ one) => one.step, (/** @type {any} */ one) => svg`
    <rect class="row ${app.at === one.step ? 'current' : ''} ${app.markAt(one.step)}" x="4" y=${one.y - half} width=${Math.max(0, fitted.width - 8)} height=${2 * half} rx="5" data-row=${one.step}
      @click=${() => app.goTo(one.step, true)}/>`);
}

/** @param {import('./app.js').App} app @param {Spacetime} space @param {Fit} fitted */
function start(app, space, fitted) {
  const isCurrent = app.at === 0;
  return svg`
    <g class="event ${isCurrent ? 'current' : ''}" data-step="0" data-current=${isCurrent} data-broken=${app.markAt(0) === 'breaks'} role="button" tabindex=${isCurrent ? 0 : -1} aria-label="Start" aria-current=${isCurrent ? 'step' : 'false'} @click=${() => app.goTo(0, true)}>
      ${space.lanes.map((lane) => svg`<path class="lane" d="M${fitted.x(lane.x) - 5} ${space.start_y}H${fitted.x(lane.x) + 5}"/>`)}
    </g>`;
}

/** @param {import('./app.js').App} app @param {import('./types.js').DiagramEvent} one @param {Fit} fitted */
function eventOf(app, one, fitted) {
  const isCurrent = app.at === one.step;
  const what = app.markAt(one.step);
  const relation = one.relation ?? '';
  const q = app.route.q;
  const isFound = q !== '' && found(app).steps.includes(one.step);
  const classes = [
    'event', isCurrent ? 'current' : '', what,
    one.step > app.at ? 'future' : '',
    relation === 'concurrent' || (q && !isFound && !relation) ? 'faded' : '',
    relation === 'past' || relation === 'future' || relation === 'self' ? 'cone' : '',
    isFound ? 'found' : '',
  ].join(' ');
  const lane = one.lane === null ? 'everybody' : app.model?.lanes[one.lane]?.name ?? '';
  const shown = violations(app.showing).filter((each) => each.step === one.step);
  const broken = what === 'breaks' ? `, violates ${shown.map((each) => app.model?.properties[each.property]?.name).join(', ')}` : '';
  const y = one.mark === 'band' ? one.y - 4 : one.y + 4;
  return svg`
    <g class=${classes} @click=${() => app.goTo(one.step, true)}>
      <title>${one.title}</title>
      <g data-step=${one.step} data-lane=${one.lane ?? ''} data-actor=${lane} data-relation=${relation} data-fault=${one.fault} data-mark=${one.mark} data-current=${isCurrent} data-clock=${one.clock.join(',')} data-broken=${what === 'breaks'} data-found=${isFound}
        role="button" tabindex=${isCurrent ? 0 : -1} aria-label=${`Step ${one.step}, ${lane}: ${one.title}${broken}`} aria-current=${isCurrent ? 'step' : 'false'}>${mark(one, fitted)}</g>
      <text class="label" aria-hidden="true" x=${fitted.x(one.x) + one.label_x - one.x} y=${y} text-anchor=${one.label_left && one.mark !== 'band' ? 'end' : 'start'}>${fitted.label(one, isCurrent)}</text>
    </g>`;
}

/** @param {import('./types.js').DiagramEvent} one @param {Fit} fitted */
function mark({ mark: kind, x: given, y, fault }, fitted) {
  const x = fitted.x(given);
  const bad = fault ? 'fault' : '';
  /** @param {number} r */
  const cross = (r) => svg`<path class="mark fault" d="M${x - r} ${y - r}L${x + r} ${y + r}M${x - r} ${y + r}L${x + r} ${y - r}"/>`;
  switch (kind) {
    case 'copy': return svg`<circle class="mark open ${bad}" cx=${x} cy=${y} r="7"/><circle class="mark" cx=${x} cy=${y} r="3"/>`;
    case 'timer': return svg`<circle class="mark open ${bad}" cx=${x} cy=${y} r="6"/><path class="hand" d="M${x} ${y - 4}V${y}H${x + 3}"/>`;
    case 'choice': return svg`<path class="mark open ${bad}" d="M${x} ${y - 6}L${x + 6} ${y}L${x} ${y + 6}L${x - 6} ${y}Z"/>`;
    case 'recover': return svg`<circle class="mark open ${bad}" cx=${x} cy=${y} r="5"/>`;
    case 'crash': return cross(6);
    case 'lost': return cross(5);
    case 'band': return svg`<path class="band ${bad}" d="M${x} ${y}H${fitted.width - 12}"/>`;
    default: return svg`<circle class="mark ${fault ? 'dotfault' : ''}" cx=${x} cy=${y} r="4.5"/>`;
  }
}

/** @param {import('./app.js').App} app @param {import('./types.js').Edge} edge @param {Fit} fitted */
function arrow(app, edge, fitted) {
  const { from, to, kind } = edge;
  // Of a message that goes nowhere only a piece is drawn, and that is as long as ever.
  const isPiece = Math.abs(to.x - from.x) <= PIECE;
  const x0 = isPiece && from.step === null ? fitted.x(to.x) + from.x - to.x : fitted.x(from.x);
  const x1 = isPiece && from.step !== null ? x0 + to.x - from.x : fitted.x(to.x);
  const [y0, y1] = [from.y, to.y];
  const gap = kind === 'left' || kind === 'lost' || kind === 'next_round' ? 0 : 6;
  const d = edge.to_itself
    ? `M${x0} ${y0}C${x0 + 36} ${y0} ${x1 + 36} ${y1} ${x1 + gap} ${y1}`
    : `M${x0} ${y0}L${x0 <= x1 ? x1 - gap : x1 + gap} ${y1}`;
  const head = kind === 'lost' || kind === 'next_round' ? null : kind === 'left' ? 'url(#tip)' : 'url(#head)';
  const look = kind === 'hidden' ? 'through' : kind === 'round_before' || kind === 'next_round' ? 'round' : kind;
  const end = Math.max(to.step ?? from.step ?? 0, from.step ?? 0);
  const classes = `arrow ${look} ${edge.in_cone === false ? 'faded' : ''} ${edge.in_cone === null && end > app.at ? 'future' : ''}`;
  return svg`<path class=${classes} d=${d} marker-end=${head ?? nothing} data-edge=${kind} data-from=${from.step ?? ''} data-to=${to.step ?? ''} data-in-cone=${edge.in_cone ?? ''}><title>${edge.title}</title></path>`;
}

/**
 * What stands left of the lanes: the numbers of the steps, and what repeats for ever.
 * @param {import('./app.js').App} app @param {Spacetime} space @param {import('./types.js').DiagramEvent[]} events @param {number} height @param {number} shift
 */
function gutter(app, space, events, height, shift) {
  const half = space.row / 2 - 1;
  const loop = space.bracket;
  const rows = rowsOf(app, space, events);
  return html`
    <svg class="gutter" width=${GUTTER} height=${height} viewBox="0 ${-shift} ${GUTTER} ${height}" aria-hidden="true">
      <rect class="behind" x="0" y=${-shift} width=${GUTTER} height=${height}/>
      ${repeat(rows, (/** @type {any} */ one) => one.step, (/** @type {any} */ { step, y }) => {
        const what = app.markAt(step);
        const sign = what === 'breaks' ? svg`<text class="cross" x="6" y=${y + 4}>✗</text>` : what === 'met' ? svg`<text class="tick" x="6" y=${y + 4}>✓</text>` : nothing;
        return svg`<g class="${app.at === step ? 'current' : ''} ${what}" @click=${() => app.goTo(step, true)}>
          <path class="row ${app.at === step ? 'current' : ''} ${what}" d="M${GUTTER} ${y - half}H8a5 5 0 0 0 -5 5v${2 * half - 10}a5 5 0 0 0 5 5H${GUTTER}"/>
          ${sign}<text class="n" x="42" y=${y + 4} text-anchor="end">${step}</text></g>`;
      })}
      ${loop ? svg`
        <g data-loop=${loop.start}><title>After the last step it goes on with step ${loop.start + 1}, for ever</title>
          <path class="bracket" d="M58 ${loop.to_y}H48V${loop.from_y}H58" marker-end="url(#turn)"/></g>` : nothing}
    </svg>`;
}
