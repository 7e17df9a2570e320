/** The element with an id that index.html promises. */
export function pageElement(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`index.html has no element "${id}"`);
  return element;
}

/** A new element with text and classes. */
export function newElement<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  text = '',
  className = '',
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  element.textContent = text;
  element.className = className;
  return element;
}

/** A row of cells, as books and trades have them. */
export function newRow(cells: readonly string[], className = ''): HTMLLIElement {
  const row = newElement('li', '', className);
  row.append(...cells.map((cell) => newElement('span', cell)));
  return row;
}
