// Sending one file to its field's address: checked here first, with its progress, and one answer however it ends.
import { headers } from '../../api.js';
import { text } from '../../texts.js';

const MB = 1048576;

/** Say what is wrong with `file` before a byte is sent; '' if nothing is. accept: endings with commas; maxMb: MiB. */
export function refusal(file, { accept, maxMb }) {
  const endings = accept.split(',').filter(Boolean);
  if (!file.size) return text('emptyFile');
  if (endings.length && !endings.some((end) => file.name.toLowerCase().endsWith(end))) return text('wrongType', { accept: endings.join(' ') });
  if (file.size > Number(maxMb) * MB) return text('tooBig', { size: (file.size / MB).toFixed(1), max: maxMb });
  return '';
}

/** "3.2 MB" of a number of bytes. */
export function sizeOf(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < MB ? `${Math.round(bytes / 1024)} KB` : `${(bytes / MB).toFixed(1)} MB`;
}

/**
 * Send `file`. Returns {abort, ended}; `ended` becomes {blob, name, size, preview}, {error, again} or {aborted}.
 * again: the network was at fault, so the same file may be sent once more. onProgress(percent).
 */
export function transfer(url, file, onProgress) {
  const request = new XMLHttpRequest(); // fetch cannot tell how far an upload has come
  const ended = new Promise((resolve) => {
    request.addEventListener('load', () => resolve(answerOf(request)));
    request.addEventListener('error', () => resolve({ error: text('uploadFailed'), again: true }));
    request.addEventListener('abort', () => resolve({ aborted: true }));
  });
  request.upload.addEventListener('progress', (event) => { if (event.lengthComputable) onProgress((100 * event.loaded) / event.total); });
  request.open('POST', url);
  for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
  const form = new FormData();
  form.append('file', file);
  request.send(form);
  return { abort: () => request.abort(), ended };
}

function answerOf(request) {
  let answer = null;
  try { answer = JSON.parse(request.responseText); } catch { /* a proxy's page; told below */ }
  if (request.status !== 200 || !answer?.blob) return { error: answer?.error ?? text('uploadFailed'), again: !answer };
  return answer;
}
