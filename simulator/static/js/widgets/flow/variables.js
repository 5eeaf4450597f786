// Which variables a node may use, as groups for a select: those of nodes before it first.
import { gives } from './kinds.js';

const SYSTEM = ['query', 'dialogue_count', 'conversation_id', 'user_id'];

function named(list) {
  return (Array.isArray(list) ? list : []).map((one) => one?.name).filter(Boolean).map(String);
}

function before(flow, id) {
  const found = new Set();
  const waiting = [id];
  while (waiting.length) {
    const here = waiting.pop();
    for (const edge of flow.edges) {
      const source = String(edge.source);
      if (String(edge.target) === here && !found.has(source)) {
        found.add(source);
        waiting.push(source);
      }
    }
  }
  return found;
}

/** [{label, items: [[node, name, what to show], …]}] for node `id`; tools: those of the task. */
export function variablesFor(flow, id, say, tools) {
  const groups = [{ label: say('systemVariables'), items: SYSTEM.map((name) => ['sys', name]) }];
  const { conversation_variables: conversation, environment_variables: environment } = flow.doc.workflow;
  if (named(conversation).length) groups.push({ label: say('conversationVariables'), items: named(conversation).map((name) => ['conversation', name]) });
  if (named(environment).length) groups.push({ label: say('environmentVariables'), items: named(environment).map((name) => ['env', name]) });
  const earlier = before(flow, id);
  const others = flow.ids.filter((other) => other !== id);
  for (const other of [...others.filter((one) => earlier.has(one)), ...others.filter((one) => !earlier.has(one))]) {
    const title = flow.titleOf(other);
    const items = gives(flow.find(other).data, tools).map((name) => [other, name, `${title} / ${name}`]);
    if (items.length) groups.push({ label: earlier.has(other) ? title : say('notBefore', { title }), items });
  }
  return groups;
}

/** Fill `select` with `groups` after its first options (as many as `keep`); an option's value is "node.name". */
export function fillVariables(select, groups, keep) {
  select.replaceChildren(...[...select.options].slice(0, keep), ...groups.map(({ label, items }) => {
    const group = Object.assign(document.createElement('optgroup'), { label });
    group.append(...items.map(([node, name, shown = `${node}.${name}`]) => new Option(shown, `${node}.${name}`)));
    return group;
  }));
}
