// A customer's own web site on another origin, whose page carries the widget's one line.

import { createServer } from "node:http";

const escaped = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

const page = (line) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <link rel="icon" href="data:,">
    <title>Northwind Bicycles</title>
    <style>
      body { font: 16px/1.6 Georgia, serif; margin: 0; color: #223; background: #f6f4ee; }
      main { max-width: 40rem; margin: 4rem auto; padding: 0 1rem; }
    </style>
  </head>
  <body>
    <main>
      <h1>Northwind Bicycles</h1>
      <p>Made to order since 1974. Ask us anything, in the corner below.</p>
    </main>
    ${line}
  </body>
</html>`;

export class Site {
  line = "";

  async start() {
    this.server = createServer((request, response) => {
      const query = new URL(request.url, "http://site").searchParams;
      const who = ["name", "email"]
        .filter((key) => query.has(key))
        .map((key) => ` data-${key}="${escaped(query.get(key))}"`)
        .join("");
      response.setHeader("Content-Type", "text/html; charset=utf-8");
      response.end(page(this.line.replace(" async", `${who} async`)));
    });
    await new Promise((done) => this.server.listen(0, "127.0.0.1", done));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
  }

  async stop() {
    this.server?.closeAllConnections();
    await new Promise((done) => (this.server ? this.server.close(done) : done()));
  }
}
