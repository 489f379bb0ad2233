/**
 * What the server says, as types: the schemas of `openapi.json` under the same names, for editors and `tsc --checkJs`. No code.
 *
 * @typedef {'holds' | 'holds_within_bounds' | 'vacuous' | 'inconclusive' | 'violated'} Verdict
 * @typedef {'holds' | 'violated' | 'met' | 'pending' | 'idle' | 'open'} StateVerdict
 * @typedef {{ [shape: string]: any }} Tree
 * @typedef {{ tree: Tree, text: string }} Value
 * @typedef {{ lane: number, name: string, kind: 'actor' | 'environment' | 'model' }} Lane
 * @typedef {{ name: string, value: string, default: string, domain: string, help: string }} Parameter
 * @typedef {{ property: number, name: string, kind: string, words: string, liveness: boolean, expected: Verdict, built_in: boolean }} Property
 * @typedef {{ name: string, about: string, extension: string }} FormatInfo
 * @typedef {{ kind: string, step: number, of: number, message: string, enabled: string[] }} Differs
 * @typedef {{ property: { property: number | null, name: string, kind: string, verdict: Verdict } | null, paths: { id: string, steps: number, of: number, differs: Differs | null }[], same: boolean, together: { property: number, reason: string, why: string | null } | null }} Loaded
 * @typedef {{ version: string, api: number, name: string, model: string, variant: string, variants: string[], summary: string, source: string | null, parameters: Parameter[], kind: 'actors' | 'general', lanes: Lane[], properties: Property[], boundaries: string[], initial_states: number, start: string, opened: Loaded | null, formats: FormatInfo[], steps_max: number, command: string }} Model
 * @typedef {{ property: number, before: StateVerdict, after: StateVerdict }} Turn
 * @typedef {{ number: number, code: string, kind: string, lane: number, from: number | null, label: string, short: string, parts: [string, string, string], fault: boolean, no_op: boolean, changed: number[], changes: number, sent: number, state: string, verdicts: string, turned: Turn[], outside: boolean }} Step
 * @typedef {{ start: number, stays: boolean, fairness: { class: string, fairness: string, met: string }[] }} Loop
 * @typedef {{ property: number, verdict: 'violated' | 'holds', step: number, reason: string, why: string | null }} Counterexample
 * @typedef {{ id: string, base_length: number, code_length: number, initial: number, initial_states: number, n_steps: number, start: { state: string, verdicts: string, outside: boolean }, from: number, steps: Step[], loop: Loop | null, counterexamples: Counterexample[], turns: number[], faults: number[], differs: Differs | null }} Path
 * @typedef {{ part: string, lane: number | null, path: string, change: 'changed' | 'added' | 'removed', before: Value | null, after: Value | null }} DiffRow
 * @typedef {{ from: number | null, from_name: string, content: Value, remaining: string | null }} InFlight
 * @typedef {{ lane: number, name: string, status: 'up' | 'down' | 'panicked', changed: boolean, inbox: InFlight[], ordered: number[], timers: Value[], facets: { name: string, value: Value }[], state: Value | null }} ActorState
 * @typedef {{ path: string, at: number, n_steps: number, step: Step | null, next: number | null, state: string, verdicts: { property: number, verdict: StateVerdict, before: StateVerdict | null, note: string | null }[], outside: string[], diff: DiffRow[], sent: { to: number, content: Value }[], actors: ActorState[], parts: { part: string, value: Value }[] }} State
 * @typedef {{ number: number, code: string, kind: string, lane: number, from: number | null, label: string, short: string, parts: [string, string, string], fault: boolean, no_op: boolean, state: string, seen_at: number | null, breaks: number[], meets: number[], outside: boolean, taken: boolean }} Action
 * @typedef {{ path: string, at: number, state: string, n_actions: number, groups: { lane: number, name: string, actions: Action[] }[], starts: { initial: number, path: string, current: boolean }[] }} Next
 * @typedef {{ step: number | null, x: number, y: number }} Point
 * @typedef {'self' | 'past' | 'future' | 'concurrent' | null} Relation
 * @typedef {{ step: number, lane: number | null, line: number, x: number, y: number, mark: string, fault: boolean, label: string, title: string, label_x: number, label_left: boolean, clock: number[], turned: Turn[], relation: Relation }} DiagramEvent
 * @typedef {{ kind: string, from: Point, to: Point, to_itself: boolean, title: string, in_cone: boolean | null }} Edge
 * @typedef {{ path: string, n_steps: number, from: number, count: number, width: number, height: number, column: number, row: number, start_y: number, lanes: { lane: number, name: string, title: string, x: number }[], hidden: number[], lines: string[], events: DiagramEvent[], edges: Edge[], down: { lane: number, x: number, from_y: number, to_y: number }[], bracket: { start: number, from_y: number, to_y: number } | null, cone: { step: number, past: number[], future: number[] } | null }} Spacetime
 * @typedef {{ path: string, at: number, found: boolean, to: number, turned: Turn[] }} Until
 * @typedef {{ a: string, b: string, common: number, differs: { kind: string, step: number, message: string, a: Step | null, b: Step | null, state: DiffRow[] } | null }} Compare
 * @typedef {{ unique: number, generated: number, depth: number, queue: number, bytes: number, seconds: number, rate: number }} Progress
 * @typedef {{ property: number, verdict: 'violated' | 'holds', steps: number, paths: string[], loop_start: number | null, reason: string, why: string | null, final: boolean }} Discovery
 * @typedef {{ property: number, verdict: Verdict | null, as_expected: boolean | null, note: string | null }} RunProperty
 * @typedef {{ unique: number, generated: number, transitions: number, depth: number, stopped: string | null, cuts: string[], omission_bound: number, symmetry: string | null, assumptions: string[], warnings: string[], never_exercised: string[] }} Summary
 * @typedef {{ run: number, state: 'idle' | 'running' | 'stopping' | 'done' | 'failed', progress: Progress, verdict: Verdict | null, properties: RunProperty[], discoveries: Discovery[], summary: Summary | null, error: string | null }} Run
 */
export {};
