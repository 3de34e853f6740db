import { describe, expect, it } from "vitest";
import { el } from "../src/dom";
import { plain, rich, webAddress } from "../src/markdown";

const html = (nodes: Node[]) => el("div", {}, ...nodes).innerHTML;
const anchors = (nodes: Node[]) =>
  [...el("div", {}, ...nodes).querySelectorAll("a")].map((a) => [a.getAttribute("href"), a.textContent]);

describe("what a person typed", () => {
  it("stays the text that it is", () => {
    expect(html(plain("<b>x</b> **y** <script>alert(1)</script>"))).toBe(
      "<p>&lt;b&gt;x&lt;/b&gt; **y** &lt;script&gt;alert(1)&lt;/script&gt;</p>",
    );
  });

  it("keeps its lines", () => {
    expect(html(plain("a\n\nb"))).toBe("<p>a<br><br>b</p>");
  });

  it("has its addresses as links that open elsewhere and tell nothing", () => {
    const [a] = el("div", {}, ...plain("see https://example.com/x.")).querySelectorAll("a");
    expect([a?.href, a?.target, a?.rel]).toEqual(["https://example.com/x", "_blank", "noopener noreferrer"]);
  });

  it.each([
    ["(https://example.com/a)", "https://example.com/a"],
    ["https://en.example/Foo_(bar)", "https://en.example/Foo_(bar)"],
    ["https://example.com/?a=1&b=2!", "https://example.com/?a=1&b=2"],
    ["HTTPS://EXAMPLE.COM/Z", "HTTPS://EXAMPLE.COM/Z"],
  ])("finds the end of the address in %s", (text, shown) => {
    expect(anchors(plain(text)).map(([, label]) => label)).toEqual([shown]);
  });

  it.each([
    "javascript:alert(1)",
    "data:text/html,x",
    "https://user:pw@evil.example/",
    "ftp://a.b",
    "https://",
    "//a.b",
  ])("has no link for %s", (text) => expect(anchors(plain(text))).toEqual([]));

  it("ends an address where the direction of writing is turned", () => {
    expect(anchors(plain("https://good.example/\u202egnp.exe"))).toEqual([
      ["https://good.example/", "https://good.example/"],
    ]);
  });
});

describe("what the hand wrote", () => {
  it.each([
    ["**bold** and *soft*", "<p><strong>bold</strong> and <em>soft</em></p>"],
    ["2 * 3 * 4 and 5**6", "<p>2 * 3 * 4 and 5**6</p>"],
    ["one\ntwo\n\nthree", "<p>one<br>two</p><p>three</p>"],
    ["- a\n- b **c**", "<ul><li>a</li><li>b <strong>c</strong></li></ul>"],
    ["3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'],
    ["1) a\n2) b", "<ol><li>a</li><li>b</li></ol>"],
    ["text\n- item\nafter", "<p>text</p><ul><li>item</li></ul><p>after</p>"],
    ["> a\n> b\n>\n> - c", "<blockquote><p>a<br>b</p><ul><li>c</li></ul></blockquote>"],
    ["## Title\ntext", "<p><strong>Title</strong></p><p>text</p>"],
    ["use `a < b`", "<p>use <code>a &lt; b</code></p>"],
    ["```sh\nmake **run**\n```\nend", '<pre tabindex="0"><code>make **run**</code></pre><p>end</p>'],
    ["```\nunclosed", '<pre tabindex="0"><code>unclosed</code></pre>'],
    ["\r\na\r\nb\r\n", "<p>a<br>b</p>"],
    ["", ""],
    ["<img src=x onerror=alert(1)>", "<p>&lt;img src=x onerror=alert(1)&gt;</p>"],
    ["-", "<p>-</p>"],
  ])("shows %j", (text, shown) => expect(html(rich(text))).toBe(shown));

  it("links the web, and leaves every other address the text that it is", () => {
    expect(anchors(rich("[Refunds](https://a.example/r) [x](javascript:alert(1)) [y](/local)"))).toEqual([
      ["https://a.example/r", "Refunds"],
    ]);
    expect(html(rich("[x](javascript:alert(1))"))).toBe("<p>[x](javascript:alert(1))</p>");
  });

  it("loses no character that is not a mark, and ends on hostile input in time", () => {
    const pieces = [
      "**",
      "*",
      "`",
      "[",
      "](",
      ")",
      "> ",
      "- ",
      "1. ",
      "# ",
      "```",
      "\n",
      "https://",
      "a ",
      "\u202e",
      "é",
    ];
    let seed = 7;
    const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff) % below;
    for (let round = 0; round < 500; round++) {
      const text = Array.from({ length: 60 }, () => pieces[(random(1 << 20) >> 4) % pieces.length]).join("");
      const letters = (all: string) => [...all].filter((char) => char === "a" || char === "é").length;
      // A fence's opening line is its language, which is not shown.
      const shown = text.includes("```")
        ? letters(text)
        : letters(el("div", {}, ...rich(text)).textContent ?? "");
      expect(shown, `seed 7, round ${round}: ${JSON.stringify(text)}`).toBe(letters(text));
      rich(text);
    }
    const began = performance.now();
    for (const piece of ["**", "[", "*a", "`", "> ", "[](", "https://"])
      rich(piece.repeat(8000 / piece.length));
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

describe("a web address", () => {
  it("is http or https, relative to the desk, and has no name before its host", () => {
    expect(webAddress("/help/K/refunds", "https://desk.example/")).toBe(
      "https://desk.example/help/K/refunds",
    );
    expect(webAddress("javascript:alert(1)", "https://desk.example/")).toBeNull();
    expect(webAddress(" java\nscript:alert(1)", "https://desk.example/")).toBeNull();
    expect(webAddress("https://bank.example@evil.example/", "https://desk.example/")).toBeNull();
  });
});
