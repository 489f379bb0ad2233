/**
 * What the page knows and what can be done with it. Views read from here and call its commands; nothing here touches the document.
 *
 * The address (`route.js`) is the one place for what is looked at; answers of the server (`resource.js`) are kept by what was asked. So
 * there is little state of its own left: menus, notices, and the tree of what was visited.
 */
import * as api from './api.js';
import { Live } from './live.js';
import { asOneOfTwo, beginning, lettersAt, pairsOf, Paths, violations } from './paths.js';
import { Resources } from './resource.js';
import { Router } from './route.js';
import { Rows } from './rows.js';
import { lengthOf, Visited } from './visited.js';

/** @typedef {{ id: number, kind: 'error' | 'warn' | 'info', text: string, detail?: string }} Notice */
/** @typedef {'trace' | 'properties' | 'actions' | 'state'} Panel */

export class App {
  /** @param {() => void} draw asks for the page to be drawn again */
  constructor(draw) {
    this.draw = draw;
    this.resources = new Resources(draw);
    this.rows = new Rows(draw);
    this.visited = new Visited();
    this.paths = new Paths(this.resources, (header) => this.arrived(header));
    this.router = new Router(() => this.moved());
    this.live = new Live((what) => this.heard(what));
    /** @type {import('./types.js').Model | null} */
    this.model = null;
    /** @type {api.Problem | null} */
    this.failure = null;
    /** @type {Notice[]} */
    this.notices = [];
    this.noticed = 0;
    /** Traces that were dropped on the page, or given on the command line. @type {{ name: string, id: string }[]} */
    this.loaded = [];
    /** Two runs of such a trace that show something together. @type {import('./paths.js').Pair[]} */
    this.loadedPairs = [];
    /** Nobody chose a path yet: a discovery of the check may be shown. */
    this.automatic = this.route.p === '';
    /** The property whose counterexample was asked for. @type {number | null} */
    this.property = null;
    /** @type {{ help: boolean, menu: 'export' | 'share' | null, picking: boolean, panel: Panel, dropping: boolean }} */
    this.ui = { help: false, menu: null, picking: false, panel: 'trace', dropping: false };
    /** Called once the model is known. */
    this.onModel = () => {};
    /** The positions that were asked about last. */
    this.settled = { state: 0, next: 0 };
    /** What is to be said to those who listen. */
    this.said = '';
    /** What was brought into sight last, by view. @type {Record<string, string>} */
    this.revealed = {};
    /** The server was away. */
    this.isAway = false;
    /** What is worked out once for a drawing. @type {{ found?: { steps: number[], complete: boolean } }} */
    this.frame = {};
  }

  get route() {
    return this.router.route;
  }

  async start() {
    try {
      this.model = await api.model();
    } catch (error) {
      this.failure = /** @type {api.Problem} */ (error);
      this.draw();
      return;
    }
    this.onModel();
    const opened = this.model.opened;
    if (opened) this.take(opened, 'the trace of the command line', this.automatic);
    this.live.connect();
    this.draw();
  }

  // ---- What is looked at ----

  /** The path's name as it is asked for. */
  get asked() {
    return this.route.p || this.model?.start || '';
  }

  /** @returns {import('./paths.js').Known} */
  get path() {
    return this.paths.get(this.asked, Math.max(1, this.route.at ?? 1));
  }

  get header() {
    return this.path.header;
  }

  /** The position that is looked at. */
  get at() {
    const header = this.header;
    if (!header) return this.route.at ?? 0;
    return Math.min(this.route.at ?? this.shown?.step ?? header.n_steps, header.n_steps);
  }

  /** Two runs that contradict a property together: found by the check, or of a trace that was opened. @returns {import('./paths.js').Pair[]} */
  get pairs() {
    return [...pairsOf(this.live.run?.discoveries ?? []), ...this.loadedPairs];
  }

  /** Everything that the path shows; as one of two runs too. @returns {import('./paths.js').Shown[]} */
  get showing() {
    const header = this.header;
    return header ? [...header.counterexamples, ...asOneOfTwo(header, this.pairs)] : [];
  }

  /** What the path shows: of several the one that was asked for. @returns {import('./paths.js').Shown | null} */
  get shown() {
    const { header, showing } = this;
    if (!header) return null;
    const asked = showing.find((one) => one.property === this.property);
    const found = violations(showing);
    // A path goes round for what its loop alone shows; what is violated on the way there needs none.
    const looping = header.loop ? found.find((one) => this.isLiveness(one)) : undefined;
    return asked ?? looping ?? found[0] ?? showing[0] ?? null;
  }

