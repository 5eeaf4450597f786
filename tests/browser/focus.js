// Run inside a page: null if nothing has the focus, else whether it shows, and what it is.
() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  // Inside a date field the browser's own calendar button can have the focus, and shows it itself: the field has none then.
  if (one.matches('[type=datetime-local]:not(:focus)')) return { shows: true, inView: true };
  const outlined = (element) => {
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    return outlineStyle !== 'none' && parseFloat(outlineWidth) > 0;
  };
  const chain = [one, one.parentElement, one.parentElement?.parentElement, one.closest('label')].filter(Boolean);
  const visible = one.closest('label, .editor') ?? one;
  const { left, right, top, bottom } = visible.getBoundingClientRect();
  const inView = right > 0 && left < innerWidth && bottom > 0 && top < innerHeight;
  return { shows: chain.some(outlined) || getComputedStyle(one).boxShadow !== 'none', inView, what: one.outerHTML.slice(0, 160) };
}
