// The result page: print button, and what never reached the server.
import './leftovers.js';

const print = document.getElementById('print');
if (print) {
  print.hidden = false;
  print.addEventListener('click', () => window.print());
}
// On paper every theory cell that cost marks is worth reading; the rest stays a number.
addEventListener('beforeprint', () => {
  for (const cell of document.querySelectorAll('.cell--incorrect, .cell--partial, .cell--error')) cell.open = true;
});
