/**
 * The server's API, one function for each endpoint. Errors are `Problem`s: what is wrong and, where known, what to do about it.
 *
 * The server keeps no session: every question says all that it is about.
 */

const ROOT = '/api/v1';

/** So many steps are asked for at once. */
export const WINDOW = 200;

/** An error of the server's, or that it does not answer. */
export class Problem extends Error {
  /** @param {{ title: string, detail: string, status: number, cure?: string | null }} problem */
  constructor({ title, detail, status, cure }) {
    super(detail || title);
    this.title = title;
    this.status = status;
    this.cure = cure ?? null;
  }
}

/** @param {string} path @param {RequestInit} [init] @returns {Promise<any>} */
async function ask(path, init) {
  /** @type {Response} */
  let response;
  try {
    response = await fetch(ROOT + path, { credentials: 'same-origin', ...init });
  } catch {
    throw new Problem({ title: 'No answer', detail: 'the server does not answer', status: 0, cure: 'start `allways explore` again' });
  }
  if (response.ok) return response.json();
  /** @type {{ title: string, detail: string, status: number, cure: string | null }} */
  let problem = { title: response.statusText, detail: '', status: response.status, cure: null };
  if (response.status === 414) problem = { ...problem, title: 'Too long', detail: 'the address of this path is longer than an address may be', cure: 'a path has at most 10,000 steps; two that are compared may have as many together' };
  try {
    problem = { ...problem, ...(await response.json()) };
  } catch {
    // Not our server's words; the status has to do.
  }
  throw new Problem(problem);
}

/** @param {string} path @param {unknown} body */
const post = (path, body) => ask(path, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

/** @param {Record<string, string | number | null | undefined>} fields */
function query(fields) {
  const given = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined && value !== '');
  return given.length ? `?${given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join('&')}` : '';
}

/** The first step of the window that a step is in. @param {number} step */
export const windowOf = (step) => Math.floor(Math.max(0, step - 1) / WINDOW) * WINDOW + 1;

/** @returns {Promise<import('./types.js').Model>} */
export const model = () => ask('/model');

/** @param {string} path @param {number} from @param {number} [count] @returns {Promise<import('./types.js').Path>} */
export const path = (path, from, count = WINDOW) => ask(`/paths/${path}${query({ from, count })}`);

/** @param {string} path @param {number} at @param {'diff' | 'full'} view @returns {Promise<import('./types.js').State>} */
export const state = (path, at, view) => ask(`/paths/${path}/state${query({ at, view })}`);

/** @param {string} path @param {number} at @returns {Promise<import('./types.js').Next>} */
export const next = (path, at) => ask(`/paths/${path}/next${query({ at })}`);

/**
 * @param {string} path @param {number} at @param {number | null} property @param {'forward' | 'backward'} direction
 * @returns {Promise<import('./types.js').Until>}
 */
export const until = (path, at, property, direction) => ask(`/paths/${path}/until${query({ at, property, direction })}`);

/**
 * @param {string} path @param {number} from @param {{ hide: string, cone: number | null }} options
 * @returns {Promise<import('./types.js').Spacetime>}
 */
export const spacetime = (path, from, { hide, cone }) => ask(`/paths/${path}/spacetime${query({ from, count: WINDOW, hide, cone })}`);

/** @param {string} a @param {string} b @returns {Promise<import('./types.js').Compare>} */
export const compare = (a, b) => ask(`/compare${query({ a, b })}`);

/** The address of a path as a file; of two runs that show something together both are in it. @param {string[]} paths @param {string} format @param {number | null} property */
export const exportAddress = ([path, other], format, property) => `${ROOT}/paths/${path}/export${query({ format, property, with: other })}`;

/** @param {string} text of a trace file @returns {Promise<import('./types.js').Loaded>} */
export const load = (text) => post('/paths', text);

/** @param {{ action: 'start' | 'stop', max_depth?: number, max_states?: number, seconds?: number }} request @returns {Promise<import('./types.js').Run>} */
export const run = (request) => post('/run', request);

/** Whether a server answers that does not let us in. @returns {Promise<boolean>} */
export const isRefused = () => ask('/run').then(() => false, (problem) => problem.status === 401);

/** The address of what happens to the check. */
export const EVENTS = `${ROOT}/run/events`;
