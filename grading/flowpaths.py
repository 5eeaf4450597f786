"""Paths through a flow: what is reached, what stands before what, where it stops, whether it runs in circles."""

from __future__ import annotations

from collections.abc import Mapping

from grading.flow import Flow

ENDS = frozenset({"answer", "end"})


def successors(flow: Flow) -> dict[str, list[str]]:
    """Return node id → the nodes that its connections lead to (existing ones, each once, in order)."""
    found: dict[str, list[str]] = {node.id: [] for node in flow.nodes}
    for edge in flow.edges:
        if edge.source in found and edge.target in found and edge.target not in found[edge.source]:
            found[edge.source].append(edge.target)
    return found


def reachable(flow: Flow) -> frozenset[str]:
    """Return the nodes to which a path leads from a start node, with the start nodes."""
    return _closure(successors(flow), [node.id for node in flow.nodes if node.type == "start"])


def upstream(flow: Flow, node_id: str) -> frozenset[str]:
    """Return the nodes from which a path leads to `node_id`."""
    before: dict[str, list[str]] = {node.id: [] for node in flow.nodes}
    for source, targets in successors(flow).items():
        for target in targets:
            before[target].append(source)
    return _closure(before, before.get(node_id, []))


def dead_ends(flow: Flow) -> tuple[str, ...]:
    """Return the nodes without a way on from which nothing is answered: no answer or end node stands there or before."""
    following = successors(flow)
    kinds = {node.id: node.type for node in flow.nodes}
    stops = [name for name, targets in following.items() if not targets and kinds[name] not in ENDS]
    return tuple(name for name in stops if not any(kinds[before] in ENDS for before in upstream(flow, name)))


def cycle(flow: Flow) -> tuple[str, ...]:
    """Return the nodes of one circle, () if there is none. The first is named again at the end."""
    following = successors(flow)
    state: dict[str, int] = {}
    for root in following:
        path: list[str] = []
        stack = [(root, iter(following[root]))] if root not in state else []
        if stack:
            state[root] = 1
            path.append(root)
        while stack:
            name, targets = stack[-1]
            target = next(targets, None)
            if target is None:
                state[name] = 2
                stack.pop()
                path.pop()
            elif state.get(target) == 1:
                return (*path[path.index(target) :], target)
            elif target not in state:
                state[target] = 1
                path.append(target)
                stack.append((target, iter(following[target])))
    return ()


def _closure(following: Mapping[str, list[str]], first: list[str]) -> frozenset[str]:
    seen, waiting = set(first), list(first)
    while waiting:
        for target in following[waiting.pop()]:
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return frozenset(seen)
