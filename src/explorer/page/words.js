/** Words, glyphs and numbers for people. No glyph stands without its word, at least for those who listen. */

/** @type {Record<string, [string, string]>} */
const VERDICTS = {
  violated: ['✗', 'violated'],
  holds: ['✓', 'holds'],
  holds_within_bounds: ['◐', 'holds within bounds'],
  inconclusive: ['?', 'inconclusive'],
  vacuous: ['∅', 'vacuous'],
};

/** @param {string | null | undefined} verdict of a whole check */
export const verdictGlyph = (verdict) => (verdict ? VERDICTS[verdict]?.[0] ?? '·' : '·');

/** @param {string | null | undefined} verdict */
export const verdictWord = (verdict) => (verdict ? VERDICTS[verdict]?.[1] ?? verdict : 'not known yet');

/** @type {Record<string, import('./types.js').StateVerdict>} */
const LETTERS = { h: 'holds', v: 'violated', m: 'met', p: 'pending', i: 'idle', o: 'open' };

/** What the letters of a step say of a property. @param {string | undefined} letters @param {number} property @returns {import('./types.js').StateVerdict | null} */
export const nowOf = (letters, property) => LETTERS[letters?.[property] ?? ''] ?? null;

/** @type {Record<string, string>} */
const NOW = {
  holds: 'holds',
  violated: 'violated',
  met: 'met',
  pending: 'pending',
  idle: 'nothing asked',
  open: 'says nothing',
};

/** @param {string | null} now a verdict at one state */
export const nowWord = (now) => (now ? NOW[now] ?? now : '…');

/** @type {Record<string, string>} */
const NOW_TITLES = {
  holds: 'this state satisfies it',
  violated: 'this state does not satisfy it',
  met: 'its goal is reached in this state',
  pending: 'it waits for its goal here, which may still come',
  idle: 'nothing is asked of this state',
  open: 'one state says nothing about it',
};

/** @param {string | null} now */
export const nowTitle = (now) => (now ? NOW_TITLES[now] ?? '' : '');

/** @param {number} n */
export const number = (n) => Math.round(n).toLocaleString('en');

/** A count in few characters. @param {number} n */
export function brief(n) {
  if (n < 10_000) return number(n);
  if (n < 1_000_000) return `${(n / 1000).toFixed(n < 100_000 ? 1 : 0)}k`;
  return `${(n / 1_000_000).toFixed(n < 100_000_000 ? 2 : 0)}M`;
}

/** @param {number} n @param {string} one @param {string} [many] */
export const counted = (n, one, many = `${one}s`) => `${number(n)} ${n === 1 ? one : many}`;

/** @param {number} seconds */
export const duration = (seconds) => (seconds < 60 ? `${seconds.toFixed(seconds < 10 ? 1 : 0)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`);

/** @param {number} bytes */
export function size(bytes) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (bytes >= 1024 && unit < units.length - 1) {
    bytes /= 1024;
    unit += 1;
  }
  return `${bytes.toFixed(unit === 0 || bytes >= 100 ? 0 : 1)} ${units[unit]}`;
}

/** A text cut where it is long. @param {string} text @param {number} length */
export const cut = (text, length) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

/** A property as a sentence names it. @param {import('./types.js').Property | undefined} property */
export const claim = (property) => (property === undefined ? 'a property' : property.words === property.name ? property.name : `${property.words} “${property.name}”`);
