// Reads every Mermaid diagram of the files named (Markdown, or the diagram alone) with Mermaid's own parser.
// Run where the npm packages `mermaid` and `jsdom` are installed; prints what it refuses, and how many diagrams it read.
import { readFileSync } from 'node:fs';
import { JSDOM } from 'jsdom';

// Mermaid cleans labels with DOMPurify, which looks for a window when it is loaded.
const { window } = new JSDOM('');
globalThis.window = window;
globalThis.document = window.document;
const { default: mermaid } = await import('mermaid');

const fence = /^(`{3,})mermaid\n([\s\S]*?)^\1$/gm;
let read = 0;
let refused = 0;
for (const file of process.argv.slice(2)) {
  const text = readFileSync(file, 'utf8');
  const diagrams = file.endsWith('.md') ? [...text.matchAll(fence)].map((match) => match[2]) : [text];
  for (const diagram of diagrams) {
    try {
      const { diagramType } = await mermaid.parse(diagram);
      if (diagramType !== 'sequence') {
        throw new Error(`it is taken for a diagram of type ${diagramType}`);
      }
      read += 1;
    } catch (error) {
      refused += 1;
      console.error(`${file}: ${error.message}\n${diagram}`);
    }
  }
}
console.log(`${read} diagrams read, ${refused} refused`);
process.exitCode = refused > 0 || read === 0 ? 1 : 0;
