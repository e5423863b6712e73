//! Cycles and order of a graph. Nothing here knows what the things are that depend on one another.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use serde::Serialize;

use crate::graph::{Edge, Element};

/// Elements that need one another in a circle: no order to make them exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cycle {
    /// One edge from each element to the next, and from the last to the first.
    pub edges: Vec<Edge>,
}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for edge in &self.edges {
            write!(f, "{} → ", edge.from.name())?;
        }
        self.edges.first().map_or(Ok(()), |edge| f.write_str(edge.from.name()))
    }
}

/// For each element on a cycle a shortest one, each cycle once, in the order in which `edges` begin.
pub(super) fn cycles(edges: &[Edge]) -> Vec<Cycle> {
    let mut graph = DiGraph::<(), usize>::new();
    let mut nodes = BTreeMap::<&Element, NodeIndex>::new();
    for (place, edge) in edges.iter().enumerate() {
        if let Some(to) = &edge.to {
            let mut node = |element| *nodes.entry(element).or_insert_with(|| graph.add_node(()));
            let (from, to) = (node(&edge.from), node(to));
            // Of several references between the same two, the first explains the cycle.
            if graph.find_edge(from, to).is_none() {
                graph.add_edge(from, to, place);
            }
        }
    }
    // Not Tarjan's algorithm: that one calls itself for each step of a chain of resources.
    let mut components = vec![0; graph.node_count()];
    for (component, members) in kosaraju_scc(&graph).into_iter().enumerate() {
        for member in members {
            components[member.index()] = component;
        }
    }
    let mut covered = BTreeSet::new();
    let mut cycles = Vec::new();
    for start in graph.node_indices() {
        if covered.contains(&start) {
            continue;
        }
        if let Some(steps) = shortest(&graph, &components, start) {
            let edges = steps.into_iter().map(|step| edges[graph[step]].clone()).collect::<Vec<_>>();
            covered.extend(edges.iter().map(|edge| nodes[&edge.from]));
            cycles.push(Cycle { edges });
        }
    }
    cycles
}

/// The edges of a shortest way from `start` back to it, found in breadth.
fn shortest(
    graph: &DiGraph<(), usize>,
    components: &[usize],
    start: NodeIndex,
) -> Option<Vec<petgraph::graph::EdgeIndex>> {
    let mut came_by = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        let mut steps: Vec<_> = graph
            .edges(node)
            .map(|edge| (*petgraph::visit::EdgeRef::weight(&edge), petgraph::visit::EdgeRef::id(&edge)))
            .collect();
        steps.sort_unstable();
        for (_, step) in steps {
            let (_, to) = graph.edge_endpoints(step)?;
            if components[to.index()] != components[start.index()] || came_by.contains_key(&to) {
                continue;
            }
            came_by.insert(to, step);
            if to == start {
                return Some(way_back(graph, &came_by, start));
            }
            queue.push_back(to);
        }
    }
    None
}

fn way_back(
    graph: &DiGraph<(), usize>,
    came_by: &BTreeMap<NodeIndex, petgraph::graph::EdgeIndex>,
    start: NodeIndex,
) -> Vec<petgraph::graph::EdgeIndex> {
    let mut steps = Vec::new();
    let mut node = start;
    loop {
        let step = came_by[&node];
        steps.push(step);
        let (from, _) = graph.edge_endpoints(step).expect("the edge is of this graph");
        if from == start {
            break;
        }
        node = from;
    }
    steps.reverse();
    steps
}

/// The numbers below `count` such that for each edge `(from, to)` `to` comes before `from`, and smaller numbers
/// first where that leaves a choice. `None` if there is a cycle.
pub(super) fn order(count: usize, edges: impl Iterator<Item = (usize, usize)>) -> Option<Vec<usize>> {
    let edges: BTreeSet<_> = edges.collect();
    let mut needs = vec![0_usize; count];
    let mut needed_by = vec![Vec::new(); count];
    for (from, to) in edges {
        needs[from] += 1;
        needed_by[to].push(from);
    }
    let mut ready: BTreeSet<usize> = (0..count).filter(|place| needs[*place] == 0).collect();
    let mut order = Vec::with_capacity(count);
    while let Some(next) = ready.pop_first() {
        order.push(next);
        for from in &needed_by[next] {
            needs[*from] -= 1;
            if needs[*from] == 0 {
                ready.insert(*from);
            }
        }
    }
    (order.len() == count).then_some(order)
}