  /** @param {{ property: number }} one */
  isLiveness(one) {
    return this.model?.properties[one.property]?.liveness ?? false;
  }

  /** What a step shows: that something is violated there, or met. Of what only a loop shows no step has a mark. @param {number} at @returns {'breaks' | 'met' | ''} */
  markAt(at) {
    const here = this.showing.filter((one) => one.step === at && !(this.header?.loop && this.isLiveness(one)));
    if (here.some((one) => one.verdict === 'violated') || this.path.steps[at]?.turned.some((turn) => turn.after === 'violated')) return 'breaks';
    return here.length ? 'met' : '';
  }

  /** The letters of all properties here. */
  get letters() {
    return lettersAt(this.path, this.at);
  }

  /** @param {number} [at] @returns {import('./types.js').Step | undefined} */
  stepAt(at = this.at) {
    return this.path.steps[at];
  }

  /** The state at the position, as soon as it is known. */
  get state() {
    const header = this.header;
    if (!header) return { loading: true, stale: false };
    const at = this.pace('state', header);
    return this.resources.keep('state', this.key('state', header, at), () => api.state(beginning(header, at), at, this.view));
  }

  /** What can happen next. */
  get next() {
    const header = this.header;
    if (!header) return { loading: true, stale: false };
    const at = this.pace('next', header);
    return this.resources.keep('next', this.key('next', header, at), () => api.next(beginning(header, at), at));
  }

  /** @param {'state' | 'next'} kind @param {import('./types.js').Path} header @param {number} at */
  key(kind, header, at) {
    return `${kind} ${this.paths.number(header.id)} ${at} ${kind === 'state' ? this.view : ''}`;
  }

  /** The lane whose state is shown. */
  get actor() {
    if (this.route.actor !== null && this.model?.lanes[this.route.actor]) return this.route.actor;
    const lanes = this.model?.lanes ?? [];
    const step = this.stepAt();
    const acted = step && (step.changed[0] ?? step.lane);
    if (acted !== undefined && lanes[acted]?.kind !== 'environment') return acted;
    return lanes.find((lane) => lane.kind !== 'environment')?.lane ?? 0;
  }

  /**
   * Follows the position, but asks for nothing before the last answer of its kind came: who steps fast skips some.
   * @param {'state' | 'next'} kind @param {import('./types.js').Path} header
   */
  pace(kind, header) {
    const { at } = this;
    const last = Math.min(this.settled[kind], header.n_steps);
    if (last !== at && this.resources.isLoading(this.key(kind, header, last))) return last;
    this.settled[kind] = at;
    return at;
  }

  /** @returns {'diff' | 'full'} */
  get view() {
    return this.route.full ? 'full' : 'diff';
  }

  // ---- Going somewhere ----

  /** @param {Partial<import('./route.js').Route>} change @param {boolean} [push] */
  go(change, push = true) {
    this.automatic = false;
    this.router.go(change, push);
    this.draw();
  }

  /** The reader went Back or Forward. */
  moved() {
    this.automatic = false;
    this.ui.menu = null;
    this.draw();
  }

  /** @param {number} at @param {boolean} [push] */
  goTo(at, push = false) {
    const header = this.header;
    if (!header) return;
    this.go({ at: Math.max(0, Math.min(at, header.n_steps)) }, push);
    this.announce();
  }

  forward() {
    const header = this.header;
    if (!header) return;
    const { at } = this;
    if (at < header.n_steps) this.goTo(at + 1);
    else if (header.loop) this.goTo(header.loop.start);
  }

  backward() {
    this.goTo(this.at - 1);
  }

  /** The next violation that this path shows; if it shows none, the first counterexample that there is. */
  violation() {
    const header = this.header;
    if (!header) return;
    const found = violations(this.showing);
    if (!found.length) {
      this.otherCounterexample();
      return;
    }
    const isLooked = this.automatic || this.route.at === null;
    const one = (!isLooked && found.find((each) => each.step > this.at)) || found[0];
    this.property = one.property;
    this.goTo(one.step, true);
  }

