// Not a module: runs before the page is shown. Until exam.js is ready, leaving or handing in would skip the saving that it
// does first; so both wait for it here, and are let through if it never comes.
(() => {
  const PATIENCE_MS = 10000;
  let held = null;

  function hold(event) {
    const target = event.type === 'submit' ? event.target : event.target.closest('a[data-leave], a[data-nav]');
    if (!target || (target.href && target.pathname === location.pathname)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    held = target;
  }

  function release() {
    for (const type of ['click', 'submit']) document.removeEventListener(type, hold, true);
    const target = held;
    held = null;
    if (target?.tagName === 'FORM') target.requestSubmit();
    else target?.click();
  }

  for (const type of ['click', 'submit']) document.addEventListener(type, hold, true);
  document.addEventListener('exam:ready', release, { once: true });
  setTimeout(release, PATIENCE_MS);
})();
