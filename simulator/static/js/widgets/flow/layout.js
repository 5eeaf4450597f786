// A simple layered layout: a node stands one layer after the farthest node that leads to it; loops are cut where they close.

/** Return Map id → {layer, row}, both from 0. edges: [{source, target}]. */
export function layers(ids, edges) {
  const next = new Map(ids.map((id) => [id, []]));
  for (const { source, target } of edges) {
    if (next.has(String(source)) && next.has(String(target))) next.get(String(source)).push(String(target));
  }
  const layer = new Map();
  for (const id of order(ids, next)) {
    layer.set(id, layer.get(id) ?? 0);
    for (const target of next.get(id)) {
      if (!next.done.has(`${id} ${target}`)) layer.set(target, Math.max(layer.get(target) ?? 0, layer.get(id) + 1));
    }
  }
  return rows(ids, edges, layer);
}

// Topological order by depth-first search; `next.done` names the edges that close a loop.
function order(ids, next) {
  next.done = new Set();
  const state = new Map();
  const found = [];
  const visit = (root) => {
    const stack = [[root, 0]];
    state.set(root, 'open');
    while (stack.length) {
      const top = stack[stack.length - 1];
      const target = next.get(top[0])[top[1]];
      top[1] += 1;
      if (target === undefined) {
        state.set(top[0], 'shut');
        found.push(top[0]);
        stack.pop();
      } else if (state.get(target) === 'open') next.done.add(`${top[0]} ${target}`);
      else if (!state.has(target)) {
        state.set(target, 'open');
        stack.push([target, 0]);
      }
    }
  };
  for (const id of ids) if (!state.has(id)) visit(id);
  return found.reverse();
}

// Within a layer nodes stand in the order of those that lead to them, so that few lines cross.
function rows(ids, edges, layer) {
  const columns = [];
  for (const id of ids) (columns[layer.get(id)] ??= []).push(id);
  const places = new Map();
  for (const [number, column] of columns.entries()) {
    const wish = new Map(column.map((id) => {
      const parents = edges.map(({ source, target }, n) => (String(target) === id ? [places.get(String(source)), n] : [null, n])).filter(([place]) => place);
      return [id, Math.max(0, ...parents.map(([{ row }, n]) => row + n / 1000))];
    }));
    column.sort((one, other) => wish.get(one) - wish.get(other));
    let free = 0;
    for (const id of column) {
      const row = Math.max(free, Math.round(wish.get(id)));
      places.set(id, { layer: number, row });
      free = row + 1;
    }
  }
  return places;
}
