// The simple Markdown of answers, as DOM nodes: paragraphs and line breaks, **bold**, *emphasis*, `code`, lists, quotes,
// headings (as bold lines), fenced code, links. Anything else stays the text that it is. Never HTML.

import { el } from "./dom";

/** Characters that turn the direction of writing; a link that holds one could show another address than it has. */
const turning = "\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069";
const bare = `https?://[^\\s<>"${turning}]{1,2000}`;
const plainPattern = new RegExp(`(${bare})`, "gi");
const richPattern = new RegExp(
  `(${bare})|\\*\\*(?=\\S)(.{1,1000}?)\\*\\*|\\*(?=\\S)([^*]{1,500})\\*|\`([^\`]{1,500})\`|\\[([^\\]]{1,300})\\]\\(([^)\\s]{1,2000})\\)`,
  "gi",
);
const maxDepth = 3;

/** The address as the browser reads it, when it is one of the web and hides no other host behind a name. */
export function webAddress(text: string, base?: string): string | null {
  try {
    const url = new URL(text, base);
    return /^https?:$/.test(url.protocol) && !url.username && !url.password ? url.href : null;
  } catch {
    return null;
  }
}

export function link(address: string, attributes: Record<string, string>, ...children: (Node | string)[]) {
  const to = { href: address, target: "_blank", rel: "noopener noreferrer" };
  return el("a", { ...to, ...attributes }, ...children);
}

/** What a person typed: lines and links. */
export function plain(text: string): Node[] {
  return [el("p", {}, ...lines(text.split("\n"), plainPattern))];
}

/** What the hand wrote. */
export function rich(text: string): Node[] {
  return blocks(text.replace(/\r\n?/g, "\n").split("\n"), 0);
}

const kinds: [name: "quote" | "ul" | "ol" | "title", pattern: RegExp][] = [
  ["quote", /^ {0,3}> ?/],
  ["ul", /^\s{0,8}[-*\u2022]\s+(?=\S)/],
  ["ol", /^\s{0,8}(\d{1,9})[.)]\s+(?=\S)/],
  ["title", /^#{1,6}\s+(?=\S)/],
];

function kindOf(line: string) {
  return kinds.find(([, pattern]) => pattern.test(line));
}

function blocks(all: string[], depth: number): Node[] {
  const nodes: Node[] = [];
  for (let at = 0; at < all.length; ) {
    const line = all[at]!;
    const from = at;
    if (!line.trim()) {
      at++;
      continue;
    }
    if (/^\s*```/.test(line)) {
      do at++;
      while (at < all.length && !/^\s*```/.test(all[at]!));
      nodes.push(el("pre", { tabindex: 0 }, el("code", {}, all.slice(from + 1, at).join("\n"))));
      at++;
      continue;
    }
    const kind = kindOf(line);
    do at++;
    while (
      at < all.length &&
      all[at]!.trim() &&
      kindOf(all[at]!)?.[0] === kind?.[0] &&
      !/^\s*```/.test(all[at]!)
    );
    const block = all.slice(from, at);
    if (!kind) {
      nodes.push(el("p", {}, ...lines(block, richPattern)));
      continue;
    }
    const [name, pattern] = kind;
    const inner = block.map((item) => item.replace(pattern, ""));
    if (name === "quote") {
      nodes.push(
        el("blockquote", {}, ...(depth < maxDepth ? blocks(inner, depth + 1) : lines(inner, plainPattern))),
      );
    } else if (name === "title") {
      for (const item of inner) nodes.push(el("p", {}, el("strong", {}, ...inline(item, richPattern))));
    } else {
      const items = inner.map((item) => el("li", {}, ...inline(item, richPattern)));
      const first = name === "ol" && pattern.exec(line)?.[1];
      nodes.push(el(name, first && first !== "1" ? { start: first } : {}, ...items));
    }
  }
  return nodes;
}

function lines(all: string[], pattern: RegExp): Node[] {
  return all.flatMap((line, i) => (i ? [el("br"), ...inline(line, pattern)] : inline(line, pattern)));
}

function inline(text: string, pattern: RegExp, depth = 0): Node[] {
  const nodes: Node[] = [];
  let done = 0;
  const push = (part: string) => part && nodes.push(document.createTextNode(part));
  for (const match of text.matchAll(pattern)) {
    let [whole, url, bold, soft, code, label, target] = match;
    let node: Node | null = null;
    if (url) {
      // A sentence's own punctuation, and a bracket that was opened before the address, are not part of it.
      whole = url.replace(/[.,;:!?'"*_\]}\u2026]+$/, "");
      if (!whole.includes("(")) whole = whole.replace(/\)[.,;:!?'"*_]*$/, "");
      const address = webAddress(whole);
      node = address ? link(address, {}, whole) : null;
    } else if (bold && depth < maxDepth) {
      node = el("strong", {}, ...inline(bold, pattern, depth + 1));
    } else if (soft && depth < maxDepth) {
      node = el("em", {}, ...inline(soft, pattern, depth + 1));
    } else if (code) {
      node = el("code", {}, code);
    } else if (label && target) {
      const address = webAddress(target);
      node = address ? link(address, {}, label) : null;
    }
    if (!node) continue;
    push(text.slice(done, match.index));
    nodes.push(node);
    done = match.index + whole.length;
  }
  push(text.slice(done));
  return nodes;
}
