// Run inside a page: what is wrong with it, as sentences.
() => {
  const problems = [];
  const shown = (one) => one.checkVisibility({ visibilityProperty: true });
  const where = (one) => `<${one.tagName.toLowerCase()} id="${one.id}" name="${one.getAttribute('name') ?? ''}" class="${one.className}">`;

  const { scrollWidth } = document.scrollingElement;
  if (scrollWidth > innerWidth) problems.push(`the page scrolls sideways: ${scrollWidth} > ${innerWidth}`);

  const headings = [...document.querySelectorAll('h1')].filter(shown);
  if (headings.length !== 1) problems.push(`${headings.length} × h1`);

  const ids = [...document.querySelectorAll('[id]')].map((one) => one.id);
  for (const id of new Set(ids.filter((one, n) => ids.indexOf(one) !== n))) problems.push(`id ${id} more than once`);

  const referred = (one, name) => (one.getAttribute(name) ?? '').split(/\s+/).filter(Boolean);
  for (const one of document.querySelectorAll('[aria-labelledby], [aria-describedby], [aria-controls]')) {
    for (const id of ['aria-labelledby', 'aria-describedby', 'aria-controls'].flatMap((name) => referred(one, name))) {
      if (!document.getElementById(id)) problems.push(`${where(one)} refers to a missing #${id}`);
    }
  }

  const spoken = (one) => one.getAttribute('aria-label') || referred(one, 'aria-labelledby').map((id) => document.getElementById(id)?.textContent).join('')
    || one.getAttribute('title') || '';
  for (const one of document.querySelectorAll('input:not([type=hidden]), select, textarea')) {
    const label = [...(one.labels ?? [])].map((text) => text.textContent).join('').trim();
    if (shown(one) && !label && !spoken(one).trim()) problems.push(`${where(one)} has no label`);
  }
  for (const one of document.querySelectorAll('button, a[href], summary')) {
    if (shown(one) && !one.textContent.trim() && !spoken(one).trim()) problems.push(`${where(one)} has no name`);
  }
  if (!document.title.includes('·')) problems.push('the title does not name the page');
  return problems;
}
