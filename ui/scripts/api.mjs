// Makes the typed client's types from the committed description of the API, and a list of what it offers: the
// interface asks that list, so that what the server cannot say yet is never asked for. Neither file is committed: both
// follow from docs/openapi.json at every build and check, so they cannot differ from it.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import openapiTS, { astToString } from "openapi-typescript";

const source = join(import.meta.dirname, "../../docs/openapi.json");
const folder = join(import.meta.dirname, "../src/features/api");
const document = JSON.parse(readFileSync(source, "utf8"));
const HEAD = "// Made by scripts/api.mjs from docs/openapi.json; changes here are lost.\n";

const types = astToString(await openapiTS(document, { defaultNonNullable: false }));
writeFileSync(join(folder, "schema.gen.ts"), HEAD + types);

const offers = {};
for (const methods of Object.values(document.paths)) {
  for (const operation of Object.values(methods)) {
    const asked = (operation.parameters ?? []).filter((one) => one.in === "query");
    offers[operation.operationId] = asked.map((one) => one.name).sort();
  }
}
const list = JSON.stringify(offers, Object.keys(offers).sort(), 2);
writeFileSync(
  join(folder, "offers.gen.ts"),
  `${HEAD}export const OFFERS: Readonly<Record<string, readonly string[]>> = ${list};\n`,
);
