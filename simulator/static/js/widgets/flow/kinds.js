// The kinds of nodes: how a new one begins, which branches leave it, what it gives to others. Forms stand in widgets/_flow_*.html.

const MODEL = { provider: '', name: 'embedded', mode: 'chat', completion_params: { temperature: 0 } };
const QUERY = ['sys', 'query'];
const model = () => structuredClone(MODEL);

const KINDS = {
  start: { prefix: 'start', fresh: () => ({ variables: [] }), gives: (data) => names(data.variables, 'variable') },
  llm: {
    prefix: 'llm', gives: () => ['text'],
    fresh: () => ({
      model: model(), prompt_template: [{ role: 'system', text: '' }, { role: 'user', text: '{{#sys.query#}}' }],
      context: { enabled: false, variable_selector: [] }, vision: { enabled: false },
    }),
  },
  'question-classifier': {
    prefix: 'classifier', gives: () => ['class_name', 'class_id'],
    fresh: () => ({ model: model(), query_variable_selector: [...QUERY], classes: [{ id: '1', name: '' }, { id: '2', name: '' }], instruction: '' }),
    branches: (data) => rowsOf(data.classes).map((one) => ({ handle: String(one.id), label: String(one.name || one.id) })),
  },
  'parameter-extractor': {
    prefix: 'extractor', gives: (data) => [...names(data.parameters, 'name'), '__is_success', '__reason'],
    fresh: () => ({ model: model(), query: [...QUERY], parameters: [], instruction: '', reasoning_mode: 'prompt' }),
  },
  'knowledge-retrieval': {
    prefix: 'retrieval', gives: () => ['result'],
    fresh: () => ({
      query_variable_selector: [...QUERY], dataset_ids: [], retrieval_mode: 'multiple',
      multiple_retrieval_config: { top_k: 3, score_threshold: null, reranking_enable: false },
    }),
  },
  'if-else': {
    prefix: 'branch', gives: () => [],
    fresh: () => ({ cases: [{ case_id: 'true', logical_operator: 'and', conditions: [] }] }),
    branches: (data, say) => [...caseBranches(data, say), { handle: 'false', label: say('otherwise') }],
  },
  code: {
    prefix: 'code', gives: (data) => Object.keys(data.outputs ?? {}),
    fresh: () => ({
      code_language: 'python3', code: 'def main(text: str) -> dict:\n    return {"result": text}\n',
      variables: [{ variable: 'text', value_selector: [...QUERY] }], outputs: { result: { type: 'string', children: null } },
    }),
  },
  'template-transform': {
    prefix: 'template', gives: () => ['output'],
    fresh: () => ({ template: '{{ text }}', variables: [{ variable: 'text', value_selector: [...QUERY] }] }),
  },
  'variable-aggregator': { prefix: 'aggregator', gives: () => ['output'], fresh: () => ({ output_type: 'string', variables: [] }) },
  tool: {
    prefix: 'tool', gives: () => ['text', 'json'],
    fresh: () => ({ provider_id: '', provider_type: 'api', provider_name: '', tool_name: '', tool_label: '', tool_configurations: {}, tool_parameters: {} }),
  },
  'http-request': {
    prefix: 'http', gives: () => ['body', 'status_code', 'headers'],
    fresh: () => ({ method: 'get', url: '', headers: '', params: '', authorization: { type: 'no-auth', config: null }, body: { type: 'none', data: [] }, variables: [] }),
  },
  answer: { prefix: 'answer', gives: () => ['answer'], fresh: () => ({ answer: '', variables: [] }), branches: null },
  end: { prefix: 'end', gives: () => [], fresh: () => ({ outputs: [] }), branches: () => [] },
};

const rowsOf = (list) => (Array.isArray(list) ? list.filter((one) => one !== null && typeof one === 'object') : []);
const names = (list, key) => rowsOf(list).map((one) => String(one[key] ?? '')).filter(Boolean);

function caseBranches(data, say) {
  const cases = rowsOf(data.cases);
  if (!cases.length) return [{ handle: 'true', label: say('ifCase', { n: 1 }) }];
  return cases.map((one, n) => ({ handle: String(one.case_id ?? one.id ?? 'true'), label: say('ifCase', { n: n + 1 }) }));
}

const silent = (key) => key;

/** The branches that leave a node: [{handle, label}]; the label of an only branch is ''. */
export function branches(data, say = silent) {
  const own = KINDS[data.type]?.branches;
  const found = own ? own(data, say) : [{ handle: 'source', label: '' }];
  if (data.error_strategy !== 'fail-branch') return found;
  return [...found.slice(0, -1), { handle: 'source', label: say('successBranch') }, { handle: 'fail-branch', label: say('failBranch') }];
}

/** The branch that an edge leaves by; both names of a success mean the same. */
export function handleOf({ sourceHandle = 'source' }) {
  return String(sourceHandle) === 'success-branch' ? 'source' : String(sourceHandle ?? 'source');
}

/** The names of what a node gives to others; tools: those of the task, whose results have names too. */
export function gives(data, tools = []) {
  const own = KINDS[data.type]?.gives(data) ?? [];
  const results = data.type === 'tool' ? tools.find(({ name }) => name === data.tool_name)?.results ?? [] : [];
  const failed = data.error_strategy === 'fail-branch' ? ['error_message', 'error_type'] : [];
  return [...own, ...results, ...failed];
}

/** The data of a new node of `kind`. */
export function fresh(kind) {
  return KINDS[kind].fresh();
}

/** What the ids of new nodes begin with. */
export function prefixOf(kind) {
  return KINDS[kind]?.prefix ?? 'node';
}

/** True if forms know this kind. */
export function isKnown(kind) {
  return kind in KINDS;
}