  /** The counterexample of the next property that has one. */
  otherCounterexample() {
    const found = (this.live.run?.discoveries ?? []).filter((one) => one.verdict === 'violated' && one.paths.length);
    if (!found.length) {
      const isBad = this.live.run?.verdict === 'violated';
      this.notice('info', isBad ? 'No path shows what is violated: nothing that was reached would witness it' : 'Nothing is violated, as far as the check has come');
      return;
    }
    // A path that shows nothing may still be there for a property that was asked for.
    const here = this.shown?.property ?? this.property ?? -1;
    this.discovery(found.find((one) => one.property > here) ?? found[0]);
  }

  /** Opens what the check found. @param {import('./types.js').Discovery} discovery @param {number} [which] of two runs */
  discovery(discovery, which = 0) {
    this.property = discovery.property;
    const id = discovery.paths[which];
    if (id === undefined) return;
    this.go({ p: id, at: discovery.loop_start ?? Math.min(discovery.steps, lengthOf(id)), ...this.tabForPath() });
    this.announce();
  }

  /** Opens one of the runs that show a property together. @param {number} property @param {string} id */
  openRun(property, id) {
    this.property = property;
    this.go({ p: id, at: null, ...this.tabForPath() });
    this.announce();
  }

  /** Lays two runs beside each other. @param {number} property @param {string[]} paths */
  compareRuns(property, [a, b]) {
    this.property = property;
    this.go({ p: a, vs: b, tab: 'compare', at: null });
  }

  /** A path is not looked at in the comparison. */
  tabForPath() {
    return this.route.tab === 'compare' ? { tab: /** @type {const} */ ('spacetime') } : {};
  }

  /** Takes an action. @param {import('./types.js').Action} action */
  act(action) {
    const header = this.header;
    const next = this.next.value;
    if (!header || !next) return;
    this.ui.picking = false;
    if (next.path !== beginning(header, this.at)) return;
    if (this.isNext(action)) {
      this.goTo(this.at + 1, true);
      return;
    }
    this.property = null;
    this.go({ p: next.path + action.code, at: next.at + 1 });
    this.announce();
  }

  /** Whether an action is the next step of the path that is looked at. @param {import('./types.js').Action} action */
  isNext(action) {
    return this.stepAt(this.at + 1)?.code === action.code;
  }

