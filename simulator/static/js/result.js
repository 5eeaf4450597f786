// The result page: print button, and what never reached the server.
import './leftovers.js';

const print = document.getElementById('print');
if (print) {
  print.hidden = false;
  print.addEventListener('click', () => window.print());
}
