// The task's simulated tools: which there are, and the form of a tool node, one text for each parameter.
import { CORE_SCHEMA, load } from '../../../vendor/js-yaml-4.3.2/js-yaml.mjs';

/** Fetch the task's tools: [{name, title, description, parameters: [{name, description, required}], results: names}]; [] without any. */
export async function fetchTools(url) {
  if (!url) return [];
  const answer = await fetch(url, { credentials: 'same-origin' });
  if (!answer.ok) return [];
  const found = load(await answer.text(), { schema: CORE_SCHEMA });
  const list = Array.isArray(found) ? found : found?.tools ?? [];
  const tools = Array.isArray(list) ? list : Object.entries(list).map(([name, tool]) => ({ name, ...tool }));
  return tools.map((tool) => tool.function ?? tool).filter((tool) => tool?.name).map(describe);
}

function describe({ name, title, description, parameters = {}, responses = [] }) {
  const required = new Set(parameters.required ?? []);
  const properties = parameters.properties ?? {};
  const own = Array.isArray(parameters)
    ? parameters.map((one) => ({ name: String(one.name), description: one.description ?? '', required: one.required === true }))
    : Object.entries(properties).map(([key, one]) => ({ name: key, description: one?.description ?? '', required: required.has(key) }));
  const results = responses.map((one) => one?.result).filter((result) => result !== null && typeof result === 'object' && !Array.isArray(result));
  const named = [...new Set(results.flatMap((result) => Object.keys(result)))];
  return { name: String(name), title: title ?? '', description: description ?? '', parameters: own, results: named };
}

/** Bind the choice of a tool and its parameters in the form of a tool node. */
export function bindTool(box, form) {
  const select = box.querySelector('[data-tool]');
  if (!select) return;
  const { say, tools } = form.editor;
  const name = String(form.data.tool_name ?? '');
  select.replaceChildren(new Option(say('noTool'), ''), ...tools.map((tool) => new Option(tool.title ? `${tool.name}（${tool.title}）` : tool.name, tool.name)));
  if (name && !tools.some((tool) => tool.name === name)) select.add(new Option(say('missingTool', { name }), name));
  select.value = name;
  const chosen = tools.find((tool) => tool.name === name);
  box.querySelector('[data-tool-about]').textContent = chosen?.description ?? '';
  select.addEventListener('change', () => {
    const { title = '' } = tools.find((tool) => tool.name === select.value) ?? {};
    Object.assign(form.data, { tool_name: select.value, tool_label: title || select.value });
    form.changed('', { whole: true, focus: 'tool' });
  });
  const template = box.querySelector('template[data-parameter]');
  const given = form.data.tool_parameters ?? {};
  const names = [...new Set([...(chosen?.parameters.map((one) => one.name) ?? []), ...Object.keys(given)])];
  for (const key of names) box.querySelector('[data-tool-parameters]').append(parameter(template, key, chosen, form));
}

// A parameter is a text with references ("mixed"); one that the file gives as a selector is shown as the same reference.
function parameter(template, key, tool, form) {
  const row = template.content.cloneNode(true);
  const about = tool?.parameters.find((one) => one.name === key);
  const { say } = form.editor;
  row.querySelector('[data-name]').textContent = about?.required ? say('requiredParameter', { name: key }) : key;
  row.querySelector('[data-about]').textContent = about ? about.description : say('unknownParameter');
  const input = row.querySelector('[data-value-of]');
  const old = form.data.tool_parameters?.[key];
  const value = old !== null && typeof old === 'object' && !Array.isArray(old) ? old.value : old;
  input.value = Array.isArray(value) ? `{{#${value.join('.')}#}}` : String(value ?? '');
  input.addEventListener('input', () => {
    form.data.tool_parameters ??= {};
    if (input.value === '') delete form.data.tool_parameters[key];
    else form.data.tool_parameters[key] = { type: 'mixed', value: input.value };
    form.changed(`${form.id} parameter ${key}`);
  });
  const box = document.createElement('div');
  box.append(row);
  return box;
}
