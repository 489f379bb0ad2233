//! Strongly connected components of the states ahead, by Tarjan's algorithm (SIAM Journal on Computing 1:2, 1972), without recursion. The search for fair
//! loops has one of its own, made for many states; here it is plain. The two share nothing, since tests hold one against the other.

/// A graph over the numbers below `len`.
pub(super) trait Digraph {
    /// One more than the greatest number.
    fn len(&self) -> usize;
    /// Whether the number is a node.
    fn is_node(&self, node: u32) -> bool;
    /// How many edges leave the node, those to elsewhere included.
    fn degree(&self, node: u32) -> usize;
    /// Where an edge leads, if it leads to a node.
    fn edge(&self, node: u32, edge: usize) -> Option<u32>;
}

/// Not numbered yet.
const NEW: u32 = u32::MAX;
/// In a finished component.
const DONE: u32 = u32::MAX - 1;

/// Calls `visit` with each component whose nodes may lie on a cycle: two nodes or more, or one with an edge to itself.
/// The nodes come ascending; the components in an order that the graph alone determines.
pub(super) fn components<G: Digraph>(
    graph: &G,
    roots: impl Iterator<Item = u32>,
    mut visit: impl FnMut(&[u32]),
) {
    // A node's number while it is open, lowered to the least number it reaches.
    let mut low = vec![NEW; graph.len()];
    let mut open: Vec<u32> = Vec::new();
    // Nodes on the way, each with its own number and its next edge.
    let mut way: Vec<(u32, u32, u32)> = Vec::new();
    let mut n_numbered = 0;
    let mut found: Vec<u32> = Vec::new();
    for root in roots {
        if !graph.is_node(root) || low[root as usize] != NEW {
            continue;
        }
        way.push((root, n_numbered, 0));
        low[root as usize] = n_numbered;
        n_numbered += 1;
        open.push(root);
        while let Some((node, number, next)) = way.last_mut() {
            let (node, number) = (*node, *number);
            if (*next as usize) < graph.degree(node) {
                let edge = *next as usize;
                *next += 1;
                let Some(to) = graph.edge(node, edge) else {
                    continue;
                };
                match low[to as usize] {
                    NEW => {
                        way.push((to, n_numbered, 0));
                        low[to as usize] = n_numbered;
                        n_numbered += 1;
                        open.push(to);
                    }
                    DONE => {}
                    reached => low[node as usize] = low[node as usize].min(reached),
                }
                continue;
            }
            way.pop();
            let reached = low[node as usize];
            if let Some(&(before, ..)) = way.last() {
                low[before as usize] = low[before as usize].min(reached);
            }
            if reached != number {
                continue;
            }
            found.clear();
            loop {
                let Some(member) = open.pop() else {
                    unreachable!("a component ends with its first node")
                };
                low[member as usize] = DONE;
                found.push(member);
                if member == node {
                    break;
                }
            }
            let loops = |node: u32| {
                (0..graph.degree(node)).any(|edge| graph.edge(node, edge) == Some(node))
            };
            if found.len() > 1 || loops(node) {
                found.sort_unstable();
                visit(&found);
            }
        }
    }
}