  /** @param {number} n the number of an action, from 1 */
  async actNumber(n) {
    this.ui.picking = false;
    this.draw();
    // Who types fast may be ahead of the server.
    const { asked, at } = this;
    for (let tries = 0; tries < 60 && this.asked === asked && this.at === at; tries += 1) {
      const next = this.next.value;
      if (next && this.header && next.path === beginning(this.header, at)) {
        const action = next.groups.flatMap((/** @type {any} */ group) => group.actions).find((/** @type {any} */ one) => one.number === n);
        if (action) this.act(action);
        return;
      }
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  /** Whether the state that an action leads to was shown already. @param {import('./types.js').Action} action */
  isSeen(action) {
    return action.seen_at !== null || this.visited.states.has(action.state);
  }

  /** Opens a path at a position. @param {string} id @param {number | null} at */
  open(id, at) {
    this.property = null;
    this.go({ p: id, at, ...this.tabForPath() });
    this.announce();
  }

  /** To where a verdict changes next. @param {number | null} property @param {'forward' | 'backward'} direction */
  async until(property, direction) {
    const header = this.header;
    if (!header) return;
    try {
      const found = await api.until(header.id, this.at, property, direction);
      this.goTo(found.to, true);
      const name = property === null ? 'no verdict' : `“${this.model?.properties[property]?.name}” does not`;
      if (!found.found) this.notice('info', `${property === null ? 'No verdict changes' : `${name} change`} from there ${direction === 'forward' ? 'on' : 'back'}`);
    } catch (error) {
      this.problem(error);
    }
  }

  /** @param {number} lane */
  toggleHide(lane) {
    const lanes = this.model?.lanes.length ?? 0;
    const isHidden = this.route.hide.includes(lane);
    const hide = isHidden ? this.route.hide.filter((one) => one !== lane) : [...this.route.hide, lane].sort((a, b) => a - b);
    const left = (this.model?.lanes ?? []).filter((one) => one.kind !== 'environment' && !hide.includes(one.lane));
    if (lanes && !left.length) {
      this.notice('info', 'One actor has to stay');
      return;
    }
    this.go({ hide });
    this.say(`${this.model?.lanes[lane]?.name ?? 'actor'} is ${isHidden ? 'shown' : 'hidden'}`);
  }

  // ---- The server ----

  /** A window of a path came. @param {import('./types.js').Path} header */
  arrived(header) {
    this.visited.add(header.id);
    this.visited.states.add(header.start.state);
    this.visited.tell(header.id, header.steps);
  }

  /** @param {'run' | 'progress' | 'discovery' | 'done' | 'connection'} what */
  heard(what) {
    if (what === 'connection') this.connected(this.live.connection);
    if (what === 'run' || what === 'discovery' || what === 'done') this.showDiscovery();
    if (what === 'done' && this.live.run?.verdict) this.say(`The check is done: ${this.live.run.verdict.replaceAll('_', ' ')}`);
    this.draw();
  }

  /** The server came or went. @param {import('./live.js').Connection} connection */
  async connected(connection) {
    if (connection !== 'connected') {
      this.isAway = true;
      return;
    }
    this.resources.dropErrors();
    if (!this.isAway) return;
    this.isAway = false;
    try {
      // Another server may be there for another model, and then nothing that is on the page is true of it.
      const model = await api.model();
      if (JSON.stringify(model) !== JSON.stringify(this.model)) location.reload();
    } catch {
      // It is gone again.
    }
  }

  /** Shows the first violation, unless somebody looks at something of their own. */
  showDiscovery() {
    if (!this.automatic) return;
    const found = (this.live.run?.discoveries ?? []).filter((one) => one.verdict === 'violated' && one.paths.length);
    const one = found.find((each) => each.property === this.property) ?? found[0];
    if (!one || this.route.p === one.paths[0]) return;
    this.property = one.property;
    this.router.go({ p: one.paths[0], at: null }, false);
  }

  /** @param {'start' | 'stop'} action */
  async run(action) {
    try {
      this.live.take('run', await api.run({ action }));
    } catch (error) {
      this.problem(error);
    }
  }

  /** Opens a trace file. @param {File} file */
  async openFile(file) {
    try {
      this.take(await api.load(await file.text()), file.name, true);
    } catch (error) {
      this.problem(error, `${file.name} cannot be opened`);
    }
  }

  /** A trace that was loaded. @param {import('./types.js').Loaded} loaded @param {string} name @param {boolean} look whether to open it */
  take(loaded, name, look) {
    loaded.paths.forEach((path, i) => {
      const title = loaded.paths.length > 1 ? `${name}, run ${i + 1}` : name;
      this.loaded = [...this.loaded.filter((one) => one.id !== path.id), { name: title, id: path.id }];
      this.visited.add(path.id);
      if (path.differs && look) this.notice('warn', path.differs.message, name);
    });
    this.loadedPairs = [...this.loadedPairs, ...pairsOf(loaded.together ? [{ ...loaded.together, verdict: 'violated', paths: loaded.paths.map((path) => path.id) }] : [])];
    const first = loaded.paths[0];
    if (!look || !first) return;
    this.property = loaded.property?.property ?? null;
    this.go({ p: first.id, at: null, ...this.tabForPath() });
  }

  // ---- Saying something ----

  /** @param {Notice['kind']} kind @param {string} text @param {string} [detail] */
  notice(kind, text, detail) {
    const id = (this.noticed += 1);
    this.notices = [...this.notices.filter((one) => one.text !== text).slice(-2), { id, kind, text, detail }];
    if (kind === 'info') setTimeout(() => this.dismiss(id), 5000);
    this.draw();
  }

  /** @param {number} id */
  dismiss(id) {
    this.notices = this.notices.filter((one) => one.id !== id);
    this.draw();
  }

  /** @param {unknown} error @param {string} [what] */
  problem(error, what) {
    const problem = /** @type {api.Problem} */ (error);
    const cure = problem.cure ? ` (${problem.cure})` : '';
    this.notice('error', what ?? problem.title ?? 'Something went wrong', `${problem.message}${cure}`);
  }

  /** @param {string} text */
  say(text) {
    this.said = text;
    this.draw();
  }

  /** Says where we are. */
  announce() {
    const { at } = this;
    const step = this.stepAt(at);
    const broken = [...(this.letters ?? '')].flatMap((letter, i) => (letter === 'v' ? [this.model?.properties[i]?.name] : []));
    const what = at === 0 ? 'Start' : `Step ${at} of ${this.header?.n_steps ?? at}: ${step?.label ?? ''}`;
    this.say(broken.length ? `${what}. Violated: ${broken.join(', ')}` : what);
  }
}
