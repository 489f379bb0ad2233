/**
 * What is looked at, in the page's address: path, position, actor, hidden actors, filter, tab. Reload, Back, Forward and a link restore all of it.
 *
 * It stands behind the `#`, so that it is never sent to a server and no link of ours is too long for one.
 */

/** @typedef {'spacetime' | 'steps' | 'tree' | 'compare'} Tab */
/**
 * @typedef {object} Route
 * @property {string} p the path; empty: whatever there is to show
 * @property {number | null} at the position; null: where the path shows a violation, or its end
 * @property {Tab} tab
 * @property {number | null} actor the lane whose state is shown; null: whoever acted
 * @property {number[]} hide lanes that are not drawn
 * @property {string} q the filter
 * @property {boolean} cone whether the causal cone of the current step is shown
 * @property {boolean} full whether whole states are shown
 * @property {string} vs the path that this one is compared with
 */

/** @type {Tab[]} */
export const TABS = ['spacetime', 'steps', 'tree', 'compare'];

const PATH = /^[0-9]+(\.[A-Za-z0-9_-]+)?(\.[0-9]+)?$/;

/** The least time between two changes of the address, in milliseconds: browsers refuse a flood of them. */
const PAUSE = 160;

/** @param {string | null} text @returns {number | null} */
function count(text) {
  return text !== null && /^[0-9]{1,6}$/.test(text) ? Number(text) : null;
}

/** @param {string | null} text */
const pathOf = (text) => (text !== null && PATH.test(text) ? text : '');

/** Reads an address; whatever cannot be read is as if it were not there. @param {string} hash @returns {Route} */
export function parse(hash) {
  const fields = new URLSearchParams(hash.replace(/^#/, ''));
  const lanes = (fields.get('hide') ?? '').split(',').map(count);
  return {
    p: pathOf(fields.get('p')),
    at: count(fields.get('at')),
    tab: TABS.find((tab) => tab === fields.get('tab')) ?? 'spacetime',
    actor: count(fields.get('actor')),
    hide: [...new Set(lanes.filter((lane) => lane !== null))].sort((a, b) => a - b),
    q: (fields.get('q') ?? '').slice(0, 200),
    cone: fields.get('cone') === '1',
    full: fields.get('view') === 'full',
    vs: pathOf(fields.get('vs')),
  };
}

/** Writes an address; what is as usual is left out. @param {Route} route @returns {string} */
export function format(route) {
  /** @type {[string, string | number | null | false][]} */
  const fields = [
    ['p', route.p],
    ['at', route.at],
    ['tab', route.tab !== 'spacetime' && route.tab],
    ['actor', route.actor],
    ['hide', route.hide.join(',')],
    ['q', route.q],
    ['cone', route.cone && '1'],
    ['view', route.full && 'full'],
    ['vs', route.vs],
  ];
  const given = fields.filter(([, value]) => value !== null && value !== false && value !== '');
  const text = given.map(([name, value]) => `${name}=${encodeURIComponent(String(value)).replaceAll('%2C', ',')}`).join('&');
  return text ? `#${text}` : '#';
}

/** Keeps the browser's address and a route the same. */
export class Router {
  /** @param {(route: Route) => void} moved called when the reader went Back or Forward, or changed the address by hand */
  constructor(moved) {
    this.route = parse(location.hash);
    this.last = -Infinity;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    const read = () => {
      if (location.hash === format(this.route) || (location.hash === '' && format(this.route) === '#')) return;
      this.cancel();
      this.route = parse(location.hash);
      moved(this.route);
    };
    addEventListener('popstate', read);
    addEventListener('hashchange', read);
    addEventListener('pagehide', () => this.flush());
  }

  /**
   * Goes somewhere.
   * @param {Partial<Route>} change @param {boolean} push whether Back should lead to where we are now
   */
  go(change, push) {
    const was = /** @type {Record<string, unknown>} */ (this.route);
    if (Object.entries(change).every(([name, value]) => was[name] === value)) return;
    if (push) this.flush();
    this.route = { ...this.route, ...change };
    if (push) {
      history.pushState(null, '', format(this.route));
      return;
    }
    const wait = this.last + PAUSE - performance.now();
    if (wait <= 0) this.write();
    else this.timer ??= setTimeout(() => this.write(), wait);
  }

  write() {
    this.cancel();
    this.last = performance.now();
    history.replaceState(null, '', format(this.route));
  }

  flush() {
    if (this.timer !== undefined) this.write();
  }

  cancel() {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
