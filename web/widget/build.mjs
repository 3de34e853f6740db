// Builds dist/widget.js and refuses to, when it is too large or holds what a strict page policy forbids.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { build, context, transform } from "esbuild";
import { minify } from "terser";

const limitBytes = 15_000;
const target = ["chrome123", "firefox120", "safari17.5"];

/** `import text from "./x.css?inline"` gives the minified style sheet as a string (Vite's own spelling). */
const inlineCss = {
  name: "inline-css",
  setup(build) {
    build.onResolve({ filter: /\.css\?inline$/ }, ({ path, resolveDir }) => ({
      path: new URL(path.replace("?inline", ""), `file://${resolveDir}/`).pathname,
      namespace: "inline-css",
    }));
    build.onLoad({ filter: /.*/, namespace: "inline-css" }, async ({ path }) => {
      const css = await readFile(path, "utf8");
      const { code } = await transform(css, { loader: "css", minify: true, target });
      return { contents: code.trim(), loader: "text", watchFiles: [path] };
    });
  },
};

const options = {
  entryPoints: ["src/main.ts"],
  outfile: "dist/widget.js",
  bundle: true,
  format: "iife",
  minify: true,
  // The page may be in any encoding, and the script is read in the page's.
  charset: "ascii",
  legalComments: "none",
  target,
  plugins: [inlineCss],
  logLevel: "warning",
};

if (process.argv.includes("--watch")) {
  await (await context(options)).watch();
} else {
  const { outputFiles } = await build({ ...options, write: false });
  // A second pass: its choice of names alone is worth 200 bytes gzipped, the rest another 200.
  const { code } = await minify(outputFiles[0].text, {
    compress: { passes: 3, ecma: 2020 },
    format: { ascii_only: true },
  });
  const zipped = gzipSync(code, { level: 9 }).length;
  const forbidden = code.match(
    /\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function)/,
  );
  if (forbidden) throw new Error(`widget.js must not contain ${forbidden[0]}`);
  if (/[^\0-\x7f]/.test(code)) throw new Error("widget.js must be plain ASCII");
  if (zipped > limitBytes) {
    throw new Error(`widget.js is ${zipped} bytes gzipped; the limit is ${limitBytes}`);
  }
  await mkdir("dist", { recursive: true });
  await writeFile(options.outfile, code);
  console.log(`${options.outfile}: ${code.length} bytes, ${zipped} gzipped (limit ${limitBytes})`);
}
