// What is wrong with the YAML, in one sentence with its line, while it is typed.
import { read } from './sheet.js';

const CODES = {
  BAD_INDENT: 'err_indent', BAD_COLLECTION_TYPE: 'err_indent', TAB_AS_INDENT: 'tab', MISSING_CHAR: 'err_quote', BAD_ALIAS: 'alias_use', UNEXPECTED_TOKEN: 'err_colon',
  BLOCK_AS_IMPLICIT_KEY: 'err_colon', MULTILINE_IMPLICIT_KEY: 'err_colon', BLOCK_IN_FLOW: 'err_bracket', FLOW_MAP_UNCLOSED: 'err_bracket', DUPLICATE_KEY: 'err_twice', IMPOSSIBLE: 'err_other',
};
const BARE = /^\s*(?:-\s*)?(?:to|from|state|above)\s*:\s*(on|off|yes|no)\s*(?:#.*)?$/i;
const BARE_TIME = /^\s*(?:-\s*)?(?:at|after|before|for|delay)\s*:\s*([1-9]\d?:\d\d(?::\d\d)?)\s*(?:#.*)?$/;

const codeOf = ({ code, message }) => (/^flow|end with a [\]}]/i.test(message) ? 'err_bracket' : CODES[code] ?? 'err_other');

/** {error: sentence or '', hints: [sentence], count}: an error keeps the text from being read, a hint does not. */
export function lint(text, say) {
  const at = (n, what) => say('line', { n, what });
  const hints = text.split('\n').flatMap((line, n) => {
    const word = BARE.exec(line)?.[1];
    const time = BARE_TIME.exec(line)?.[1];
    if (word) return [at(n + 1, say('unquoted', { word }))];
    return time ? [at(n + 1, say('unquoted_time', { word: time }))] : [];
  });
  const { error, document, lines } = read(text);
  if (error) return { error: at(error.line, say(codeOf(error))), hints, count: 0 };
  let bad = '';
  const [warning] = document.warnings;
  if (warning) bad = at(lines.linePos(warning.pos[0]).line, say('tag_use'));
  const anchor = /(?:^|[\s[{,:-])[&*][A-Za-z_]\w*\s*(?:$|[,\]}])/m.exec(text.replace(/(["'])(?:(?!\1).)*\1/g, (quoted) => ' '.repeat(quoted.length)).replace(/#.*$/gm, ''));
  if (!bad && anchor && !/\{[{%]/.test(anchor[0])) bad = at(text.slice(0, anchor.index + 1).split('\n').length, say('alias_use'));
  const root = document.toJS();
  return { error: bad, hints, count: (Array.isArray(root) ? root : [root?.automation ?? []].flat()).length };
}
