// Run inside a page after one press of Tab (from then on the browser shows where the focus is): give the focus to everything
// that Tab can reach, and return what does not show it.
() => {
  const shown = (one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: false });
  const reachable = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
    .filter((one) => shown(one) && !one.disabled && one.type !== 'hidden' && one.tabIndex === 0);
  const outlined = (one) => {
    const { outlineStyle, outlineWidth } = getComputedStyle(one);
    return outlineStyle !== 'none' && parseFloat(outlineWidth) > 0;
  };
  const problems = reachable.length ? [] : ['nothing can have the focus'];
  for (const one of reachable) {
    one.focus();
    const around = [one, one.parentElement, one.closest('label'), one.closest('.editor')].filter(Boolean);
    const what = one.outerHTML.slice(0, 160);
    if (document.activeElement !== one) problems.push(`cannot have the focus: ${what}`);
    else if (!around.some(outlined)) problems.push(`does not show the focus: ${what}`);
    const { left, right, top, bottom } = (one.closest('label, .editor') ?? one).getBoundingClientRect();
    if (right <= 0 || left >= innerWidth || bottom <= 0 || top >= innerHeight) problems.push(`is out of sight with the focus: ${what}`);
  }
  return problems;
}
