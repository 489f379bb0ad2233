/**
 * Answers of the server, kept by what was asked.
 *
 * A view asks for what it needs on every drawing and gets what is there; when an answer arrives, the page is drawn again. So there is
 * no order of arrival to get wrong: an answer that is no longer wanted is simply not asked for.
 */

/**
 * @template T
 * @typedef {{ value?: T, error?: import('./api.js').Problem, loading: boolean, stale: boolean }} Answer
 */

/** So many answers are kept. */
const KEPT = 240;

export class Resources {
  /** @param {() => void} changed called when an answer arrived */
  constructor(changed) {
    this.changed = changed;
    /** @type {Map<string, { value?: any, error?: any, loading: boolean }>} */
    this.entries = new Map();
    /** What each place showed last. @type {Map<string, any>} */
    this.last = new Map();
  }

  /**
   * The answer to a question; asks it where nobody has yet.
   * @template T
   * @param {string} key what is asked, in full
   * @param {() => Promise<T>} load asks it
   * @returns {Answer<T>}
   */
  get(key, load) {
    let entry = this.entries.get(key);
    if (entry) {
      // The least recently used goes first.
      this.entries.delete(key);
      this.entries.set(key, entry);
    } else {
      entry = { loading: true };
      this.entries.set(key, entry);
      this.trim();
      const mine = entry;
      load().then(
        (value) => { mine.value = value; },
        (error) => { mine.error = error; },
      ).finally(() => {
        mine.loading = false;
        this.changed();
      });
    }
    return { value: entry.value, error: entry.error, loading: entry.loading, stale: false };
  }

  /**
   * The same, but while an answer is awaited the place goes on to show what it showed, so that nothing flickers.
   * @template T
   * @param {string} place
   * @param {string} key
   * @param {() => Promise<T>} load
   * @returns {Answer<T>}
   */
  keep(place, key, load) {
    const answer = this.get(key, load);
    if (answer.loading) {
      const last = this.last.get(place);
      return { value: last, loading: true, stale: last !== undefined };
    }
    if (answer.error === undefined) this.last.set(place, answer.value);
    else this.last.delete(place);
    return answer;
  }

  /** Whether an answer is awaited. @param {string} key */
  isLoading(key) {
    return this.entries.get(key)?.loading ?? false;
  }

  /** Forgets answers that were errors. */
  dropErrors() {
    for (const [key, entry] of [...this.entries]) if (entry.error !== undefined) this.entries.delete(key);
  }

  trim() {
    for (const [key, entry] of this.entries) {
      if (this.entries.size <= KEPT) return;
      if (!entry.loading) this.entries.delete(key);
    }
  }
}
