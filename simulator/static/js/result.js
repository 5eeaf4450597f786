// The result page: print button, and what never reached the server.
import './leftovers.js';
import { enliven } from './evidence.js';

const print = document.getElementById('print');
if (print) {
  print.hidden = false;
  print.addEventListener('click', () => window.print());
}

enliven(document);
document.addEventListener('htmx:afterSwap', () => enliven(document));
