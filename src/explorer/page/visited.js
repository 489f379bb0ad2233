/**
 * The tree of what was visited: every path that was looked at, joined where they begin alike. Going back and acting otherwise is a fork; nothing is
 * ever lost by going back.
 *
 * A node knows its step's code and its parent, so a path's name is written down nowhere but where it is asked for. What a step says comes
 * later, with the answers of the server.
 */

/**
 * @typedef {object} Node
 * @property {Node | null} parent
 * @property {string} code six characters; of a root everything before the first step
 * @property {number} depth
 * @property {Node[]} children in the order they were first visited
 * @property {import('./types.js').Step | null} step what happens, once it is known
 * @property {Set<number>} loops where the path goes on for ever: from here back to these positions
 */

/** What is kept over a reload is no longer than this. */
const KEPT_CHARACTERS = 400_000;

const CODE = 6;

/** How many steps a path's name has. @param {string} id */
export const lengthOf = (id) => partsOf(id).codes.length / CODE;

/** A path's name in parts. @param {string} id @returns {{ root: string, codes: string, loop: number | null }} */
function partsOf(id) {
  const [initial, body = '', loop] = id.split('.');
  if (loop === undefined && (body.length - 4) % CODE !== 0) return { root: initial, codes: '', loop: Number(body) };
  return { root: body ? `${initial}.${body.slice(0, 4)}` : initial, codes: body.slice(4), loop: loop === undefined ? null : Number(loop) };
}

export class Visited {
  constructor() {
    /** @type {Node[]} */
    this.roots = [];
    /** The states that were shown. @type {Set<string>} */
    this.states = new Set();
    /** Counts the changes, so that who draws knows when to look again. */
    this.version = 0;
  }

  /** Takes a path in, and gives its last node. @param {string} id canonical @returns {Node} */
  add(id) {
    const { root, codes, loop } = partsOf(id);
    /** @type {Node} */
    let node = this.roots.find((one) => one.code === root) ?? { parent: null, code: root, depth: 0, children: [], step: null, loops: new Set() };
    if (!this.roots.includes(node)) {
      this.roots.push(node);
      this.version += 1;
    }
    for (let i = 0; i < codes.length; i += CODE) {
      const code = codes.slice(i, i + CODE);
      /** @type {Node | undefined} */
      let child = node.children.find((/** @type {Node} */ one) => one.code === code);
      if (!child) {
        child = { parent: node, code, depth: node.depth + 1, children: [], step: null, loops: new Set() };
        node.children.push(child);
        this.version += 1;
      }
      node = child;
    }
    if (loop !== null && !node.loops.has(loop)) {
      node.loops.add(loop);
      this.version += 1;
    }
    return node;
  }

  /** Writes beside a path's nodes what its steps say. @param {string} id @param {import('./types.js').Step[]} steps */
  tell(id, steps) {
    if (!steps.length) return;
    let node = /** @type {Node | null} */ (this.add(id));
    const last = steps[steps.length - 1].number;
    const first = steps[0].number;
    while (node && node.depth > last) node = node.parent;
    while (node && node.depth >= first) {
      const step = steps[node.depth - first];
      if (step && !node.step) {
        node.step = step;
        this.states.add(step.state);
        this.version += 1;
      }
      node = node.parent;
    }
  }

  /** The name of the path that ends at a node. @param {Node} node @param {boolean} [looping] with its loop, where it has one @returns {string} */
  id(node, looping = false) {
    /** @type {string[]} */
    const codes = [];
    for (let at = /** @type {Node | null} */ (node); at; at = at.parent) codes.push(at.code);
    const loop = looping ? [...node.loops][0] : undefined;
    return codes.reverse().join('') + (loop === undefined ? '' : `.${loop}`);
  }

  /** Where a path through a node ends: on, always by the child that was visited first. @param {Node} node @returns {Node} */
  end(node) {
    let at = node;
    while (at.children.length && !at.loops.size) at = at.children[0];
    return at;
  }

  /** The ends of all paths. @returns {Node[]} */
  leaves() {
    /** @type {Node[]} */
    const found = [];
    const todo = [...this.roots].reverse();
    while (todo.length) {
      const node = /** @type {Node} */ (todo.pop());
      if (!node.children.length || node.loops.size) found.push(node);
      for (let i = node.children.length - 1; i >= 0; i -= 1) todo.push(node.children[i]);
    }
    return found;
  }

  /** The names of all paths, for the next time; the newest first, and not more than is sensible to keep. @returns {string[]} */
  kept() {
    /** @type {string[]} */
    const names = [];
    let length = 0;
    for (const leaf of this.leaves().reverse()) {
      const name = this.id(leaf, true);
      length += name.length;
      if (length > KEPT_CHARACTERS) break;
      names.push(name);
    }
    return names.reverse();
  }
}

/**
 * One row of the tree as it is drawn.
 * @typedef {{ node: Node, column: number, rails: number[], fork: boolean, last: boolean }} Row
 * `rails`: the columns in which a path goes on past this row.
 */

/**
 * The tree from top to bottom. A path goes on in its own column; what forks off stands, a column further right, before it goes on.
 * @param {Visited} visited @returns {Row[]}
 */
export function rowsOf(visited) {
  /** @type {Row[]} */
  const rows = [];
  /** @type {{ node: Node, column: number, rails: number[], fork: boolean }[]} */
  const todo = visited.roots.map((node) => ({ node, column: 0, rails: [], fork: false })).reverse();
  while (todo.length) {
    const { node, column, rails, fork } = /** @type {NonNullable<ReturnType<typeof todo.pop>>} */ (todo.pop());
    rows.push({ node, column, rails, fork, last: node.children.length === 0 });
    const [main, ...others] = node.children;
    if (main) todo.push({ node: main, column, rails, fork: false });
    // They are taken from the end, so the first fork is pushed last.
    const beside = main ? [...rails, column] : rails;
    for (let i = others.length - 1; i >= 0; i -= 1) {
      todo.push({ node: others[i], column: column + 1, rails: beside, fork: true });
    }
  }
  return rows;
}
