// Making elements. Text goes in as text nodes only; there is no way to hand HTML to anything here.

type Child = Node | string | null | undefined | false;
type Attributes = Record<string, string | number | boolean | undefined | ((event: never) => void)>;

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value as EventListener);
    else set(element, name, value);
  }
  for (const child of children) if (child) element.append(child);
  return element;
}

export function button(
  className: string,
  attributes: Attributes,
  click: () => void,
  ...children: Child[]
): HTMLButtonElement {
  return el("button", { type: "button", class: className, click: () => click(), ...attributes }, ...children);
}

/** Sets an attribute, or removes it when the value is false or undefined. Writes nothing that is there already. */
export function set(element: Element, name: string, value: string | number | boolean | undefined): void {
  if (value === undefined || value === false) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
    return;
  }
  const text = value === true ? "" : String(value);
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

const paths = {
  chat: "M12 4c-5 0-9 3.3-9 7.5 0 2.4 1.3 4.5 3.3 5.9L5.5 21l4-2.3c.8.2 1.7.3 2.5.3 5 0 9-3.3 9-7.5S17 4 12 4Z",
  down: "m6 9.5 6 6 6-6",
  close: "m6.5 6.5 11 11m0-11-11 11",
  send: "M12 19V5.5m-6 5.8 6-6 6 6",
  article: "M6 3.5h8l4 4v13H6Zm8 0v4h4m-9 5h6m-6 4h4",
  person: "M12 12.2a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-7.5 8c.6-3.2 3.6-5 7.5-5s6.9 1.8 7.5 5",
  spark: "M12 3.5c.7 4.8 3.2 7.3 8 8-4.8.7-7.3 3.2-8 8-.7-4.8-3.2-7.3-8-8 4.8-.7 7.3-3.2 8-8Z",
};

export function icon(name: keyof typeof paths): SVGElement {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const path = document.createElementNS(space, "path");
  set(svg, "viewBox", "0 0 24 24");
  set(svg, "aria-hidden", "true");
  set(path, "d", paths[name]);
  svg.append(path);
  return svg;
}
