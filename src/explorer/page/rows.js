/**
 * Long lists and tall pictures of which only the part that is seen exists.
 *
 * A scroller is an element with `data-scroller="name"`. This module knows how far each is scrolled and how high it is, says which rows a
 * view has to draw, and brings a row into sight when asked. It draws nothing.
 */

/** @typedef {{ top: number, left: number, height: number, width: number }} Seen */

/** Rows above and below what is seen that exist too. */
const SPARE = 8;

/** So many pixels can be scrolled before more rows are needed. */
const SLACK = 100;

export class Rows {
  /** @param {() => void} changed called when another part is seen */
  constructor(changed) {
    this.changed = changed;
    /** @type {Map<string, Seen>} */
    this.seen = new Map();
    /** @type {WeakSet<Element>} */
    this.known = new WeakSet();
    /** How far each was scrolled when it was drawn last. @type {Map<string, number>} */
    this.drawnAt = new Map();
    /** @type {Map<string, { y: number, height: number, x?: number, head: number }>} */
    this.wanted = new Map();
    this.sizes = new ResizeObserver((entries) => {
      for (const entry of entries) this.measure(/** @type {HTMLElement} */ (entry.target));
    });
  }

  /** What is seen of a scroller; before it was drawn a guess. @param {string} name @returns {Seen} */
  of(name) {
    return this.seen.get(name) ?? { top: 0, left: 0, height: 900, width: 800 };
  }

  /**
   * The first row to draw, and the one behind the last.
   * @param {string} name @param {number} count @param {number} height of one row @param {number} [above] pixels above the first row
   * @returns {[number, number]}
   */
  range(name, count, height, above = 0) {
    const { top, height: high } = this.of(name);
    const first = Math.floor((top - above) / height) - SPARE;
    const end = Math.ceil((top - above + high) / height) + SPARE;
    return [Math.max(0, Math.min(first, count)), Math.max(0, Math.min(end, count))];
  }

  /**
   * Asks for something to be brought into sight after the next drawing.
   * @param {string} name @param {{ y: number, height: number, x?: number, head?: number }} where `head`: pixels at the top that are covered
   */
  reveal(name, where) {
    this.wanted.set(name, { head: 0, ...where });
  }

  /** After a drawing: gets to know new scrollers, and scrolls where that was asked for. @param {ParentNode} root */
  drawn(root) {
    for (const element of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll('[data-scroller]'))) {
      const name = element.dataset.scroller ?? '';
      this.drawnAt.set(name, this.of(name).top);
      if (!this.known.has(element)) {
        this.known.add(element);
        this.sizes.observe(element);
        element.addEventListener('scroll', () => this.measure(element), { passive: true });
      }
      const wanted = this.wanted.get(name);
      if (wanted && element.clientHeight > 0) {
        this.wanted.delete(name);
        show(element, wanted);
      }
      this.measure(element);
    }
  }

  /** @param {HTMLElement} element */
  measure(element) {
    const name = element.dataset.scroller ?? '';
    const now = { top: element.scrollTop, left: element.scrollLeft, height: element.clientHeight, width: element.clientWidth };
    const was = this.seen.get(name);
    this.seen.set(name, now);
    const isSized = was && was.height === now.height && was.width === now.width;
    if (!isSized || Math.abs(now.top - (this.drawnAt.get(name) ?? 0)) > SLACK) this.changed();
  }
}

/**
 * Scrolls no further than needed for a row and a little around it.
 * @param {HTMLElement} element @param {{ y: number, height: number, x?: number, head: number }} where
 */
function show(element, { y, height, x, head }) {
  const room = Math.min(2 * height, Math.max(0, (element.clientHeight - head - height) / 2));
  if (y - room < element.scrollTop + head) element.scrollTop = y - room - head;
  else if (y + height + room > element.scrollTop + element.clientHeight) {
    element.scrollTop = y + height + room - element.clientHeight;
  }
  if (x === undefined) return;
  const side = Math.min(120, element.clientWidth / 3);
  if (x - side < element.scrollLeft) element.scrollLeft = x - side;
  else if (x + side > element.scrollLeft + element.clientWidth) element.scrollLeft = x + side - element.clientWidth;
}
