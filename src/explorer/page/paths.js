/**
 * Paths as far as they are known: what holds of the whole path, and those of its steps that were asked for.
 *
 * A path may have thousands of steps; they come in windows, and only those that somebody looks at.
 */
import * as api from './api.js';

/** @typedef {import('./types.js').Path} Header what holds of a whole path; its `steps` are those of one window */

/**
 * A path.
 * @typedef {object} Known
 * @property {string} asked the name that it was asked for by
 * @property {Header | null} header
 * @property {import('./types.js').Step[]} steps by number; with holes
 * @property {import('./api.js').Problem | null} error
 */

/** So many paths are kept. */
const KEPT = 40;

export class Paths {
  /** @param {import('./resource.js').Resources} resources @param {(header: Header) => void} arrived called with every window */
  constructor(resources, arrived) {
    this.resources = resources;
    this.arrived = arrived;
    /** @type {Map<string, Known>} */
    this.known = new Map();
    /** The one that was asked for last. @type {Known | null} */
    this.last = null;
    /** Short names: the name of a long path is long. @type {Map<string, number>} */
    this.numbers = new Map();
  }

  /** A short name for a path, as long as the page is open. @param {string} id @returns {number} */
  number(id) {
    let number = this.numbers.get(id);
    if (number === undefined) this.numbers.set(id, (number = this.numbers.size));
    return number;
  }

  /** @param {string} asked @returns {Known} */
  of(asked) {
    if (this.last?.asked === asked) return this.last;
    let known = this.known.get(asked);
    if (known) this.known.delete(asked);
    else known = { asked, header: null, steps: [], error: null };
    this.known.set(asked, known);
    for (const old of this.known.keys()) {
      if (this.known.size <= KEPT) break;
      this.known.delete(old);
    }
    this.last = known;
    return known;
  }

  /** A path, with the window that a step is in, once it is here. @param {string} asked @param {number} [step] @returns {Known} */
  get(asked, step = 1) {
    const known = this.of(asked);
    const { header } = known;
    // The model is not known yet.
    if (!asked) return known;
    if (header) {
      if (header.n_steps === 0) return known;
      step = Math.min(step, header.n_steps);
      if (known.steps[step]) return known;
    }
    const from = api.windowOf(step);
    const answer = this.resources.get(`path ${this.number(asked)} ${from}`, async () => {
      const header = await api.path(asked, from);
      this.take(asked, header);
      return header;
    });
    known.error = known.header ? null : answer.error ?? null;
    // The answer is here, but the path was forgotten in the meantime.
    if (answer.value && !known.steps[step] && !(known.header && !answer.value.steps.length)) this.take(asked, answer.value);
    return known;
  }

  /** All windows of a path; true once all are here. @param {string} asked @returns {boolean} */
  all(asked) {
    const { header } = this.get(asked);
    if (!header) return false;
    let complete = true;
    for (let from = 1; from <= header.n_steps; from += api.WINDOW) {
      if (!this.get(asked, from).steps[from]) complete = false;
    }
    return complete;
  }

  /** @param {string} asked @param {Header} header */
  take(asked, header) {
    for (const name of new Set([asked, header.id])) {
      const known = this.of(name);
      known.header ??= header;
      known.error = null;
      for (const step of header.steps) known.steps[step.number] = step;
    }
    this.arrived(header);
  }
}

/** The name of a path's beginning. @param {Header} header @param {number} steps */
export const beginning = (header, steps) => header.id.slice(0, header.base_length + header.code_length * steps);

/** The letters of all properties at a position, as far as known. @param {Known} known @param {number} at @returns {string | undefined} */
export const lettersAt = (known, at) => (at === 0 ? known.header?.start.verdicts : known.steps[at]?.verdicts);

/**
 * Two runs that contradict a property together, neither of them alone.
 * @typedef {{ property: number, paths: string[], reason: string, why: string | null }} Pair
 */

/**
 * What a path shows; `run` of the `paths` of a pair, counted from 0, where it shows that together with the other.
 * @typedef {import('./types.js').Counterexample & { run?: number, paths?: string[] }} Shown
 */

/** Those of what was found that are pairs. @param {(Pair & { verdict: string })[]} found @returns {Pair[]} */
export const pairsOf = (found) => found.filter((one) => one.verdict === 'violated' && one.paths.length === 2);

/** What a path shows as one of two runs: in the end of each it is seen. @param {Header} header @param {Pair[]} pairs @returns {Shown[]} */
export function asOneOfTwo(header, pairs) {
  const own = pairs.filter((pair, i) => pair.paths.includes(header.id) && pairs.findIndex((one) => one.property === pair.property && one.paths.includes(header.id)) === i);
  return own.map(({ property, paths, reason, why }) => ({ property, verdict: 'violated', step: header.n_steps, reason, why, run: paths.indexOf(header.id), paths }));
}

/** What is violated, in the order in which the path comes to it. @template {import('./types.js').Counterexample} T @param {T[]} shown @returns {T[]} */
export function violations(shown) {
  const violated = shown.filter((one) => one.verdict === 'violated');
  return [...violated].sort((a, b) => a.step - b.step || a.property - b.property);
}
